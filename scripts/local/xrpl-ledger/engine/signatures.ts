import { deriveAddress, verifyKeypairSignature } from "xrpl";
import { signedPart } from "./blob-shape.ts";
import { accountIdOf } from "./keylets.ts";
import type { Transaction, TransactionFields } from "./transaction.ts";

const MAX_SIGNERS = 32;
const SINGLE_PREFIX = "53545800";
/** Each signer of several signs their own account id as well. */
const MULTI_PREFIX = "534D5400";

export const isPublicKey = (key: string): boolean => /^(ED|02|03)[0-9A-F]{64}$/i.test(key);

/** null where the key is not one. */
export const keyAddress = (key: string): string | null => (isPublicKey(key) ? deriveAddress(key) : null);

function verifies(message: string, signature: string | undefined, key: string): boolean {
  if (!isPublicKey(key) || signature === undefined) return false;
  try {
    return verifyKeypairSignature(message, signature, key);
  } catch {
    // The library throws on what is not a signature at all.
    return false;
  }
}

/** What the server says about the signatures before it looks at any ledger; null when they are all right. */
export function signatureComplaint({ blob, fields }: Transaction): string | null {
  const signed = signedPart(blob);
  return fields.SigningPubKey === "" ? multiComplaint(fields, signed) : singleComplaint(fields, signed);
}

function singleComplaint(fields: TransactionFields, signed: string): string | null {
  if (fields.Signers !== undefined) return "Cannot both single- and multi-sign.";
  return verifies(SINGLE_PREFIX + signed, fields.TxnSignature, fields.SigningPubKey)
    ? null
    : "Invalid signature.";
}

function multiComplaint(fields: TransactionFields, signed: string): string | null {
  if (fields.Signers === undefined) return "Empty SigningPubKey.";
  if (fields.TxnSignature !== undefined) return "Cannot both single- and multi-sign.";
  if (fields.Signers.length < 1 || fields.Signers.length > MAX_SIGNERS) return "Invalid Signers array size.";
  let last = "";
  for (const { Signer } of fields.Signers) {
    const id = accountIdOf(Signer.Account);
    if (Signer.Account === fields.Account) return "Invalid multisigner.";
    if (id === last) return "Duplicate Signers not allowed.";
    if (id < last) return "Unsorted Signers array.";
    last = id;
    const message = MULTI_PREFIX + signed + id;
    if (!verifies(message, Signer.TxnSignature, Signer.SigningPubKey)) {
      return `Invalid signature on account ${Signer.Account}.`;
    }
  }
  return null;
}
