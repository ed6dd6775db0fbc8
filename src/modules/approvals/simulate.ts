import { ZeroAddress } from "ethers";
import type { Config } from "../../config.ts";
import type { Queryable } from "../../platform/db/index.ts";
import type { EvmAddress } from "../../platform/evm-address.ts";
import { balancesOf } from "../ledger/index.ts";
import type { Payout } from "../payouts/index.ts";
import type { PayoutSimulation } from "./schemas.ts";
import type { Known, VaultReader } from "./vault.ts";

/** The vault answers with 2^256 − 1 when it pays nothing of an asset; its approvers are at most 32. */
const MOST_APPROVALS = 255n;

/** A fact for clients: null and why, where it is not known. */
export function shown<T, S>(
  answer: Known<T>,
  show: (value: T) => S,
): { value: S | null; note: string | null } {
  return answer.known ? { value: show(answer.value), note: null } : { value: null, note: answer.note };
}

/** The ledger account whose money leaves. */
function payerOf(payout: Payout): string {
  return payout.funding === "balance" && payout.playerId !== null
    ? `player:${payout.playerId}`
    : "house:rewards";
}

/** The ledger account that pays, before and after. */
export async function fundsOf(q: Queryable, payout: Payout): Promise<PayoutSimulation["funds"]> {
  const owner = payerOf(payout);
  const balance = (await balancesOf(q, owner)).find(({ asset }) => asset === payout.asset);
  const available = balance?.available ?? 0n;
  const posted = available + (balance?.held ?? 0n);
  return {
    owner,
    asset: payout.asset,
    before: posted.toString(),
    after: (posted - payout.amount).toString(),
    available: available.toString(),
  };
}

/** What paying `payout` would do, on the ledger and on chain, as both are now. */
export async function simulatePayout(
  q: Queryable,
  chain: VaultReader,
  vaultAddress: NonNullable<Config["flare"]["vaultAddress"]>,
  payout: Payout,
): Promise<PayoutSimulation> {
  const [funds, vaultBalance, paused, consumed, required, isContract] = await Promise.all([
    fundsOf(q, payout),
    payout.assetRef === ZeroAddress
      ? chain.nativeBalance(vaultAddress)
      : chain.tokenBalance(payout.assetRef, vaultAddress),
    chain.isPaused(),
    payout.number === null
      ? ({ known: false, note: "it has no number yet" } as const)
      : chain.isConsumed(payout.number),
    chain.requiredApprovals(payout.assetRef, payout.amount),
    chain.isContract(payout.to),
  ]);

  const isPayable = required.known && required.value <= MOST_APPROVALS;
  const requiredOnChain: Known<bigint> =
    required.known && !isPayable ? { known: false, note: "the vault pays nothing of this asset" } : required;
  return {
    funds,
    vault: {
      address: vaultAddress as EvmAddress,
      balanceBefore: shown(vaultBalance, String),
      balanceAfter: shown(vaultBalance, (value) => String(value - payout.amount)),
      paused: shown(paused, (value) => value),
      numberConsumed: shown(consumed, (value) => value),
    },
    requiredApprovals: {
      ours: payout.approvalsRequired,
      onChain: shown(requiredOnChain, (value) => Number.parseInt(value.toString(), 10)),
      agree: required.known ? required.value === BigInt(payout.approvalsRequired) : null,
    },
    payeeIsContract: shown(isContract, (value) => value),
    // Whether an address takes money shows when it is sent; what it refuses becomes a credit.
    payeeProblem: { value: null, note: null },
  };
}
