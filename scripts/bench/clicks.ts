import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { hardhatWallets, loadConfig } from "../../src/config.ts";
import { createAuth, type Session, sessionOf } from "../../src/modules/auth/index.ts";
import { type ClickLimits, createClicks } from "../../src/modules/clicks/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { createHttpServer, type Routes } from "../../src/platform/http/index.ts";
import { createLogger } from "../../src/platform/log.ts";
import { type Contender, compare, median, printTable, target, withDurableDatabase } from "./harness.ts";

export const name = "clicks";
export const describe =
  "clicks: group commit against one transaction per click, called directly and over HTTP";

const CALLERS = 64;
const HTTP_ROUNDS = 5;
const HTTP_SECONDS = 2;
/** Tells the load generator's process what it is. */
const LOAD = "generate-load";
const META = { ip: "127.0.0.1", userAgent: "bench" };
const UNLIMITED: ClickLimits = {
  session: { perSecond: 1e9, burst: 1e9 },
  wallet: { perSecond: 1e9, burst: 1e9 },
  ip: { perSecond: 1e9, burst: 1e9 },
};

/** Everybody always has energy: the question is what recording a click that counts costs. */
const config = loadConfig({
  NODE_ENV: "test",
  DATABASE_URL: "postgresql://unused@127.0.0.1:1/unused",
  AUTH_SECRET: "bench-secret-bench-secret-bench-secret",
  IP_HASH_KEY: "bench-ip-hash-key-bench-ip-hash-key-1",
  PAYOUT_MODE: "demo",
  CLICK_MAX_ENERGY: "1000000",
  CLICK_ENERGY_PER_SECOND: "100000",
  ADMIN_ADDRESSES: hardhatWallets()[1]?.address,
});

type Load = { url: string; tokens: string[]; seconds: number };
type LoadResult = { perSecond: number; p99Ms: number; failed: number };

