import { NO_ACCOUNT } from "../transactions/amounts.ts";
import { transactorFor } from "../transactions/index.ts";
import { consumeTicket } from "../transactions/ticket-create.ts";
import { claimsFee, type EngineResult, isSuccess } from "./engine-results.ts";
import type { Amount } from "./entries.ts";
import { signAuthority } from "./sign-authority.ts";
import { isPublicKey } from "./signatures.ts";
import { sequenceUse, type Transaction } from "./transaction.ts";
import { accountRoot, type LedgerView, Sandbox, ticketOf, updateAccount } from "./view.ts";

const ALL_DROPS = 10n ** 17n;
/** Networks with larger ids require the id in every transaction, so that none is replayed on another. */
const MAX_LEGACY_NETWORK_ID = 1024;

export type ApplyOptions = {
  networkId: number;
  /** A tec may become a success later in the same ledger, so it does not take the fee yet. */
  isRetryAssured?: boolean;
  /** With fail_hard a tec takes no fee at all. */
  isFailHard?: boolean;
};

export type Applied = {
  result: EngineResult;
  /** The changes over the view that was given; null when there are none. */
  changes: Sandbox | null;
  /** Where what arrived is not simply the Amount. */
  delivered?: Amount;
};

/** What a transaction has to pay, signers included. */
export function baseFeeOf(view: LedgerView, tx: Transaction): bigint {
  const own = transactorFor(tx.fields.TransactionType).baseFeeDrops?.(view, tx) ?? view.fees.baseFeeDrops;
  return own + view.fees.baseFeeDrops * BigInt(tx.fields.Signers?.length ?? 0);
}

/**
 * Applies a transaction to a view, which stays as it is: the changes come back with the result. Signatures are checked once,
 * before a transaction first gets here.
 */
export function applyTransaction(view: LedgerView, tx: Transaction, options: ApplyOptions): Applied {
  const malformed = preflight(tx, options.networkId);
  if (!isSuccess(malformed)) return { result: malformed, changes: null };
  let result = preclaim(view, tx);
  const takesFee = (): boolean => claimsFee(result) && options.isRetryAssured !== true;
  if (!isSuccess(result) && !takesFee()) return { result, changes: null };
  const changes = new Sandbox(view);
  let delivered: Amount | undefined;
  if (isSuccess(result)) {
    const priorBalanceDrops = BigInt(accountRoot(view, tx.fields.Account)?.Balance ?? "0");
    takeFeeAndSequence(changes, tx);
    const { AccountTxnID } = accountRoot(changes, tx.fields.Account) ?? {};
    if (AccountTxnID !== undefined) updateAccount(changes, tx.fields.Account, { AccountTxnID: tx.hash });
    result = transactorFor(tx.fields.TransactionType).apply({
      sandbox: changes,
      tx,
      priorBalanceDrops,
      deliver(amount) {
        delivered = amount;
      },
    });
  }
  if (isSuccess(result)) return { result, changes, ...(delivered === undefined ? {} : { delivered }) };
  if (!takesFee() || options.isFailHard === true) return { result, changes: null };
  const claim = new Sandbox(view);
  takeFeeAndSequence(claim, tx);
  return { result, changes: claim };
}

/** What can be said of a transaction without a ledger. */
export function preflight(tx: Transaction, networkId: number): EngineResult {
  const { fields } = tx;
  if (networkId <= MAX_LEGACY_NETWORK_ID) {
    if (fields.NetworkID !== undefined) return "telNETWORK_ID_MAKES_TX_NON_CANONICAL";
  } else {
    if (fields.NetworkID === undefined) return "telREQUIRES_NETWORK_ID";
    if (fields.NetworkID !== networkId) return "telWRONG_NETWORK";
  }
  if (fields.Account === NO_ACCOUNT) return "temBAD_SRC_ACCOUNT";
  if (BigInt(fields.Fee) < 0n || BigInt(fields.Fee) > ALL_DROPS) return "temBAD_FEE";
  if (fields.SigningPubKey !== "" && !isPublicKey(fields.SigningPubKey)) return "temBAD_SIGNATURE";
  if (sequenceUse(fields).kind === "ticket" && fields.AccountTxnID !== undefined) return "temINVALID";
  return transactorFor(fields.TransactionType).preflight(tx);
}

/** What can be said of it against a ledger before it is applied. */
export function preclaim(view: LedgerView, tx: Transaction): EngineResult {
  for (const check of [checkSequence, checkPriorAndLast, checkFee]) {
    const result = check(view, tx);
    if (!isSuccess(result)) return result;
  }
  const authority = signAuthority(view, tx.fields);
  if (!isSuccess(authority)) return authority;
  return transactorFor(tx.fields.TransactionType).preclaim(view, tx);
}

function checkSequence(view: LedgerView, { fields }: Transaction): EngineResult {
  const root = accountRoot(view, fields.Account);
  if (root === undefined) return "terNO_ACCOUNT";
  const use = sequenceUse(fields);
  if (use.kind === "ticket") {
    // The transaction that makes the ticket may still come.
    if (root.Sequence <= use.number) return "terPRE_TICKET";
    return ticketOf(view, fields.Account, use.number) === undefined ? "tefNO_TICKET" : "tesSUCCESS";
  }
  // Another number than the account's own is refused for that, before anything else is looked at.
  if (use.number > root.Sequence) return "terPRE_SEQ";
  if (use.number < root.Sequence) return "tefPAST_SEQ";
  return fields.TicketSequence === undefined ? "tesSUCCESS" : "temSEQ_AND_TICKET";
}

function checkPriorAndLast(view: LedgerView, { fields }: Transaction): EngineResult {
  const prior = accountRoot(view, fields.Account)?.AccountTxnID;
  if (fields.AccountTxnID !== undefined && fields.AccountTxnID !== prior) return "tefWRONG_PRIOR";
  const last = fields.LastLedgerSequence;
  return last !== undefined && view.ledgerIndex > last ? "tefMAX_LEDGER" : "tesSUCCESS";
}

function checkFee(view: LedgerView, tx: Transaction): EngineResult {
  const feeDrops = BigInt(tx.fields.Fee);
  if (view.isOpen && feeDrops < baseFeeOf(view, tx)) return "telINSUF_FEE_P";
  const balanceDrops = BigInt(accountRoot(view, tx.fields.Account)?.Balance ?? "0");
  if (feeDrops === 0n || balanceDrops >= feeDrops) return "tesSUCCESS";
  return balanceDrops > 0n && !view.isOpen ? "tecINSUFF_FEE" : "terINSUF_FEE_B";
}

function takeFeeAndSequence(sandbox: Sandbox, { fields }: Transaction): void {
  const use = sequenceUse(fields);
  if (use.kind === "ticket") consumeTicket(sandbox, fields.Account, use.number);
  else updateAccount(sandbox, fields.Account, { Sequence: use.number + 1 });
  const balanceDrops = BigInt(accountRoot(sandbox, fields.Account)?.Balance ?? "0");
  const feeDrops = BigInt(fields.Fee);
  const left = balanceDrops > feeDrops ? balanceDrops - feeDrops : 0n;
  updateAccount(sandbox, fields.Account, { Balance: String(left) });
}
