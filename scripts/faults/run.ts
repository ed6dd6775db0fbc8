import { setTimeout as sleep } from "node:timers/promises";
import { Approvers } from "./approvers.ts";
import type { Offence } from "./caller.ts";
import type { Witnessed } from "./checks.ts";
import { FeedClient } from "./feed-client.ts";
import { INJECT } from "./inject.ts";
import { Load } from "./load.ts";
import { isExclusive, type Parameters, type Scheduled } from "./schedule.ts";
import { judge, type Verdict } from "./verdict.ts";
import { World } from "./world.ts";

export type Outcome = {
  seed: number;
  /** Empty when everything held. */
  failures: string[];
  verdicts: Verdict[];
  /** Where logs and data are; they are kept when something failed. */
  dir: string;
  load: { clicks: number; payouts: number; clients: number };
};

const FEED_CLIENTS = 12;
const WITNESS_EVERY_MS = 700;
const AFTERMATH_MS = 1_000;
const ANSWERED_WITHIN_MS = 30_000;
const QUIET_WITHIN_MS = 120_000;

type Say = (text: string) => void;

/** One world from its start to its judgement, under one schedule. */
export class Run {
  readonly seed: number;
  readonly world: World;
  readonly load: Load;
  readonly approvers: Approvers;
  readonly clients: FeedClient[] = [];
  readonly offences: Offence[];
  /** Hash chains as they were seen on the way. */
  heads: Omit<Witnessed, "now">[] = [];
  readonly #failures: string[] = [];
  readonly #say: Say;
  readonly #began: number;
  #looksAway = false;
  #witness: NodeJS.Timeout | undefined;

