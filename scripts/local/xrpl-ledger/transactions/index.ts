import type { Transactor } from "../engine/transactor.ts";
import { accountDelete } from "./account-delete.ts";
import { accountSet } from "./account-set.ts";
import { depositPreauth } from "./deposit-preauth.ts";
import { payment } from "./payment.ts";
import { setRegularKey } from "./set-regular-key.ts";
import { signerListSet } from "./signer-list-set.ts";
import { ticketCreate } from "./ticket-create.ts";
import { trustSet } from "./trust-set.ts";

const TRANSACTORS: Record<string, Transactor> = {
  AccountDelete: accountDelete,
  AccountSet: accountSet,
  DepositPreauth: depositPreauth,
  Payment: payment,
  SetRegularKey: setRegularKey,
  SignerListSet: signerListSet,
  TicketCreate: ticketCreate,
  TrustSet: trustSet,
};

/** Types that this ledger does not know say so instead of pretending. */
const UNKNOWN: Transactor = {
  preflight: () => "temUNKNOWN",
  preclaim: () => "temUNKNOWN",
  apply: () => "temUNKNOWN",
};

export const transactorFor = (type: string): Transactor =>
  Object.hasOwn(TRANSACTORS, type) ? (TRANSACTORS[type] ?? UNKNOWN) : UNKNOWN;
