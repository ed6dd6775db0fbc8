import { LedgerEntry } from "xrpl";
import { AppError } from "../errors.ts";
import { parseXrplAddress } from "./address.ts";
import type { XrplClient } from "./client.ts";
import {
  type AccountRoot,
  depositNotAuthorized,
  findAccountProblem,
  findLineProblem,
  has,
  needsDepositAuthorization,
  operator,
  type PayeeProblem,
  payee,
  type TrustLine,
  type XrplPayment,
} from "./destination-rules.ts";
import { XrplRpcError } from "./errors.ts";

export type { PayeeProblem, XrplPayment } from "./destination-rules.ts";

/** Pages of at most 400 trust lines: whoever has more must give another account. */
const MAX_PAGES = 25;
const LINES_A_PAGE = 400;

/**
 * Why a payment would not arrive, as one ledger shows it; null when it can be paid. What holds in this ledger need not
 * hold in the one that the payment meets: the payee can still change its mind.
 */
export async function findPayeeProblem(
  client: XrplClient,
  payment: XrplPayment,
  ledgerIndex: bigint | "validated",
): Promise<PayeeProblem | null> {
  const { from, to, asset } = payment;
  if (to.address === from)
    return payee(
      "destination_is_sender",
      `${to.address} is the account that payments come from; give another`,
    );
  const unfit = findAddressError(to.address);
  if (unfit !== null) return payee(unfit.code, unfit.message);
  const { index, reserveBaseDrops } = await client.validated();
  // Every read is of one ledger, also where a newer one arrives between them.
  const ledger = { ledger_index: Number(ledgerIndex === "validated" ? index : ledgerIndex) };

  const account = await accountAt(client, to.address, ledger);
  const problem = findAccountProblem(payment, account, reserveBaseDrops);
  if (problem !== null || account === null) return problem;
  if (await isBlackHoled(client, account, ledger))
    return payee(
      "destination_is_black_hole",
      `nobody holds a key to ${to.address}: what is sent there is lost; give another account`,
    );
  if (needsDepositAuthorization(payment, account, reserveBaseDrops)) {
    const refused = await findDepositProblem(client, payment, ledger);
    if (refused !== null) return refused;
  }
  if (asset.kind === "xrp") return null;

  const [issuer, own, theirs] = await Promise.all([
    accountAt(client, asset.issuer, ledger),
    from === asset.issuer ? null : lineOf(client, from, asset, ledger),
    to.address === asset.issuer ? null : lineOf(client, to.address, asset, ledger),
  ]);
  if (theirs === "too_many")
    return payee(
      "too_many_trust_lines",
      `${to.address} has more than ${MAX_PAGES * LINES_A_PAGE} trust lines; give an account with fewer`,
    );
  if (own === "too_many") return operator("too_many_trust_lines", `${from} has too many trust lines`);
  return findLineProblem(payment, { issuer, own, theirs });
}

function findAddressError(address: string): AppError | null {
  try {
    parseXrplAddress(address, "the destination");
    return null;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

type AtLedger = { ledger_index: number };

async function accountAt(client: XrplClient, account: string, ledger: AtLedger): Promise<AccountRoot | null> {
  try {
    const answer = await client.request<{ account_data: AccountRoot }>({
      command: "account_info",
      account,
      ...ledger,
    });
    return answer.account_data;
  } catch (error) {
    if (error instanceof XrplRpcError && error.code === "actNotFound") return null;
    throw error;
  }
}

/** An account without a key: its master key is off and its regular key is nobody's, as issuers seal theirs. */
async function isBlackHoled(client: XrplClient, account: AccountRoot, ledger: AtLedger): Promise<boolean> {
  const { RegularKey } = account;
  if (!has(account, LedgerEntry.AccountRootFlags.lsfDisableMaster) || RegularKey === undefined) return false;
  if (findAddressError(RegularKey)?.code !== "black_hole_address") return false;
  const { account_objects } = await client.request<{ account_objects: unknown[] }>({
    command: "account_objects",
    account: account.Account,
    type: "signer_list",
    ...ledger,
  });
  return account_objects.length === 0;
}

async function findDepositProblem(
  client: XrplClient,
  payment: XrplPayment,
  ledger: AtLedger,
): Promise<PayeeProblem | null> {
  const { from, to } = payment;
  try {
    const answer = await client.request<{ deposit_authorized: boolean }>({
      command: "deposit_authorized",
      source_account: from,
      destination_account: to.address,
      ...ledger,
    });
    return answer.deposit_authorized ? null : depositNotAuthorized(payment);
  } catch (error) {
    if (error instanceof XrplRpcError && error.code === "srcActNotFound")
      return operator("treasury_not_found", `the account ${from} that payments come from does not exist`);
    throw error;
  }
}

async function lineOf(
  client: XrplClient,
  account: string,
  { currency, issuer }: { currency: string; issuer: string },
  ledger: AtLedger,
): Promise<TrustLine | null | "too_many"> {
  let marker: unknown;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    let answer: { lines: TrustLine[]; marker?: unknown };
    try {
      answer = await client.request({
        command: "account_lines",
        account,
        peer: issuer,
        limit: LINES_A_PAGE,
        ...(marker === undefined ? {} : { marker }),
        ...ledger,
      });
    } catch (error) {
      if (error instanceof XrplRpcError && error.code === "actNotFound") return null;
      throw error;
    }
    const line = answer.lines.find((found) => found.account === issuer && found.currency === currency);
    if (line !== undefined) return line;
    if (answer.marker === undefined) return null;
    marker = answer.marker;
  }
  return "too_many";
}
