import { InvariantError, unreachable } from "../../platform/errors.ts";
import { derivedId } from "../../platform/ids.ts";
import type { AccountKey, Transfer } from "../ledger/index.ts";
import type { Payout } from "./payout.ts";
import type { HoldEffect } from "./state.ts";

/** The ledger accounts that payouts touch; what each means is said in the ledger's seeds. */
export const HOUSE = {
  exchange: "house:exchange",
  rewards: "house:rewards",
  external: "house:external",
  credited: "house:credited",
} as const;

export function playerOwner(playerId: string): string {
  return `player:${playerId}`;
}

/** One movement of a payout. An exchange has two: what is spent, then what is paid. */
type Leg = { debit: AccountKey; credit: AccountKey; amount: bigint };

type Paid = Pick<
  Payout,
  "id" | "playerId" | "source" | "funding" | "asset" | "amount" | "spentAsset" | "spentAmount"
>;

/** Finds the id of an account that the caller looked up before; see `accountsFor…`. */
export type AccountIds = (key: AccountKey) => bigint;

function ownerOf(payout: Paid): string {
  if (payout.playerId === null)
    throw new InvariantError(`payout ${payout.id} has no player to take from or give to`);
  return playerOwner(payout.playerId);
}

/** The last leg is what leaves; the ones before are what is given for it. */
function legsOf(payout: Paid): Leg[] {
  const spent = { asset: payout.spentAsset, amount: payout.spentAmount };
  const paid = { asset: payout.asset, amount: payout.amount };
  // On the ledger the payee is the player; on a rail it is the world outside.
  const payee = payout.source === "server" ? ownerOf(payout) : HOUSE.external;
  const leg = (debit: string, credit: string, what: { asset: string; amount: bigint }): Leg => ({
    debit: { owner: debit, asset: what.asset },
    credit: { owner: credit, asset: what.asset },
    amount: what.amount,
  });
  switch (payout.funding) {
    case "exchange": {
      const exchange = leg(ownerOf(payout), HOUSE.exchange, spent);
      return payout.source === "demo" ? [exchange] : [exchange, leg(HOUSE.rewards, payee, paid)];
    }
    case "balance":
      return [leg(ownerOf(payout), payee, paid)];
    case "rewards":
      return payout.source === "demo" ? [] : [leg(HOUSE.rewards, payee, paid)];
    default:
      return unreachable(payout.funding);
  }
}

/** Links a payout's transfers into one group: all of them or none. */
function linked(transfers: Transfer[]): Transfer[] {
  return transfers.map((transfer, i) =>
    i < transfers.length - 1 ? { ...transfer, linked: true } : transfer,
  );
}

const id = (purpose: string, payout: Paid, leg: number) =>
  derivedId(`payout-${purpose}`, payout.id, leg.toString());

/** What a request does to the ledger: holds what will leave for a chain, posts at once what never does. */
export function requestTransfers(payout: Paid, accounts: AccountIds): Transfer[] {
  return linked(
    legsOf(payout).map((leg, i): Transfer => {
      const movement = { debit: accounts(leg.debit), credit: accounts(leg.credit), amount: leg.amount };
      return payout.source === "onchain"
        ? {
            kind: "pending",
            id: id("hold", payout, i),
            ...movement,
            cause: "payout_held",
            ref: `payout:${payout.id}`,
          }
        : {
            kind: "posted",
            id: id("post", payout, i),
            ...movement,
            cause: `payout_${payout.source}`,
            ref: `payout:${payout.id}`,
          };
    }),
  );
}

/** Whose transfer failed tells whether the player or the treasury is short: legs are in this order. */
export function debitOwners(payout: Paid): string[] {
  return legsOf(payout).map((leg) => leg.debit.owner);
}

export function accountsForRequest(payout: Paid): AccountKey[] {
  return legsOf(payout).flatMap((leg) => [leg.debit, leg.credit]);
}

/** Accounts that `resolveTransfers` names; posting and voiding a hold need none. */
export function accountsForResolve(payout: Paid, effect: HoldEffect): AccountKey[] {
  switch (effect) {
    case "credit":
      return [leaving(payout).leg.debit, { owner: HOUSE.credited, asset: payout.asset }];
    case "pull":
      return [
        { owner: HOUSE.credited, asset: payout.asset },
        { owner: HOUSE.external, asset: payout.asset },
      ];
    case "keep":
    case "post":
    case "void":
      return [];
    default:
      return unreachable(effect);
  }
}

function leaving(payout: Paid): { leg: Leg; index: number } {
  const legs = legsOf(payout);
  const leg = legs.at(-1);
  if (leg === undefined) throw new InvariantError(`payout ${payout.id} moves nothing`);
  return { leg, index: legs.length - 1 };
}

/** What a step does to the holds of an on-chain payout, as one group. Ids are derived, so a repeated step is the same step. */
export function resolveTransfers(payout: Paid, effect: HoldEffect, accounts: AccountIds): Transfer[] {
  const resolve = (kind: "post_pending" | "void_pending", leg: number): Transfer => ({
    kind,
    id: id(kind === "post_pending" ? "post" : "void", payout, leg),
    pendingId: id("hold", payout, leg),
    cause: kind === "post_pending" ? "payout_paid" : "payout_returned",
    ref: `payout:${payout.id}`,
  });
  const credited: AccountKey = { owner: HOUSE.credited, asset: payout.asset };
  switch (effect) {
    case "keep":
      return [];
    case "post":
      return linked(legsOf(payout).map((_leg, i) => resolve("post_pending", i)));
    case "void":
      return linked(legsOf(payout).map((_leg, i) => resolve("void_pending", i)));
    case "credit": {
      const last = leaving(payout);
      return linked([
        ...legsOf(payout)
          .slice(0, -1)
          .map((_leg, i) => resolve("post_pending", i)),
        resolve("void_pending", last.index),
        {
          kind: "posted",
          id: id("credit", payout, last.index),
          debit: accounts(last.leg.debit),
          credit: accounts(credited),
          amount: payout.amount,
          cause: "payout_credited",
          ref: `payout:${payout.id}`,
        },
      ]);
    }
    case "pull":
      return [
        {
          kind: "posted",
          id: id("pull", payout, leaving(payout).index),
          debit: accounts(credited),
          credit: accounts({ owner: HOUSE.external, asset: payout.asset }),
          amount: payout.amount,
          cause: "payout_credit_pulled",
          ref: `payout:${payout.id}`,
        },
      ];
    default:
      return unreachable(effect);
  }
}
