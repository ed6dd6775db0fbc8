import { sha256 } from "ethers";
import { encode, encodeForMultisigning, encodeForSigning } from "ripple-binary-codec";
import { sign } from "ripple-keypairs";
import type { XrplKey } from "./xrpl-toy-seed.ts";

type Transaction = Record<string, unknown>;

/** What several sign carries no key of its own. */
const forSeveral = (transaction: Transaction): Transaction => ({ ...transaction, SigningPubKey: "" });

/** What tells a transaction without signatures from every other one, as the server says it too. */
export function digestOf(transaction: Transaction): string {
  return sha256(`0x${encode(forSeveral(transaction))}`);
}

/** The transaction with one signature, of one of the signers of its account. */
export function shareOf(transaction: Transaction, { address, publicKey, privateKey }: XrplKey): string {
  const body = forSeveral(transaction);
  const TxnSignature = sign(encodeForMultisigning(body, address), privateKey);
  const Signer = { Account: address, SigningPubKey: publicKey, TxnSignature };
  return encode({ ...body, Signers: [{ Signer }] });
}

/** The transaction signed by its own account. */
export function signedBy(transaction: Transaction, { publicKey, privateKey }: XrplKey): string {
  const body = { ...transaction, SigningPubKey: publicKey };
  return encode({ ...body, TxnSignature: sign(encodeForSigning(body), privateKey) });
}