export async function run(): Promise<void> {
  await withDurableDatabase(async (db) => {
    const log = createLogger({ level: "warn" });
    const auth = createAuth({ config, db, clock: systemClock, log, provider: null });
    const clicks = createClicks({ config, db, clock: systemClock, log, auth, limits: UNLIMITED });
    const plain = await createPlainClicks(db);
    const plainRoutes: Routes = async (server) => {
      server.post("/plain-click", { onRequest: auth.requireSession }, (request) =>
        plain(true)(sessionOf(request), (request.body as { clientNonce: string }).clientNonce),
      );
    };
    const server = await createHttpServer({ log, trustProxy: false, version: "bench" });
    await server.register(auth.routes, { prefix: "/api/v1" });
    await server.register(clicks.routes, { prefix: "/api/v1" });
    await server.register(plainRoutes, { prefix: "/api/v1" });
    await auth.start();
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    try {
      const tokens = await signIn(url);
      const sessions = await Promise.all(tokens.map((token) => auth.verifyToken(token)));
      await db.pool.query("INSERT INTO plain_players SELECT user_id, 1000000, now(), 0, 0 FROM sessions");

      const direct = await compare({
        title: `${CALLERS} callers, each a player of its own, called directly`,
        callers: CALLERS,
        contenders: [
          called("one transaction per click", sessions, plain(true)),
          called("the same without a ledger", sessions, plain(false)),
          called("CoinClicker", sessions, (session, clientNonce) =>
            clicks.click(session, { clientNonce }, META),
          ),
        ],
      });
      const http = await compareOverHttp(tokens, `${url}/api/v1/plain-click`, `${url}/api/v1/click`);
      target(`${CALLERS} callers, clicks called directly`, direct[2]?.ratio ?? 0, 5);
      target(`${CALLERS} keep-alive connections, clicks over HTTP`, http, 5);
      await compareBooks(db);
    } finally {
      await server.close();
      await clicks.close();
      await auth.close();
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

type PlainClick = (session: Session, nonce: string) => Promise<unknown>;

/**
 * What most code does, over the least tables that could do it: a transaction for each click that checks the session,
 * locks the player, dedupes, spends energy, keeps the answer and, if `ledger`, books the reward from the house to the
 * player. Neither has a hash chain, statements or append-only history.
 */
async function createPlainClicks(db: Database): Promise<(ledger: boolean) => PlainClick> {
  await db.pool.query(`
    CREATE TABLE plain_players (
      id uuid PRIMARY KEY, energy integer NOT NULL, energy_at timestamptz NOT NULL,
      clicks bigint NOT NULL, balance numeric(38,0) NOT NULL) WITH (fillfactor = 60);
    CREATE TABLE plain_clicks (
      session_id uuid NOT NULL, nonce text NOT NULL, player_id uuid NOT NULL, clicks bigint NOT NULL,
      balance numeric(38,0) NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (session_id, nonce));
    CREATE TABLE plain_house (balance numeric(38,0) NOT NULL);
    INSERT INTO plain_house VALUES (0);
    CREATE TABLE plain_transfers (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, player_id uuid NOT NULL,
      amount numeric(38,0) NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
    CREATE INDEX ON plain_transfers (player_id, seq)`);
  return (ledger) => (session, nonce) =>
    db.transaction(async (tx) => {
      const { rows } = await tx.query<{ energy: number; clicks: bigint; balance: bigint }>({
        name: "plain_lock",
        text: `SELECT least(1000000, p.energy + floor(extract(epoch FROM now() - p.energy_at) * 100000))::integer AS energy,
                      p.clicks, p.balance
               FROM plain_players p JOIN sessions s ON s.id = $2
               WHERE p.id = $1 AND s.revoked_at IS NULL AND s.expires_at > now() FOR NO KEY UPDATE OF p`,
        values: [session.playerId, session.id],
      });
      const state = rows[0];
      if (state === undefined || state.energy < 1) throw new Error("no session or no energy");
      const [total, balance] = [state.clicks + 1n, state.balance + 1n];
      await tx.query({
        name: "plain_insert",
        text: "INSERT INTO plain_clicks (session_id, nonce, player_id, clicks, balance) VALUES ($1, $2, $3, $4, $5)",
        values: [session.id, nonce, session.playerId, total, balance],
      });
      await tx.query({
        name: "plain_update",
        text: "UPDATE plain_players SET energy = $2, energy_at = now(), clicks = $3, balance = $4 WHERE id = $1",
        values: [session.playerId, state.energy - 1, total, balance],
      });
      if (ledger) {
        await tx.query({
          name: "plain_transfer",
          text: "INSERT INTO plain_transfers (id, player_id, amount) VALUES ($1, $2, 1)",
          values: [randomUUID(), session.playerId],
        });
        // Last, so that the one row that everybody needs is locked for the commit only.
        await tx.query({ name: "plain_house", text: "UPDATE plain_house SET balance = balance - 1" });
      }
      return {
        ok: true,
        clicks: Number(total),
        accepted: 1,
        balance: String(balance),
        energy: state.energy - 1,
      };
    });
}

/** The two routes take turns, behind the same server, sessions and connections; returns ours over the other's. */
async function compareOverHttp(tokens: string[], plainUrl: string, oursUrl: string): Promise<number> {
  const generator = fork(fileURLToPath(import.meta.url), [LOAD], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  const ended = once(generator, "exit");
  const load = async (url: string, seconds: number): Promise<LoadResult> => {
    generator.send({ url, tokens, seconds } satisfies Load);
    const [result] = await Promise.race([once(generator, "message"), ended]);
    if (typeof result !== "object") throw new Error(`the load generator ended with ${result}`);
    return result as LoadResult;
  };
  const results: [LoadResult[], LoadResult[]] = [[], []];
  try {
    for (let round = 0; round <= HTTP_ROUNDS; round += 1) {
      const both = [await load(plainUrl, HTTP_SECONDS), await load(oursUrl, HTTP_SECONDS)] as const;
      // The first round only warms up.
      if (round > 0) for (const i of [0, 1] as const) results[i].push(both[i]);
    }
  } finally {
    generator.disconnect();
    await ended;
  }
  const failed = results.flat().reduce((sum, result) => sum + result.failed, 0);
  if (failed > 0) throw new Error(`${failed} requests failed`);
  const rate = (list: LoadResult[]) => median(list.map((result) => result.perSecond));
  const ratio = rate(results[1]) / rate(results[0]);
  printTable(
    `${CALLERS} keep-alive connections, each a player of its own, over HTTP with sessions`,
    ["", "per second", "ratio", "p99 ms"],
    (["one transaction per click", "CoinClicker"] as const).map((title, i) => {
      const list = results[i === 0 ? 0 : 1];
      return [
        title,
        Math.round(rate(list)).toLocaleString("en"),
        `${(i === 0 ? 1 : ratio).toFixed(2)}×`,
        median(list.map((result) => result.p99Ms)).toFixed(1),
      ];
    }),
  );
  return ratio;
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

/** The load comes from a process of its own, so that it does not share the server's event loop. */
function serveLoad(): void {
  process.on("message", ({ url, tokens, seconds }: Load) => {
    let next = 0;
    autocannon(
      {
        url,
        method: "POST",
        connections: tokens.length,
        duration: seconds,
        setupClient(client) {
          const token = tokens[next % tokens.length];
          next += 1;
          client.setHeaders({ "content-type": "application/json", authorization: `Bearer ${token}` });
        },
        requests: [
          { setupRequest: (request) => ({ ...request, body: `{"clientNonce":"${randomUUID()}"}` }) },
        ],
      },
      (error, result) => {
        if (error !== null) throw error;
        process.send?.({
          perSecond: result["2xx"] / result.duration,
          p99Ms: result.latency.p99,
          failed: result.non2xx + result.errors,
        } satisfies LoadResult);
      },
    );
  });
}

if (process.send !== undefined && process.argv[2] === LOAD) serveLoad();
