import type { Queryable } from "../../platform/db/index.ts";
import type { Payout, VaultTypedData } from "../payouts/index.ts";
import type { PayoutSimulation } from "./schemas.ts";
import type { Known } from "./vault.ts";

/** A transaction of the XRP Ledger to be multi-signed: its JSON as it is, and what binds it. */
export type TransactionToSign = {
  /** Without any signature; sign exactly this for multi-signing. */
  transaction: Record<string, unknown>;
  ticket: string;
  lastLedgerSequence: string;
  feeDrops: string;
};

/** What approvers of a payout sign. Its digest is over all of it, so equal digests are equal payloads. */
export type PayloadToSign = {
  digest: string;
  validUntil: Date;
  /** Where they sign a message that the vault checks. */
  typedData: VaultTypedData | null;
  /** Where they sign the transaction itself. */
  multisign: (TransactionToSign & { body: string }) | null;
};

/** What an approver sends: the signature of a message, or a blob signed for multi-signing. */
export type Submission = { signature?: string; blob?: string };

/** How approvers of one rail sign, and how their signatures are checked. */
export type SigningScheme = {
  readonly rail: string;
  /** Who may approve on it, by configuration. */
  readonly approvers: readonly string[];
  /** Throws while there is nothing to sign, saying why. */
  payloadOf(q: Queryable, payout: Payout): Promise<PayloadToSign>;
  /** The signature as it is kept and later combined; throws what is wrong with it. */
  verify(approver: string, payload: PayloadToSign, submission: Submission): Promise<string>;
  /** Whether the chain itself would count this approver's signature. */
  isListed(approver: string): Promise<Known<boolean>>;
  simulate(q: Queryable, payout: Payout): Promise<PayoutSimulation>;
};
