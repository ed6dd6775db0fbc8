import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Session } from "../../src/modules/auth/index.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { type LoadGenerator, type LoadOrder, type LoadResult, startLoadGenerator } from "./clicks/load.ts";
import { createPlainClicks, type PlainClick } from "./clicks/plain-clicks.ts";
import { startBareRoute, startClickServer } from "./clicks/server.ts";
import { type Cores, meterCpu } from "./cpu-meter.ts";
import {
  type Contender,
  compare,
  median,
  printTable,
  target,
  targetAtMost,
  withDurableDatabase,
} from "./harness.ts";

export const name = "clicks";
export const describe =
  "durable clicks over HTTP and sockets, against a bare Fastify route and one transaction per click";

const CALLERS = 64;
/** What an eager page may have under way at once. */
const DEEP = 8;
const ROUNDS = 5;
const SECONDS = 1.5;
const STEADY_ROUNDS = 3;
const STEADY_SECONDS = 3;
const SHARE_OF_PEAK = 0.8;
const META = { ip: "127.0.0.1", userAgent: "bench" };

type Run = LoadResult & Cores;

export async function run(): Promise<void> {
  await withDurableDatabase(async (db) => {
    let plain: ((ledger: boolean) => PlainClick) | undefined;
    const plainClick = (ledger: boolean): PlainClick => {
      if (plain === undefined) throw new Error("its tables come after signing in");
      return plain(ledger);
    };
    const server = await startClickServer(db, () => plainClick(true));
    const bare = await startBareRoute();
    let generator: LoadGenerator | undefined;
    try {
      const tokens = await signIn(server.url);
      plain = await createPlainClicks(db);
      const sessions = await Promise.all(tokens.map((token) => server.auth.verifyToken(token)));
      const direct = await compare({
        title: `${CALLERS} callers, each a player of its own, called directly`,
        callers: CALLERS,
        contenders: [
          called("one transaction per click", sessions, plainClick(true)),
          called("the same without a ledger", sessions, plainClick(false)),
          called("CoinClicker", sessions, (session, clientNonce) =>
            server.clicks.click(session, { clientNonce }, META),
          ),
        ],
      });
      generator = await startLoadGenerator({ tokens, socketUrl: server.url });
      const http = { over: "http", inFlight: 1, perSecond: null, seconds: SECONDS } as const;
      const socket = { ...http, over: "socket", url: server.url } as const;
      const [bareRoute, oneEach, ours, sockets, deep, deepSockets] = await takeTurns(db, generator, ROUNDS, [
        { title: "bare Fastify route", order: { ...http, url: bare.url } },
        { title: "one transaction per click, HTTP", order: { ...http, url: server.plainUrl } },
        { title: "CoinClicker, HTTP", order: { ...http, url: server.clickUrl } },
        { title: "CoinClicker, sockets", order: socket },
        {
          title: `CoinClicker, HTTP, ${DEEP} each`,
          order: { ...http, url: server.clickUrl, inFlight: DEEP },
        },
        { title: `CoinClicker, sockets, ${DEEP} each`, order: { ...socket, inFlight: DEEP } },
      ]);
      printPeaks([bareRoute, oneEach, ours, sockets, deep, deepSockets]);
      const steadyAt = ({ perSecond }: Peak) => Math.round(perSecond * SHARE_OF_PEAK);
      const steady = await takeTurns(db, generator, STEADY_ROUNDS, [
        {
          title: "CoinClicker, HTTP",
          order: { ...http, url: server.clickUrl, seconds: STEADY_SECONDS, perSecond: steadyAt(ours) },
        },
        {
          title: "CoinClicker, sockets",
          order: { ...socket, seconds: STEADY_SECONDS, perSecond: steadyAt(sockets) },
        },
      ]);
      printSteady(steady);

      target("called directly, of one transaction per click", direct[2]?.ratio ?? 0, 5);
      target("over HTTP, of a bare Fastify route", ours.perSecond / bareRoute.perSecond, 0.5);
      target("over HTTP, of one transaction per click", ours.perSecond / oneEach.perSecond, 6);
      // With one each, both wait for the same commits; with more, the transport is what is measured.
      const underWay = CALLERS * DEEP;
      target(`over sockets, of HTTP, ${underWay} under way`, deepSockets.perSecond / deep.perSecond, 1.5);
      for (const { title, p99Ms } of steady) {
        targetAtMost(`p99 at ${SHARE_OF_PEAK * 100} % of peak, ${title}`, p99Ms, 50, "ms");
      }
      await compareBooks(db);
    } finally {
      await generator?.stop();
      await bare.close();
      await server.close();
    }
  });
}

