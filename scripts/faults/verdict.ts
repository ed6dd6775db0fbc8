import { Interface } from "ethers";
import { payoutVaultAbi } from "../../src/generated/contracts.ts";
import { Caller } from "./caller.ts";
import { flarePayments, xrplPayments } from "./chain-truth.ts";
import {
  type Acknowledged,
  type Batch,
  type Booked,
  type ClickTotal,
  checkAcknowledged,
  checkBatches,
  checkBookedAsPaid,
  checkClickTotals,
  checkFeed,
  checkHistory,
  checkHoldings,
  checkLedgerSums,
  checkPaidOnce,
  checkPayees,
  checkRails,
  checkWitnessed,
  type Holding,
  type PayeeBalance,
  type Witnessed,
} from "./checks.ts";
import type { Run } from "./run.ts";
import type { World } from "./world.ts";

export type Verdict = { check: string; compared: number; differences: string[] };

const REPLAY_WITHIN_MS = 120_000;
const NATIVE = "0x0000000000000000000000000000000000000000";
const vaultInterface = new Interface(payoutVaultAbi);

/** Reads both sides of everything that must agree, and compares them. The world is quiet. */
export async function judge(run: Run): Promise<Verdict[]> {
  const { world } = run;
  const payments = [...(await flarePayments(world)), ...(await xrplPayments(world))];
  const booked = await bookedPayouts(world);
  const batches = await batchesOf(world);
  const sums = await world.query<{ asset: string; sum: string }>(
    "SELECT asset, sum(posted)::text AS sum FROM accounts GROUP BY asset",
  );
  const holdings = await holdingsOf(world);
  const balances = await payeeBalances(world, booked);
  const breaks = await historyBreaks(world);
  const witnessed = await witnessedNow(run);
  const rails = await world.query<{ rail: string; paused: string | null; drift: string | null }>(
    `SELECT s.rail, p.reason AS paused, s.drift::text AS drift
     FROM rail_state s LEFT JOIN rail_pauses p ON p.rail = s.rail`,
  );
  const feed = await feedDifferences(run);
  // Last, because they ask for everything again: what that changes would be a difference itself.
  const clicks = await askClicksAgain(run);
  const payouts = await askPayoutsAgain(run);
  const totals = await clickTotals(run);
  const after = await bookedPayouts(world);
  return [
    verdict(
      "the ledger sums to zero",
      sums,
      checkLedgerSums(sums.map(({ asset, sum }) => ({ asset, sum: BigInt(sum) }))),
    ),
    verdict("every number was paid at most once", payments, checkPaidOnce(payments)),
    verdict("what is booked is what the chains paid", booked, checkBookedAsPaid(booked, payments)),
    verdict("what is batched is what was paid", batches, checkBatches(batches, payments)),
    verdict("the ledger holds what the chains hold", holdings, checkHoldings(holdings)),
    verdict("payees have what they were paid", balances, checkPayees(booked, balances)),
    verdict("every acknowledged click is there", clicks, checkAcknowledged(clicks)),
    verdict("clicks are counted and rewarded once", totals, checkClickTotals(totals)),
    verdict("every acknowledged payout is there", payouts, checkAcknowledged(payouts)),
    verdict(
      "asking again made nothing new",
      after,
      after.length === booked.length ? [] : [`${after.length - booked.length} payouts more`],
    ),
    feed,
    verdict("history is as it was written", witnessed, [
      ...checkHistory(breaks),
      ...checkWitnessed(witnessed),
    ]),
    verdict("the rails run and agree", rails, checkRails(rails)),
  ];
}

function verdict(check: string, compared: readonly unknown[], differences: string[]): Verdict {
  return { check, compared: compared.length, differences };
}

async function bookedPayouts(world: World): Promise<Booked[]> {
  const rows = await world.query<Omit<Booked, "amount"> & { amount: string }>(
    `SELECT id, rail, number::text AS number, to_address AS "to", amount::text AS amount, status
     FROM payouts WHERE source = 'onchain'`,
  );
  return rows.map((row) => ({ ...row, amount: BigInt(row.amount) }));
}

async function batchesOf(world: World): Promise<Batch[]> {
  const rows = await world.query<{ [K in keyof Batch]: string }>(
    `SELECT b.id, b.rail, b.status, b.first_number::text AS "firstNumber", b.size::text AS size,
            b.total::text AS total, count(p.id)::text AS members, coalesce(sum(p.amount), 0)::text AS "membersTotal"
     FROM payout_batches b LEFT JOIN payouts p ON p.batch_id = b.id GROUP BY b.id`,
  );
  return rows.map((row) => ({
    ...row,
    firstNumber: BigInt(row.firstNumber),
    size: Number(row.size),
    total: BigInt(row.total),
    members: Number(row.members),
    membersTotal: BigInt(row.membersTotal),
  }));
}

async function holdingsOf(world: World): Promise<Holding[]> {
  const rows = await world.query<{ owner: string; asset: string; posted: string }>(
    "SELECT owner, asset, posted::text AS posted FROM accounts WHERE owner IN ('house:external', 'house:credited')",
  );
  const posted = (owner: string, asset: string): bigint =>
    BigInt(rows.find((row) => row.owner === owner && row.asset === asset)?.posted ?? "0");
  const { vault } = world.chain;
  const data = vaultInterface.encodeFunctionData("totalOwed", [NATIVE]);
  return [
    {
      what: "FLR in the vault",
      ledger: -posted("house:external", "FLR"),
      chain: BigInt(await world.rpc<string>("eth_getBalance", [vault, "latest"])),
    },
    {
      what: "FLR that the vault owes to payees",
      ledger: posted("house:credited", "FLR"),
      chain: BigInt(await world.rpc<string>("eth_call", [{ to: vault, data }, "latest"])),
    },
    {
      what: "XRP in the treasury",
      ledger: -posted("house:external", "XRP"),
      chain: world.xrpl.ledger.balanceOf(world.xrpl.env.XRPL_TREASURY ?? "") ?? 0n,
    },
  ];
}