  /** In a world of its own, or in one that other runs went through before and that its caller ends. */
  static async execute(
    seed: number,
    schedule: readonly Scheduled[],
    say: Say,
    shared?: World,
  ): Promise<Outcome> {
    const began = performance.now();
    const world = shared ?? (await World.start());
    await world.redis?.start();
    const run = new Run(seed, world, say, began);
    let verdicts: Verdict[] = [];
    try {
      verdicts = await run.#execute(schedule);
    } catch (error) {
      run.fail(
        `the run broke off: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    }
    clearInterval(run.#witness);
    await Promise.all(run.clients.map((client) => client.close()));
    await run.load.stop(0);
    await run.approvers.stop();
    if (shared === undefined) await world.stop();
    run.say("over");
    const failures = [
      ...run.#failures,
      ...world.falls.splice(0),
      ...run.offences.map(({ what }) => what),
      ...verdicts.flatMap(({ check, differences }) => differences.map((one) => `${check}: ${one}`)),
    ];
    if (failures.length === 0 && shared === undefined) world.remove();
    const { clicks, payouts } = run.load;
    return {
      seed,
      failures,
      verdicts,
      dir: world.dir,
      load: { clicks: clicks.length, payouts: payouts.length, clients: run.clients.length },
    };
  }

  private constructor(seed: number, world: World, say: Say, began: number) {
    this.#began = began;
    this.seed = seed;
    this.world = world;
    this.#say = say;
    this.offences = [];
    const { refusingPayee } = world.chain;
    this.load = new Load({ seed, urls: world.urls, refusingPayee, offences: this.offences });
    this.approvers = new Approvers(world.urls);
  }

  readonly fail = (what: string): void => {
    this.#failures.push(what);
    this.say(`FAILED  ${what}`);
  };

  say(text: string): void {
    this.#say(`${((performance.now() - this.#began) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
  }

  /** What was seen belongs to a database that is no more. */
  forgetHeads(): void {
    this.heads = [];
  }

  /** What is seen until then is another database, and so another history. */
  async lookAway<T>(work: () => Promise<T>): Promise<T> {
    this.#looksAway = true;
    // A look that is under way keeps what it sees to itself.
    this.heads = [...this.heads];
    try {
      return await work();
    } finally {
      this.#looksAway = false;
    }
  }

  async #execute(schedule: readonly Scheduled[]): Promise<Verdict[]> {
    await Promise.all([this.load.signIn(), this.approvers.signIn()]);
    this.#watch();
    this.load.start();
    this.approvers.start();
    this.#witness = setInterval(() => void this.#look(), WITNESS_EVERY_MS);
    this.say(`${this.load.players.length} players click and cash out, ${this.clients.length} clients watch`);
    await this.#inject(schedule);
    await this.world.heal();
    await sleep(AFTERMATH_MS);
    const unanswered = await this.load.stop(ANSWERED_WITHIN_MS);
    if (unanswered > 0)
      this.fail(`${unanswered} requests had no answer ${ANSWERED_WITHIN_MS} ms after the last fault`);
    await this.#untilQuiet();
    await this.approvers.stop();
    clearInterval(this.#witness);
    this.say("quiet; comparing");
    return judge(this);
  }

  #watch(): void {
    const only = (type: string): boolean => type === "payout";
    const { urls } = this.world;
    for (let turn = 0; turn < FEED_CLIENTS; turn += 1)
      this.clients.push(new FeedClient({ name: `client ${turn + 1}`, urls, channel: "feed", only, turn }));
    for (const [turn, { name, account, token }] of this.load.players.entries())
      this.clients.push(new FeedClient({ name, urls, channel: `account:${account}`, token, only, turn }));
    for (const client of this.clients) client.start();
  }

  async #inject(schedule: readonly Scheduled[]): Promise<void> {
    const began = performance.now();
    const under: Promise<void>[] = [];
    for (const { atMs, fault, parameters } of schedule) {
      await sleep(Math.max(0, began + atMs - performance.now()));
      if (isExclusive(fault)) {
        await Promise.all(under);
        await this.world.heal();
        await this.#one(fault, parameters);
      } else under.push(this.#one(fault, parameters));
    }
    await Promise.all(under);
  }

  async #one(fault: Scheduled["fault"], parameters: Parameters): Promise<void> {
    const words = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    this.say(`${fault} ${words.join(" ")}`);
    try {
      this.say(`  ${fault}: ${await INJECT[fault](this, parameters)}`);
    } catch (error) {
      this.fail(`${fault} could not be carried out: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  /** Remembers where the hash chains stand. */
  async #look(): Promise<void> {
    const mine = this.heads;
    if (this.#looksAway) return;
    try {
      const heads = await this.world.query<Omit<Witnessed, "now">>(
        `SELECT 'ledger''s hash chain' AS chain, position::text AS position, encode(hash, 'hex') AS hash FROM ledger_head
         UNION ALL (SELECT 'audit log', id::text, encode(hash, 'hex') FROM audit_log ORDER BY id DESC LIMIT 1)`,
      );
      mine.push(...heads.filter(({ position }) => position !== "0"));
    } catch {
      // The database is away.
    }
  }

  /** Until nothing is under way any more: what is not at its end by then is a failure of its own. */
  async #untilQuiet(): Promise<void> {
    const deadline = performance.now() + QUIET_WITHIN_MS;
    let open: string[] = [];
    let settledAt: bigint[] | null = null;
    for (; performance.now() < deadline; await sleep(200)) {
      open = await this.#openEnds();
      if (open.length > 0) {
        settledAt = null;
        continue;
      }
      // And reconciled once more on both rails, at a block that came after.
      settledAt ??= [BigInt(await this.world.height()), BigInt(this.world.xrpl.ledger.validatedIndex())];
      const [flare = 0n, xrpl = 0n] = settledAt;
      const rows = await this.world.query<{ rail: string; block: string }>(
        "SELECT rail, coalesce(reconciled_block, 0)::text AS block FROM rail_state",
      );
      const reached = rows.every(({ rail, block }) => BigInt(block) >= (rail === "flare" ? flare : xrpl));
      if (reached && rows.length === 2 && (await this.#feedIsSeen())) return;
      open = ["reconciliation or the feed is behind"];
    }
    this.fail(`not quiet after ${QUIET_WITHIN_MS} ms: ${open.join("; ")}`);
  }

  async #openEnds(): Promise<string[]> {
    const rows = await this.world.query<{ what: string; count: number }>(
      `SELECT 'payouts ' || status AS what, count(*)::integer AS count FROM payouts
       WHERE status NOT IN ('confirmed', 'credited', 'rejected', 'expired', 'cancelled', 'failed') GROUP BY status
       UNION ALL SELECT 'open batches', count(*)::integer FROM payout_batches WHERE status IN ('batched', 'submitted')
       UNION ALL SELECT 'open nonces', count(*)::integer FROM settlement_nonces WHERE status = 'open'
       UNION ALL SELECT 'events to apply', count(*)::integer FROM chain_events WHERE applied_at IS NULL
       UNION ALL SELECT 'announcements', count(*)::integer FROM outbox_events
       UNION ALL SELECT 'pause of ' || rail || ': ' || reason, 1 FROM rail_pauses`,
    );
    return rows.filter(({ count }) => count > 0).map(({ what, count }) => `${count} ${what}`);
  }

  async #feedIsSeen(): Promise<boolean> {
    const rows = await this.world.query<{ channel: string; last: string }>(
      "SELECT channel, max(position)::text AS last FROM feed_events WHERE type = 'payout' GROUP BY channel",
    );
    const last = new Map(rows.map(({ channel, last: position }) => [channel, BigInt(position)]));
    return this.clients.every(({ seen }) => {
      const newest = last.get(seen.channel) ?? 0n;
      return newest <= seen.from || (seen.ids.at(-1) ?? 0n) >= newest;
    });
  }
}
