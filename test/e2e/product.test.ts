import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { JsonRpcProvider, Wallet } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiClient, type PayoutView } from "../../scripts/local/api-client.ts";
import { freePort } from "../../scripts/local/postgres.ts";
import { makeTempDir } from "../../scripts/local/temp-dir.ts";
import { hardhatWallets } from "../../src/config.ts";
import { Product } from "../kit/product.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

/** One product for the file, started as a person would, killed and started again on the same state. */
let dataDir: string;
let product: Product;

beforeAll(async () => {
  dataDir = makeTempDir("product");
  product = await new Product({ dataDir, port: await freePort() }).ready();
});

afterAll(async () => {
  await product.end("SIGINT");
  await rm(dataDir, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  product = await new Product({ dataDir, port: product.port }).ready();
}

async function settled(api: ApiClient, id: string): Promise<PayoutView> {
  for (;;) {
    const payout = await api.get<PayoutView>(`/payouts/${id}`);
    if (["confirmed", "credited", "failed"].includes(payout.status)) return payout;
    await sleep(100);
  }
}

describe("npm start", () => {
  it("says where to go and who may approve", () => {
    expect(product.output).toContain(`CoinClicker   ${product.url}`);
    expect(product.output).toContain("a new ledger and new chains");
    for (const index of [1, 2, 3, 4]) expect(product.output).toContain(hardhatWallets()[index]?.address);
  });

  it("carries docs/api.md from the first line to the last, through a small and a large payout", async () => {
    const guide = await readFile(join(ROOT, "docs/api.md"), "utf8");
    const script = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]).join("\n");
    const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], {
      cwd: ROOT,
      env: { ...process.env, API: `${product.url}/api/v1` },
    });
    expect(stdout).toContain('"isFirst":false');
    expect(stdout).toContain('"accepted":50');
    const large = stdout
      .split("\n")
      .find((line) => line.includes('"amount":"150000000000000000000"') && line.includes('"txHash":"0x'));
    expect(JSON.parse(large ?? "{}")).toMatchObject({
      status: "confirmed",
      source: "onchain",
      approvals: { required: 2, given: 2 },
    });
    const xrp = stdout
      .split("\n")
      .find((line) => line.includes('"amount":"250000000"') && line.includes('"status":"confirmed"'));
    expect(JSON.parse(xrp ?? "{}")).toMatchObject({ rail: "xrpl", approvals: { required: 2, given: 2 } });
  });

  it("gives the page at / and the API's reference at /docs, neither with a script inline", async () => {
    const home = await fetch(product.url, { redirect: "manual" });
    expect(home.status).toBe(200);
    expect(home.headers.get("content-security-policy")).toMatch(/script-src 'self'(;|$)/);
    expect(await home.text()).toContain('<div id="root">');
    const page = await fetch(`${product.url}/docs`);
    expect(page.headers.get("content-security-policy")).toMatch(/script-src 'self'(;|$)/);
    expect(await page.text()).not.toMatch(/<script>(?!<)/);
    expect((await fetch(`${product.url}/docs/scalar.js`)).status).toBe(200);
    expect(await (await fetch(`${product.url}/openapi.json`)).json()).toMatchObject({ openapi: "3.1.0" });
  });

  it("refuses a second start on the same port, and one on the same state, in one line each", async () => {
    const samePort = new Product({ dataDir: `${dataDir}-other`, port: product.port });
    expect(await samePort.exit()).toBe(1);
    expect(samePort.output.trim()).toBe(
      `coinclicker: port ${product.port} on 127.0.0.1 is taken: set PORT to a free one`,
    );
    const sameState = new Product({ dataDir, port: await freePort() });
    expect(await sameState.exit()).toBe(1);
    expect(sameState.output.trim()).toMatch(
      /^coinclicker: .* is in use by process \d+: stop it, or set DATA_DIR/,
    );
    expect((await fetch(`${product.url}/health`)).status).toBe(200);
  });

  it("lists all faults of a wrong configuration at once", async () => {
    const wrong = new Product({
      dataDir: `${dataDir}-wrong`,
      port: await freePort(),
      PAYOUT_MODE: "sometimes",
      CLICK_MAX_ENERGY: "many",
      FLARE_CONFIRMATIONS: "0",
    });
    expect(await wrong.exit()).toBe(1);
    for (const name of ["PAYOUT_MODE", "CLICK_MAX_ENERGY", "FLARE_CONFIRMATIONS"])
      expect(wrong.output).toContain(name);
    await rm(`${dataDir}-wrong`, { recursive: true, force: true });
  });

  it.each(["SIGINT", "SIGKILL"] as const)(
    "continues ledger and chain after %s",
    async (signal) => {
      const wallet = Wallet.createRandom();
      const api = await new ApiClient(product.url).signIn(wallet);
      await api.post("/click", { clientNonce: "before", count: 50 });
      const before = await settled(api, (await api.requestPayout(20n)).id);
      const chainUrl = /Local chain {3}(\S+)/.exec(product.output)?.[1] ?? "";

      const code = await product.end(signal);
      if (signal === "SIGINT") expect(code).toBe(0);
      await expect.poll(() => fetch(chainUrl).catch(() => "gone")).toBe("gone");
      await restart();
      expect(product.output).toContain("continue where they were");

      const again = await new ApiClient(product.url).signIn(wallet);
      expect(await again.get(`/balance/${wallet.address}`)).toMatchObject({
        balances: expect.arrayContaining([{ asset: "COIN", available: "30", held: "0" }]),
      });
      expect(await again.get<PayoutView>(`/payouts/${before.id}`)).toEqual(before);
      const newChainUrl = /Local chain {3}(\S+)/.exec(product.output)?.[1] ?? "";
      const provider = new JsonRpcProvider(newChainUrl, 31_337, { staticNetwork: true });
      expect(await provider.getBalance(wallet.address)).toBe(BigInt(before.amount));
      expect((await provider.getTransactionReceipt(before.txHash ?? ""))?.blockNumber).toBe(
        Number(before.blockNumber),
      );
      provider.destroy();
      expect((await settled(again, (await again.requestPayout(30n)).id)).status).toBe("confirmed");
    },
    120_000,
  );
});