async function payeeBalances(world: World, booked: readonly Booked[]): Promise<PayeeBalance[]> {
  const payees = new Map(booked.map(({ rail, to }) => [`${rail}:${to}`, { rail, to }]));
  return Promise.all(
    [...payees.values()].map(async ({ rail, to }) => ({
      rail,
      to,
      balance:
        rail === "xrpl"
          ? (world.xrpl.ledger.balanceOf(to) ?? 0n)
          : BigInt(await world.rpc<string>("eth_getBalance", [to, "latest"])),
    })),
  );
}

export async function historyBreaks(
  world: Pick<World, "query">,
): Promise<{ chain: string; at: string; reason: string }[]> {
  return [
    ...(await world.query<{ chain: string; at: string; reason: string }>(
      "SELECT 'ledger''s hash chain' AS chain, commit_id::text AS at, reason FROM ledger_chain_breaks()",
    )),
    ...(await world.query<{ chain: string; at: string; reason: string }>(
      "SELECT 'ledger''s accounts' AS chain, account_id::text AS at, reason FROM ledger_account_breaks",
    )),
    ...(await world.query<{ chain: string; at: string; reason: string }>(
      "SELECT 'audit log' AS chain, id::text AS at, 'its hash does not fit' AS reason FROM audit_log_breaks",
    )),
  ];
}

async function witnessedNow({ world, heads }: Run): Promise<Witnessed[]> {
  const links = await world.query<{ chain: string; position: string; hash: string }>(
    `SELECT 'ledger''s hash chain' AS chain, position::text AS position, encode(hash, 'hex') AS hash FROM ledger_chain
     UNION ALL SELECT 'audit log', id::text, encode(hash, 'hex') FROM audit_log`,
  );
  const now = new Map(links.map(({ chain, position, hash }) => [`${chain} ${position}`, hash]));
  return heads.map((head) => ({ ...head, now: now.get(`${head.chain} ${head.position}`) ?? null }));
}

async function feedDifferences({ world, clients }: Run): Promise<Verdict> {
  const rows = await world.query<{ channel: string; type: string; position: string }>(
    "SELECT channel, type, position::text AS position FROM feed_events ORDER BY feed_events.position",
  );
  const published = Map.groupBy(
    rows.filter(({ type }) => type === "payout"),
    ({ channel }) => channel,
  );
  const differences = clients.flatMap(({ seen }) =>
    checkFeed(
      seen,
      (published.get(seen.channel) ?? []).map(({ position }) => BigInt(position)),
    ),
  );
  return { check: "every client saw every event once and in order", compared: clients.length, differences };
}

function callerOf(run: Run, player: string, turn: number): Caller | null {
  const found = run.load.players.find(({ name }) => name === player);
  if (found === undefined) return null;
  const signal = AbortSignal.timeout(REPLAY_WITHIN_MS);
  const caller = new Caller({ urls: run.world.urls, offences: run.offences, signal, turn });
  caller.token = found.token;
  return caller;
}

async function askClicksAgain(run: Run): Promise<Acknowledged[]> {
  const all: Acknowledged[] = [];
  const players = [...Map.groupBy(run.load.clicks, ({ player }) => player)];
  await Promise.all(
    players.map(async ([player, clicks], index) => {
      const caller = callerOf(run, player, index);
      for (const { nonce, count, answer } of clicks) {
        const again = await caller?.call("POST", "/click", { body: { clientNonce: nonce, count } });
        const what = `click ${nonce} of ${player}`;
        all.push({ what, acknowledged: answer, found: again?.body ?? null });
      }
    }),
  );
  return all;
}

async function askPayoutsAgain(run: Run): Promise<Acknowledged[]> {
  const all: Acknowledged[] = [];
  const players = [...Map.groupBy(run.load.payouts, ({ player }) => player)];
  await Promise.all(
    players.map(async ([player, payouts], index) => {
      const caller = callerOf(run, player, index);
      for (const { key, request, answer } of payouts) {
        const again = await caller?.call("POST", "/payouts", { body: request, key });
        all.push({ what: `payout ${key} of ${player}`, acknowledged: answer, found: again?.body ?? null });
      }
    }),
  );
  return all;
}

async function clickTotals({ world, load }: Run): Promise<ClickTotal[]> {
  const rows = await world.query<{ address: string; counted: string; rewarded: string }>(
    `SELECT c.address, c.clicks::text AS counted,
            (SELECT coalesce(sum(t.amount), 0)::text FROM transfers t
             WHERE t.credit_account = c.account_id AND t.cause = 'click_reward') AS rewarded
     FROM click_states c WHERE c.address IS NOT NULL`,
  );
  return load.players.map(({ name, account }) => {
    const row = rows.find(({ address }) => address === account);
    return {
      account,
      acknowledged: load.clicks
        .filter(({ player }) => player === name)
        .reduce((sum, { answer }) => sum + BigInt(String(answer.accepted)), 0n),
      counted: BigInt(row?.counted ?? "0"),
      rewarded: BigInt(row?.rewarded ?? "0"),
    };
  });
}
