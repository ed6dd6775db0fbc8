import type { Database } from "../../platform/db/index.ts";
import { balancesOf } from "../ledger/index.ts";
import { railPause } from "../payouts/index.ts";
import type { Settlement } from "../settlement/index.ts";
import { pauseView } from "./rail-routes.ts";
import { payoutsUnderWay } from "./treasury-store.ts";

/** The house accounts, as the ledger seeds them; what each means is said there. */
const HOUSE = [
  "house:issuance",
  "house:demo_issuance",
  "house:exchange",
  "house:external",
  "house:rewards",
  "house:credited",
  "house:fees",
] as const;

/** What settlement says of each rail. */
export type TreasurySource = {
  readonly rails: readonly Pick<Settlement["rails"][number], "rail" | "treasury" | "status">[];
};

export type TreasuryView = Awaited<ReturnType<typeof readTreasury>>;

/** Where the money is: on every rail's chain, on the ledger's house accounts and in payouts under way. */
export async function readTreasury(db: Database, settlement: TreasurySource | null) {
  const [house, underWay, rails] = await Promise.all([
    houseAccounts(db),
    payoutsUnderWay(db.pool),
    Promise.all((settlement?.rails ?? []).map((source) => readRail(db, source))),
  ]);
  return {
    house,
    payouts: underWay.map((row) => ({ ...row, amount: row.amount.toString() })),
    rails,
  };
}

async function readRail(db: Database, source: TreasurySource["rails"][number]) {
  const [pause, chain, settlement] = await Promise.all([
    railPause(db.pool, source.rail),
    source.treasury(),
    source.status(),
  ]);
  return { rail: source.rail, pause: pause === null ? null : pauseView(pause), chain, settlement };
}

async function houseAccounts(db: Database) {
  const perOwner = await Promise.all(
    HOUSE.map(async (owner) =>
      (await balancesOf(db.pool, owner)).map(({ asset, available, held }) => ({
        owner,
        asset,
        posted: (available + held).toString(),
        held: held.toString(),
        available: available.toString(),
      })),
    ),
  );
  return perOwner.flat();
}
