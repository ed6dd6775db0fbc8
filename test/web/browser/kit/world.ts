import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HDNodeWallet, JsonRpcProvider, Wallet } from "ethers";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterEach, beforeAll, expect, vi } from "vitest";
import { Wallet as XrplWallet } from "xrpl";
import { buildWeb } from "../../../../scripts/build-web.ts";
import { ApiClient } from "../../../../scripts/local/api-client.ts";
import { launchBrowser } from "../../../../scripts/local/browser.ts";
import { freePort } from "../../../../scripts/local/postgres.ts";
import { type Stack, startStack } from "../../../../scripts/local/stack.ts";
import type { XrplLedger } from "../../../../scripts/local/xrpl-ledger/index.ts";
import { hardhatWallets, loadConfig, localXrplAccounts } from "../../../../src/config.ts";
import { balancesOf } from "../../../../src/modules/ledger/index.ts";
import { type RunningServer, startServer } from "../../../../src/server.ts";
import { createTestDatabase } from "../../../kit/database.ts";
import { silentLog } from "../../../kit/log.ts";
import { type FaultWatch, watchFaults } from "./faults.ts";
import { type InjectedWallet, injectWallet } from "./wallet.ts";
import { type InjectedXrplWallet, injectXrplWallet } from "./xrpl-wallet.ts";

/** Generous: two busy cores may run a browser, a chain and a database at once. */
const LOCATOR_MS = 60_000;
const BLOCK_MS = 200;

export type Visit = {
  path?: string;
  width?: number;
  height?: number;
  colorScheme?: "light" | "dark";
  /** An extension with this key; without one the browser has none. */
  wallet?: Wallet | HDNodeWallet;
  /** An extension of the XRP Ledger with the key of this seed. */
  xrplWallet?: { kind: "gem" | "crossmark"; seed: string };
  /** The seed that the built-in toy wallet of the XRP Ledger has; without one it makes its own. */
  toySeed?: string;
};

export type Visitor = {
  page: Page;
  context: BrowserContext;
  faults: FaultWatch;
  wallet: InjectedWallet | null;
  xrplWallet: InjectedXrplWallet | null;
};

/** The product, and a browser to look at it with. */
export type World = {
  readonly url: string;
  readonly rpcUrl: string;
  readonly refusingPayee: string;
  /** The XRP Ledger that the product pays on. */
  readonly ledger: XrplLedger;
  /** A browser profile of its own with one page open. It is closed after the test, which fails if anything was wrong. */
  visit(visit?: Visit): Promise<Visitor>;
  /** The API as somebody with this wallet uses it, beside the page. */
  api(wallet: Wallet | HDNodeWallet): Promise<ApiClient>;
  /** The same with a wallet of the XRP Ledger. */
  xrplApi(seed: string): Promise<ApiClient>;
  stopServer(): Promise<void>;
  /** The same server again, on the same port and database. */
  startServer(): Promise<void>;
  /** Holds the chain still, or lets it go on. */
  mining(on: boolean): Promise<void>;
};

