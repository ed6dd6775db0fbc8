import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Contract, JsonRpcProvider } from "ethers";
import { afterAll, describe, expect, it } from "vitest";
import { ApiClient, ApiProblem, type PayoutView } from "../../scripts/local/api-client.ts";
import { type LocalChain, startChain } from "../../scripts/local/chain.ts";
import { type LocalPostgres, startPostgres } from "../../scripts/local/postgres.ts";
import { makeTempDir } from "../../scripts/local/temp-dir.ts";
import { payoutVaultAbi } from "../../src/generated/contracts.ts";
import { type RunningServer, startServer } from "../../src/server.ts";
import { randomWallet } from "../kit/app.ts";
import { testConfig } from "../kit/config.ts";
import { silentLog } from "../kit/log.ts";
import { untilPaid } from "../kit/until-paid.ts";

const base = makeTempDir("faults");
const opened: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of opened.reverse()) await close();
  await rm(base, { recursive: true, force: true });
});

async function serve(env: Record<string, string>): Promise<RunningServer> {
  const server = await startServer(testConfig(env), silentLog);
  opened.push(() => server.stop());
  return server;
}

describe("PostgreSQL crashes under load", () => {
  it("keeps every click that was acknowledged, and counts none twice", async () => {
    const dataDir = join(base, "postgres-clicks");
    let postgres: LocalPostgres = await startPostgres({ dataDir });
    opened.push(() => postgres.stop());
    const server = await serve({
      DATABASE_URL: postgres.url,
      PAYOUT_MODE: "server",
      CLICK_MAX_ENERGY: "1000000",
    });
    const players = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const wallet = randomWallet();
        return { wallet, api: await new ApiClient(server.url).signIn(wallet), acknowledged: 0 };
      }),
    );
    let stop = false;
    const load = players.map(async (player) => {
      for (let i = 0; !stop; i++) {
        // A click whose answer was lost is sent again under its nonce until it is answered.
        for (let answered = false; !answered && !stop; ) {
          try {
            const { accepted } = await player.api.post<{ accepted: number }>("/click", {
              clientNonce: `c${i}`,
              count: 2,
            });
            player.acknowledged += accepted;
            answered = true;
          } catch (error) {
            if (error instanceof ApiProblem) expect([503, 429]).toContain(error.status);
            await sleep(20);
          }
        }
      }
    });
    await expect.poll(() => players.every(({ acknowledged }) => acknowledged > 10)).toBe(true);
    // An immediate shutdown: no checkpoint, recovery from the log at the next start.
    process.kill(postgres.pid, "SIGQUIT");
    await postgres.exited;
    const unready = await fetch(`${server.url}/ready`);
    expect(unready.status).toBe(503);
    const atCrash = players.map(({ acknowledged }) => acknowledged);
    await sleep(300);
    postgres = await startPostgres({ dataDir, port: postgres.port });
    await expect
      .poll(() => players.every(({ acknowledged }, index) => acknowledged > (atCrash[index] ?? 0)))
      .toBe(true);
    stop = true;
    await Promise.all(load);

    for (const { api, wallet, acknowledged } of players) {
      const report = await api.get<{ balances: { asset: string; available: string }[] }>(
        `/balance/${wallet.address}`,
      );
      const available = Number(report.balances.find(({ asset }) => asset === "COIN")?.available);
      // Whatever was in flight when the load stopped may have counted without being heard of: at most one click of 2.
      expect(available - acknowledged).toBeGreaterThanOrEqual(0);
      expect(available - acknowledged).toBeLessThanOrEqual(2);
    }
    await expect.poll(async () => (await fetch(`${server.url}/ready`)).status).toBe(200);
  });
});

describe("the chain's RPC is down", () => {
  it("accepts payouts, lets them wait, says so, and pays each once when it is back", async () => {
    const postgres = await startPostgres({ dataDir: join(base, "postgres-rpc"), volatile: true });
    opened.push(() => postgres.stop());
    const chainDir = join(base, "chain");
    let chain: LocalChain = await startChain({ dataDir: chainDir, blockTimeMs: 200 });
    opened.push(() => chain.stop());
    const { port } = new URL(chain.url);
    const server = await serve({
      DATABASE_URL: postgres.url,
      FLARE_RPC_URLS: chain.url,
      FLARE_VAULT_ADDRESS: chain.vault,
      FLARE_POLL_MS: "50",
    });
    const wallet = randomWallet();
    const api = await new ApiClient(server.url).signIn(wallet);
    await api.post("/click", { clientNonce: "earn", count: 50 });
    await expect
      .poll(() => api.get<{ approvals: number }>("/payouts/quote?asset=COIN&amount=5&payAs=FLR"))
      .toBeDefined();
    const first = await untilPaid(api, (await requestWhenFunded(api, 5n)).id);

    await chain.stop();
    const waiting = await Promise.all([api.requestPayout(6n), api.requestPayout(7n)]);
    await expect
      .poll(async () => (await (await fetch(`${server.url}/ready`)).json()) as unknown)
      .toMatchObject({
        status: "degraded",
        checks: expect.arrayContaining([expect.objectContaining({ name: "flare", ok: false })]),
      });
    for (const { id } of waiting) {
      expect(["approved", "batched", "submitted"]).toContain(
        (await api.get<PayoutView>(`/payouts/${id}`)).status,
      );
    }

    chain = await startChain({ dataDir: chainDir, blockTimeMs: 200, port: Number(port) });
    const paid = await Promise.all(waiting.map(({ id }) => untilPaid(api, id)));
    const provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true });
    const vault = new Contract(chain.vault, payoutVaultAbi, provider);
    for (const { number } of [first, ...paid])
      expect(await vault.getFunction("isConsumed")(number)).toBe(true);
    const total = [first, ...paid].reduce((sum, { amount }) => sum + BigInt(amount), 0n);
    expect(await provider.getBalance(wallet.address)).toBe(total);
    provider.destroy();
    await expect
      .poll(async () => ((await (await fetch(`${server.url}/ready`)).json()) as { status: string }).status)
      .toBe("ready");
  });
});

/** Right after the first start the vault's funding may not have been read from the chain yet. */
async function requestWhenFunded(api: ApiClient, amount: bigint): Promise<PayoutView> {
  for (;;) {
    try {
      return await api.requestPayout(amount);
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.code !== "treasury_short") throw error;
      await sleep(100);
    }
  }
}
