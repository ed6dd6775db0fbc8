import type { Database } from "../../platform/db/index.ts";
import { AppError } from "../../platform/errors.ts";
import { assets, balancesOf } from "../ledger/index.ts";
import type { Rail } from "./rails/rail.ts";
import { totalsUnderWay } from "./store.ts";

/** One asset of a rail, on the ledger and on chain; minor units as decimal strings, null where the chain is not read. */
export type AssetTreasury = {
  asset: string;
  ledger: {
    /** What the ledger says lies in the vault. */
    vault: string;
    rewardsAvailable: string;
    rewardsHeld: string;
    credited: string;
    /** In batches that are not at their end. */
    underWay: string;
  };
  chain: {
    vault: string;
    owed: string;
    /** What the operator may pay now without approvals, and at most. */
    bucketAvailable: string;
    bucketCapacity: string;
  } | null;
};

export type Treasury = {
  rail: string;
  chainId: number | null;
  vault: string | null;
  operator: { address: string; balance: string | null } | null;
  assets: AssetTreasury[];
};

/** What there is to pay with. An unreachable chain leaves its side empty instead of failing. */
export async function treasuryOf(db: Database, rail: Rail | null, railName: string): Promise<Treasury> {
  const [external, rewards, credited] = await Promise.all(
    ["house:external", "house:rewards", "house:credited"].map(async (owner) => {
      const balances = await balancesOf(db.pool, owner);
      return (asset: string) =>
        balances.find((balance) => balance.asset === asset) ?? { asset, available: 0n, held: 0n };
    }),
  );
  const head = rail === null ? null : await orNull(rail.look());
  const paid = (await assets(db.pool)).filter((asset) => asset.rail === railName);
  return {
    rail: railName,
    chainId: rail?.chainId ?? null,
    vault: rail?.vault ?? null,
    operator:
      rail === null
        ? null
        : { address: rail.operator, balance: (await orNull(rail.operatorBalance()))?.toString() ?? null },
    assets: await Promise.all(
      paid.map(async ({ code, chainRef }): Promise<AssetTreasury> => {
        const underWay = await totalsUnderWay(db.pool, railName, code);
        const outside = external?.(code);
        const free = rewards?.(code);
        return {
          asset: code,
          ledger: {
            vault: (-(outside?.available ?? 0n) - (outside?.held ?? 0n)).toString(),
            rewardsAvailable: (free?.available ?? 0n).toString(),
            rewardsHeld: (free?.held ?? 0n).toString(),
            credited: (credited?.(code).available ?? 0n).toString(),
            underWay: (underWay.push + underWay.signed).toString(),
          },
          chain:
            rail === null || head === null || chainRef === null
              ? null
              : await orNull(onChain(rail, chainRef, head.head)),
        };
      }),
    ),
  };
}

async function onChain(
  rail: Rail,
  assetRef: string,
  head: bigint,
): Promise<NonNullable<AssetTreasury["chain"]>> {
  const [holdings, capacity] = await Promise.all([rail.holdings(assetRef, head), rail.capacity(assetRef)]);
  return {
    vault: holdings.balance.toString(),
    owed: holdings.owed.toString(),
    bucketAvailable: capacity.available.toString(),
    bucketCapacity: capacity.bucketCapacity.toString(),
  };
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AppError && error.kind === "unavailable") return null;
    throw error;
  }
}