/** One product and one browser for the calling file. */
export function createWorld(env: Record<string, string> = {}): World {
  let browser: Browser;
  let stack: Stack;
  let node: JsonRpcProvider;
  let server: RunningServer;
  let settings: Record<string, string>;
  let isRunning = false;
  let isMining = true;
  const visitors: Visitor[] = [];

  beforeAll(async () => {
    const [db, dataDir] = await Promise.all([
      createTestDatabase({ maxConnections: 2 }),
      mkdtemp(join(tmpdir(), "coinclicker-browser-")),
      buildWeb(),
    ]);
    [stack, browser] = await Promise.all([
      startStack({ dataDir, env: { DATABASE_URL: db.url }, blockTimeMs: BLOCK_MS }),
      launchBrowser(),
    ]);
    // Only now: whatever starts in between could be given the same port.
    const port = String(await freePort());
    settings = { ...stack.env, NODE_ENV: "test", PORT: port, LOG_LEVEL: "silent", ...env };
    node = new JsonRpcProvider(chain().url, 31_337, { staticNetwork: true });
    await start();
    // There is nothing to pay from until what lies on the chains has been found.
    await vi.waitUntil(
      async () => {
        const rewards = await balancesOf(db.pool, "house:rewards");
        return rewards.filter(({ available }) => available > 0n).length === 3;
      },
      { timeout: 60_000 },
    );
    return async () => {
      await browser.close();
      await server.stop();
      node.destroy();
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    };
  });

  afterEach(async ({ task }) => {
    const left = visitors.splice(0);
    if (task.result?.state === "fail") await keepPictures(task.name, left);
    await Promise.all(left.map(({ context }) => context.close()));
    // A test that failed half-way must not fail the next ones.
    if (!isRunning) await start();
    if (!isMining) await mining(true);
    expect(left.flatMap(({ faults }) => faults.found())).toEqual([]);
  });

  async function start(): Promise<void> {
    server = await startServer(loadConfig(settings), silentLog);
    isRunning = true;
  }

  async function mining(on: boolean): Promise<void> {
    await node.send("evm_setIntervalMining", [on ? BLOCK_MS : 0]);
    isMining = on;
  }

  function chain() {
    if (stack.chain === null) throw new Error("the pages are tested against the local chain");
    return stack.chain;
  }

  return {
    get url() {
      return server.url;
    },
    get rpcUrl() {
      return chain().url;
    },
    get refusingPayee() {
      return chain().refusingPayee;
    },
    get ledger() {
      if (stack.xrpl === null) throw new Error("the pages are tested against the local XRP Ledger");
      return stack.xrpl.ledger;
    },
    async visit(visit = {}) {
      const { path = "/", width = 1_280, height = 800, colorScheme = "light", wallet, toySeed } = visit;
      const context = await browser.newContext({
        baseURL: server.url,
        viewport: { width, height },
        colorScheme,
        // What moves can be neither clicked nor measured; that it moves has tests of its own.
        reducedMotion: "reduce",
        permissions: ["clipboard-read", "clipboard-write"],
      });
      context.setDefaultTimeout(LOCATOR_MS);
      const faults = await watchFaults(context);
      const injected =
        wallet === undefined ? null : await injectWallet(context, { key: wallet, rpcUrl: chain().url });
      const xrplWallet =
        visit.xrplWallet === undefined ? null : await injectXrplWallet(context, visit.xrplWallet);
      if (toySeed !== undefined) {
        // An empty page has no storage.
        await context.addInitScript(
          `if (location.protocol !== "about:") localStorage.setItem("cc.toy-xrpl-seed", "${toySeed}")`,
        );
      }
      const visitor = { page: await context.newPage(), context, faults, wallet: injected, xrplWallet };
      visitors.push(visitor);
      await visitor.page.goto(path);
      return visitor;
    },
    api: (wallet) => new ApiClient(server.url).signIn(wallet),
    xrplApi: (seed) => new ApiClient(server.url).signInXrpl(XrplWallet.fromSeed(seed)),
    async stopServer() {
      isRunning = false;
      await server.stop();
    },
    startServer: start,
    mining,
  };
}

/** Hardhat's accounts 1 to 4 are the local chain's approvers, and admins. */
export function approverKey(index: 1 | 2 | 3 | 4): Wallet {
  return new Wallet(hardhatWallets()[index]?.privateKey ?? "");
}

/** Those who sign for the treasury on the local XRP Ledger. */
export function xrplApproverSeed(index: 1 | 2 | 3): string {
  const { approver1, approver2, approver3 } = localXrplAccounts();
  return [approver1, approver2, approver3][index - 1]?.seed ?? "";
}

async function keepPictures(test: string, visitors: readonly Visitor[]): Promise<void> {
  for (const [index, { page }] of visitors.entries()) {
    const name = `coinclicker-${test.replaceAll(/[^a-z0-9]+/gi, "-")}-${index + 1}.png`;
    const path = join(tmpdir(), name);
    await page.screenshot({ path, fullPage: true }).then(
      () => process.stderr.write(`the page at the failure: ${path}\n`),
      () => undefined,
    );
  }
}