function called(
  title: string,
  sessions: readonly Session[],
  click: (session: Session, clientNonce: string) => Promise<unknown>,
): Contender {
  return {
    name: title,
    async operation(caller) {
      const session = sessions[caller];
      if (session === undefined) throw new Error("fewer sessions than callers");
      await click(session, randomUUID());
    },
  };
}

async function signIn(url: string): Promise<string[]> {
  return Promise.all(
    Array.from({ length: CALLERS }, async () => {
      const response = await fetch(`${url}/api/v1/auth/demo`, { method: "POST" });
      if (!response.ok) throw new Error(`signing in failed: ${response.status} ${await response.text()}`);
      return ((await response.json()) as { token: string }).token;
    }),
  );
}

type Peak = { title: string; order: LoadOrder } & Run;

/** Every contender in every round, so that a slow minute hits all; the first round only warms up. Medians. */
async function takeTurns<const T extends readonly { title: string; order: LoadOrder }[]>(
  db: Database,
  generator: LoadGenerator,
  rounds: number,
  contenders: T,
): Promise<{ [K in keyof T]: Peak }> {
  const runs = contenders.map((): Run[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [i, { title, order }] of contenders.entries()) {
      const { result, cores } = await meterCpu(db, () => generator.run(order));
      if (result.failed > 0) throw new Error(`${title}: ${result.failed} clicks failed`);
      if (round > 0) runs[i]?.push({ ...result, ...cores });
    }
  }
  return contenders.map((contender, i) => {
    const of = (key: keyof Run): number => median((runs[i] ?? []).map((run) => run[key]));
    return {
      ...contender,
      perSecond: of("perSecond"),
      p50Ms: of("p50Ms"),
      p99Ms: of("p99Ms"),
      maxMs: of("maxMs"),
      failed: 0,
      cores: of("cores"),
      server: of("server"),
      postgres: of("postgres"),
      machine: of("machine"),
    };
  }) as { [K in keyof T]: Peak };
}

function printPeaks(peaks: readonly Peak[]): void {
  const baseline = peaks[0]?.perSecond ?? 1;
  printTable(
    `${CALLERS} keep-alive connections or sockets, each a player of its own, each answer brings the next click`,
    [
      "",
      "per second",
      "ratio",
      "p50 ms",
      "p99 ms",
      "CPU µs a click: server",
      "PostgreSQL",
      "generator",
      "limited by",
    ],
    peaks.map((peak) => [
      peak.title,
      Math.round(peak.perSecond).toLocaleString("en"),
      `${(peak.perSecond / baseline).toFixed(2)}×`,
      peak.p50Ms.toFixed(1),
      peak.p99Ms.toFixed(1),
      ...[peak.server, peak.postgres, peak.cores].map((cores) => ((cores * 1e6) / peak.perSecond).toFixed(1)),
      limitOf(peak),
    ]),
  );
}

function printSteady(runs: readonly Peak[]): void {
  printTable(
    `clicks that arrive steadily, at ${SHARE_OF_PEAK * 100} % of the peak; latency from when each was due`,
    ["", "per second", "p50 ms", "p99 ms", "max ms"],
    runs.map((run) => [
      run.title,
      Math.round(run.perSecond).toLocaleString("en"),
      run.p50Ms.toFixed(1),
      run.p99Ms.toFixed(1),
      run.maxMs.toFixed(1),
    ]),
  );
}

/** A process of one thread that is busy nine tenths of the time is full; so is a machine. */
function limitOf({ server, postgres, cores, machine }: Run): string {
  const all = availableParallelism();
  if (cores >= 0.9) return "the load generator";
  if (server >= 0.9) return "the server's thread";
  if (machine < 0.9 * all) return "waiting for commits";
  return server + postgres + cores >= 0.75 * machine
    ? `the machine's ${all} cores`
    : "other work on this machine";
}

/** A benchmark that lost or doubled a click would have measured nothing. */
async function compareBooks(db: Database): Promise<void> {
  const { rows } = await db.pool.query<{ events: bigint; states: bigint; ledger: bigint }>(`
    SELECT (SELECT coalesce(sum(accepted), 0)::bigint FROM click_events) AS events,
           (SELECT sum(clicks)::bigint FROM click_states) AS states,
           (SELECT -posted FROM accounts WHERE owner = 'house:demo_issuance') AS ledger`);
  const [books] = rows;
  if (books === undefined || books.events !== books.states || books.events !== books.ledger) {
    throw new Error(
      `the books differ: ${books?.events} events, ${books?.states} clicks, ${books?.ledger} issued`,
    );
  }
  console.log(`\n${books.events.toLocaleString("en")} clicks: events, players and ledger agree`);
}
