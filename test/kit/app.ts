import { randomBytes } from "node:crypto";
import { HDNodeWallet, type Wallet } from "ethers";
import { afterAll } from "vitest";
import { API_PREFIX, type App, createApp } from "../../src/app.ts";
import type { Config } from "../../src/config.ts";
import { accountIds, postTransfers, requirePosted } from "../../src/modules/ledger/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Database } from "../../src/platform/db/index.ts";
import { derivedId } from "../../src/platform/ids.ts";
import { testConfig } from "./config.ts";
import { createTestDatabase } from "./database.ts";
import { silentLog } from "./log.ts";

export type TestApp = { app: App; db: Database; config: Config; url: string };

export type Answer = {
  status: number;
  headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever JSON came back
  body: any;
};

/** The whole product on a database of the calling file's own, listening on a free port; closed after its tests. */
export async function createTestApp(env: Record<string, string> = {}): Promise<TestApp> {
  const db = await createTestDatabase({ maxConnections: 15 });
  const config = testConfig({ DATABASE_URL: db.url, ...env });
  const app = await createApp({ config, log: silentLog, clock: systemClock, db });
  // Registered after the database's own hook, so it runs before it.
  afterAll(() => app.close());
  return { app, db, config, url: await app.start() };
}

/** One request without a network in between. */
export async function call(
  { app }: Pick<TestApp, "app">,
  method: string,
  path: string,
  options: { token?: string | undefined; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await app.http.inject({
    method: method as "GET",
    url: `${API_PREFIX}${path}`,
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(options.body === undefined
      ? {}
      : { payload: typeof options.body === "string" ? options.body : JSON.stringify(options.body) }),
  });
  const text = response.payload;
  const isJson = String(response.headers["content-type"] ?? "").includes("json");
  return { status: response.statusCode, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** A session by a real signature. */
export async function signIn(app: Pick<TestApp, "app">, wallet: Wallet | HDNodeWallet): Promise<string> {
  const challenge = await call(app, "POST", "/auth/wallet-challenge", {
    body: { address: wallet.address, chain: "flare" },
  });
  const { message } = challenge.body as { message: string };
  const verified = await call(app, "POST", "/auth/verify", {
    body: { message, signature: await wallet.signMessage(message) },
  });
  if (verified.status !== 200) throw new Error(`sign-in failed: ${JSON.stringify(verified.body)}`);
  return (verified.body as { token: string }).token;
}

export function randomWallet(): HDNodeWallet {
  return HDNodeWallet.fromSeed(randomBytes(32));
}

/** What a funded vault's deposit would post: without it there is nothing to pay from. */
export async function fundRewards(db: Database, amountWei = 10n ** 24n): Promise<void> {
  await db.transaction(async (tx) => {
    const [external = 0n, rewards = 0n] = await accountIds(tx, [
      { owner: "house:external", asset: "FLR" },
      { owner: "house:rewards", asset: "FLR" },
    ]);
    const id = derivedId("test-funding", String(amountWei));
    requirePosted(
      await postTransfers(tx, [
        {
          kind: "posted",
          id,
          debit: external,
          credit: rewards,
          amount: amountWei,
          cause: "funding",
          ref: id,
        },
      ]),
    );
  });
}
