import { setTimeout as sleep } from "node:timers/promises";
import { Caller } from "./caller.ts";
import type { Child } from "./child.ts";
import type { Run } from "./run.ts";
import type { World } from "./world.ts";

const PAID_WITHIN_MS = 60_000;
const PAUSED_WITHIN_MS = 60_000;

/** Everybody cashes out, a backup is made before that is paid, and what is acknowledged until then is remembered. */
async function backUpAmidPayouts({ world, load }: Run): Promise<{ clicks: number; payouts: number }> {
  await load.hold();
  await load.payEverybody();
  const mark = load.mark();
  await world.backUp();
  return mark;
}

/**
 * The database is replaced by a copy that is older than what the chains have paid, but knows those payouts: it takes the
 * chains' word for them and goes on. Nothing pauses. Clicks that were counted since are lost, as with any old backup.
 */
export async function restoreOlder(run: Run, afterMs: number): Promise<string> {
  const { world, load, clients } = run;
  const mark = await backUpAmidPayouts(run);
  load.release({ payouts: false });
  await sleep(afterMs);
  await load.hold();
  for (const client of clients) client.park();
  await run.lookAway(() => replace(world, () => world.restoreBackup()));
  load.forgetAfter(mark);
  run.forgetHeads();
  for (const client of clients) client.forget();
  for (const client of clients) client.unpark();
  load.release();
  return "the older database goes on";
}

/**
 * The copy does not know payouts that were asked for and paid since. The rails must pause and say so; the way out is the
 * operator's: the newer database comes back (docs/operations.md).
 */
export async function restoreForgetful(run: Run, afterMs: number): Promise<string> {
  const { world, load, clients } = run;
  await backUpAmidPayouts(run);
  const known = await payoutsIn(world);
  load.release();
  await sleep(afterMs);
  await untilNewPaid(world, known);
  await load.hold();
  run.say("  both rails have paid what the backup does not know; it is restored");
  for (const client of clients) client.park();
  const reason = await run.lookAway(async () => {
    // One worker is enough to find out, as the operators' guide has it.
    await replace(world, () => world.restoreBackup(), [world.apis[0], world.workers[0]]);
    const paused = await expectPaused(run);
    run.say("  the newer database comes back");
    await replace(world, () => world.restoreNewer());
    return paused;
  });
  for (const client of clients) client.unpark();
  load.release();
  return `both rails paused ("${reason}"); the newer database is back`;
}

/** Nothing may be connected to a database that is taken away. */
async function replace(
  world: World,
  work: () => Promise<void>,
  start: readonly (Child | undefined)[] = world.children,
): Promise<void> {
  await world.killAll();
  await work();
  await Promise.all(start.map((child) => child?.start()));
}

/** Gives the reason that the first rail has. */
async function expectPaused({ world, load, seed, offences, fail }: Run): Promise<string> {
  const rails = await untilPaused(world, ["flare", "xrpl"]);
  for (const [rail, reason] of rails) {
    if (reason === null) fail(`${rail} did not pause on a database that has forgotten what it paid`);
    else if (!/number/.test(reason)) fail(`${rail} paused without naming a number: ${reason}`);
  }
  const caller = new Caller({
    urls: world.urls.slice(0, 1),
    offences,
    signal: AbortSignal.timeout(PAUSED_WITHIN_MS),
    turn: 0,
  });
  caller.token = load.players[0]?.token ?? null;
  const refusal = await caller.once("POST", "/payouts", {
    key: `restored-${seed}`,
    body: { asset: "COIN", amount: "1", payAs: "FLR", to: world.chain.refusingPayee },
  });
  if (refusal?.body.code !== "rail_paused")
    fail(`a paused rail answered ${JSON.stringify(refusal)} to a new payout`);
  return rails.get("flare") ?? "";
}

async function payoutsIn(world: World): Promise<Set<string>> {
  const rows = await world.query<{ id: string }>("SELECT id FROM payouts");
  return new Set(rows.map(({ id }) => id));
}

/** Until both rails have paid something that the backup does not know. */
async function untilNewPaid(world: World, known: ReadonlySet<string>): Promise<void> {
  for (const deadline = performance.now() + PAID_WITHIN_MS; ; await sleep(100)) {
    const rows = await world.query<{ id: string; rail: string }>(
      "SELECT id, rail FROM payouts WHERE status = 'confirmed'",
    );
    const rails = new Set(rows.filter(({ id }) => !known.has(id)).map(({ rail }) => rail));
    if (rails.size === 2) return;
    if (performance.now() > deadline) throw new Error("nothing new was paid after the backup");
  }
}

/** Why each rail is paused, null for one that is not in time. */
async function untilPaused(world: World, rails: readonly string[]): Promise<Map<string, string | null>> {
  for (const deadline = performance.now() + PAUSED_WITHIN_MS; ; await sleep(100)) {
    const rows = await world.query<{ rail: string; reason: string }>("SELECT rail, reason FROM rail_pauses");
    const found = new Map(rails.map((rail) => [rail, rows.find((row) => row.rail === rail)?.reason ?? null]));
    if (![...found.values()].includes(null) || performance.now() > deadline) return found;
  }
}
