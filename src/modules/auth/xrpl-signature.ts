import {
  decode,
  deriveAddress,
  encode,
  encodeForSigning,
  type Transaction,
  verifyKeypairSignature,
} from "xrpl";

/** What wallets of the XRP Ledger return: a bare signature with its key, or a signed blob (Xaman). */
export type XrplProof = { signature: string; publicKey: string } | { blob: string };

/** Why a proof proves nothing; stable, in the refusal's details. */
export type XrplFault =
  | "wrong_signature"
  | "blob_malformed"
  | "blob_is_transaction"
  | "blob_multi_signed"
  | "blob_of_another_account"
  | "blob_without_message";

export type XrplSigner = { signer: string } | { fault: XrplFault };

/** As the ledger takes them: ed25519, or secp256k1 compressed. */
const PUBLIC_KEY = /^(ED|02|03)[0-9A-F]{64}$/;

/**
 * The address of the key that signed a message, or why none did. Whether that key may speak for the account is the
 * ledger's to say.
 *
 * A bare signature is over the message's UTF-8 bytes. A blob is what Xaman makes of a `SignIn`: serialized like a
 * transaction but without TransactionType, so no ledger ever takes it, with the message in its only memo. A blob with a
 * TransactionType is never taken, whatever its memo says: it may be a payment that somebody was asked to sign elsewhere.
 */
export function xrplSignerOf(claim: { account: string; message: string; proof: XrplProof }): XrplSigner {
  const { account, message, proof } = claim;
  const messageHex = Buffer.from(message, "utf8").toString("hex").toUpperCase();
  if (!("blob" in proof)) return signerOf(messageHex, proof.signature, proof.publicKey);

  const signIn = readBlob(proof.blob.toUpperCase());
  if (signIn === null) return { fault: "blob_malformed" };
  if (Object.hasOwn(signIn, "TransactionType")) return { fault: "blob_is_transaction" };
  if (Object.hasOwn(signIn, "Signers") || signIn.SigningPubKey === "") return { fault: "blob_multi_signed" };
  if (signIn.Account !== account) return { fault: "blob_of_another_account" };
  const [memo, ...others] = signIn.Memos ?? [];
  if (others.length > 0 || memo?.Memo?.MemoData !== messageHex) return { fault: "blob_without_message" };
  const signed = encodeForSigning(signIn as unknown as Transaction);
  return signerOf(signed, signIn.TxnSignature ?? "", signIn.SigningPubKey ?? "");
}

type SignInBlob = {
  Account?: string;
  SigningPubKey?: string;
  TxnSignature?: string;
  Memos?: { Memo?: { MemoData?: string } }[];
};

/** null unless it is the very blob that its contents are written as: no field twice, none out of order, none behind. */
function readBlob(blob: string): SignInBlob | null {
  try {
    const object = decode(blob);
    return encode(object as unknown as Transaction) === blob ? object : null;
  } catch {
    return null;
  }
}

function signerOf(signedHex: string, signature: string, publicKey: string): XrplSigner {
  const key = publicKey.toUpperCase();
  try {
    // The verifier throws on malformed signatures and on keys that are no point of their curve.
    if (PUBLIC_KEY.test(key) && verifyKeypairSignature(signedHex, signature, key)) {
      return { signer: deriveAddress(key) };
    }
  } catch {
    // Falls through: no valid signature.
  }
  return { fault: "wrong_signature" };
}
