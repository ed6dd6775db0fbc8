import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { Wallet } from "xrpl";
import { startXrplLedger } from "../../../scripts/local/xrpl-ledger/index.ts";
import { LOCAL_XRPL_NETWORK_ID, localXrplAccounts } from "../../../src/config.ts";

const { genesis } = localXrplAccounts();
const NETWORK = String(LOCAL_XRPL_NETWORK_ID);

async function ledger() {
  const started = await startXrplLedger({ networkId: LOCAL_XRPL_NETWORK_ID, closeEveryMs: 100 });
  onTestFinished(() => started.stop());
  return started;
}

/** As an operator without a terminal runs it, in a script. */
async function run(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, ["scripts/xrpl-setup.ts", ...args], {
    env: { PATH: process.env.PATH, XRPL_NETWORK_ID: NETWORK, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("exit", resolve)),
  ]);
  return { out, err, code };
}

const treasury = Wallet.generate();
const others = Array.from({ length: 4 }, () => Wallet.generate().address);
const flags = [
  ...["--treasury", treasury.address, "--signers", others.slice(0, 3).join(","), "--quorum", "2"],
  ...["--regular-key", others[3] ?? "", "--tickets", "3"],
];
const seeds = { XRPL_TREASURY_SEED: treasury.seed ?? "", XRPL_FUNDER_SEED: genesis.seed };

describe("npm run xrpl:setup", () => {
  it("only says what it would do where nobody can be asked", async () => {
    const { url, balanceOf } = await ledger();
    const { out, err, code } = await run(flags, { XRPL_URLS: url, ...seeds });
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out).toContain(`${treasury.address} does not exist yet`);
    expect(out).toMatch(/1\. Payment: .*\n.*Locks 1 XRP as reserve/);
    expect(out).toContain("5. AccountSet: disables the master key");
    expect(out).toContain("Nothing was done: this was a dry run.");
    expect(balanceOf(treasury.address)).toBeNull();
  });

  it("does it with --yes, once, and shows no seed", async () => {
    const { url, balanceOf } = await ledger();
    const env = { XRPL_URLS: url, ...seeds, XRPL_FUND: "50" };
    const first = await run([...flags, "--yes"], env);
    expect(first.err).toBe("");
    expect(first.code).toBe(0);
    expect(first.out).toContain(`${treasury.address} is as planned.`);
    expect(first.out.match(/validated in ledger/g)).toHaveLength(5);
    const balance = balanceOf(treasury.address);
    const second = await run([...flags, "--yes"], env);
    expect(second).toMatchObject({ code: 0, err: "" });
    expect(second.out).toContain("master key disabled");
    expect(second.out).toContain("Nothing is missing.");
    expect(balanceOf(treasury.address)).toBe(balance);
    for (const seed of Object.values(seeds)) expect(first.out + second.out).not.toContain(seed);
  });

  it("names what is wrong, and ends with a failure", async () => {
    const { url } = await ledger();
    const unfunded = await run([...flags, "--yes"], { XRPL_URLS: url, ...seeds, XRPL_FUNDER_SEED: "" });
    expect(unfunded.err).toMatch(/send it \d/);
    const seedless = await run([...flags, "--yes"], { XRPL_URLS: url, XRPL_FUNDER_SEED: genesis.seed });
    expect(seedless.err).toContain("XRPL_TREASURY_SEED is missing");
    const garbled = await run(flags, { XRPL_URLS: url, ...seeds, XRPL_TREASURY_SEED: "sNotASeed" });
    expect(garbled.err).toContain("XRPL_TREASURY_SEED must be a seed");
    expect(garbled.err).not.toContain("sNotASeed");
    const elsewhere = await run(flags, { XRPL_URLS: url, XRPL_NETWORK_ID: "0" });
    expect(elsewhere.err).toContain(`it serves network ${NETWORK}, not 0`);
    const lines = await run([...flags, "--trust", "RLUSD:5"], { XRPL_URLS: url });
    expect(lines.err).toContain("RLUSD.rIssuer");
    for (const { code } of [unfunded, seedless, garbled, elsewhere, lines]) expect(code).toBe(1);
  });

  it("takes no seed from the command line", async () => {
    const { code, err } = await run(["--treasury-seed", "s"], {});
    expect(code).toBe(1);
    expect(err).toContain("--treasury-seed");
  });
});
