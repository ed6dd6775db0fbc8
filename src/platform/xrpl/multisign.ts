import { createHash } from "node:crypto";
import {
  decode,
  deriveAddress,
  encode,
  encodeForMultiSigning,
  multisign,
  type Transaction,
  verifyKeypairSignature,
} from "xrpl";

/** One entry of `Signers`, in the names of the XRP Ledger. */
export type SignerShare = { Account: string; SigningPubKey: string; TxnSignature: string };

/** Why a share is not taken; the code is stable. */
export type ShareFault = {
  code: "malformed_share" | "wrong_payload" | "wrong_signer" | "wrong_key";
  message: string;
};

/** What tells one payload from every other: a digest of the transaction without signatures, as the ledger encodes it. */
export function payloadDigest(body: string): string {
  return `0x${createHash("sha256")
    .update(Buffer.from(encode(parseBody(body)), "hex"))
    .digest("hex")}`;
}

/** A payload's JSON as xrpl takes it. `SigningPubKey` is empty, as in everything that is signed by several. */
export function parseBody(body: string): Transaction {
  return { ...(JSON.parse(body) as Transaction), SigningPubKey: "" };
}

/**
 * Reads what an approver's wallet made of a payload (`sign(transaction, true)`, a signed blob with one signer) and
 * checks the signature itself. Whether that key may sign for the account is the ledger's to say.
 */
export function readShare(
  body: string,
  blob: string,
  signer: string,
): { ok: true; share: SignerShare } | { ok: false; fault: ShareFault } {
  const decoded = decodeBlob(blob);
  if (decoded === null)
    return fault("malformed_share", "blob is not an encoded transaction of the XRP Ledger");
  const { Signers: signers, ...rest } = decoded;
  const entries = Array.isArray(signers) ? (signers as unknown[]) : [];
  if (entries.length !== 1) {
    return fault(
      "malformed_share",
      `blob must carry exactly your own signature in Signers (sign it for multi-signing), it carries ${entries.length}`,
    );
  }
  const share = shareIn(entries[0]);
  if (share === null) {
    return fault(
      "malformed_share",
      "the entry in Signers must be a Signer with Account, SigningPubKey and TxnSignature, and nothing else",
    );
  }
  if (encode(rest as unknown as Transaction) !== encode(parseBody(body))) {
    return fault("wrong_payload", "blob is not the transaction that was offered for signing, unchanged");
  }
  if (share.Account !== signer) {
    return fault("wrong_signer", `blob is signed for ${share.Account}, this session is ${signer}`);
  }
  if (!isSignedBy(body, share)) {
    return fault("wrong_key", "the signature in blob does not hold over this transaction");
  }
  return { ok: true, share };
}

/** The codec takes any object as an entry of `Signers`, whatever it is called and whatever it has. */
function shareIn(entry: unknown): SignerShare | null {
  const { Signer: signer, ...others } = entry as { Signer?: Partial<SignerShare> };
  if (signer === undefined || Object.keys(others).length > 0) return null;
  const { Account, SigningPubKey, TxnSignature, ...more } = signer;
  if (Account === undefined || SigningPubKey === undefined || TxnSignature === undefined) return null;
  return Object.keys(more).length > 0 ? null : { Account, SigningPubKey, TxnSignature };
}

/** Whether the share's own key made its signature over this payload for this account. */
function isSignedBy(body: string, share: SignerShare): boolean {
  try {
    const message = encodeForMultiSigning(parseBody(body), share.Account);
    return verifyKeypairSignature(message, share.TxnSignature, share.SigningPubKey);
  } catch {
    // xrpl's verify throws on what is no key or no signature at all.
    return false;
  }
}

/** The account whose master key this is. */
export function accountOfKey(publicKey: string): string {
  return deriveAddress(publicKey);
}

/** One signed transaction of shares that were each verified, of different signers. */
export function combineShares(blobs: readonly string[]): string {
  return multisign(blobs.map((blob) => blob.toUpperCase()));
}

function decodeBlob(blob: string): Record<string, unknown> | null {
  if (!/^([0-9a-fA-F]{2})+$/.test(blob)) return null;
  try {
    const decoded = decode(blob.toUpperCase());
    // The codec forgives some things; what does not come back as it went in is no share of ours.
    return encode(decoded as unknown as Transaction) === blob.toUpperCase() ? decoded : null;
  } catch {
    return null;
  }
}

function fault(code: ShareFault["code"], message: string): { ok: false; fault: ShareFault } {
  return { ok: false, fault: { code, message } };
}
