import { JsonRpcProvider, Wallet } from "ethers";
import { afterAll, describe, expect, it } from "vitest";
import { startChain } from "../../scripts/local/chain.ts";
import { hardhatWallets } from "../../src/config.ts";
import { createTestDatabase } from "../kit/database.ts";
import { newWallet, okay, problemOf, type SignedIn, startAuth } from "./harness.ts";

const db = await createTestDatabase();
const chain = await startChain({ blockTimeMs: 0 });
// Without a cache: ethers gives an identical call the same answer for 250 ms, a nonce too.
const provider = new JsonRpcProvider(chain.url, chain.chainId, { staticNetwork: true, cacheTimeout: -1 });
const deployer = new Wallet(hardhatWallets()[12]?.privateKey ?? "", provider);
const app = await startAuth(db, { provider });
afterAll(async () => {
  provider.destroy();
  await chain.stop();
});

/** Deploys bare EVM code, at most 255 bytes of it, and returns where. */
async function deploy(runtime: string): Promise<string> {
  const length = (runtime.length / 2).toString(16).padStart(2, "0");
  // PUSH1 length, DUP1, PUSH1 11, PUSH1 0, CODECOPY, PUSH1 0, RETURN
  const sent = await deployer.sendTransaction({ data: `0x60${length}80600b6000396000f3${runtime}` });
  const receipt = await sent.wait();
  if (!receipt?.contractAddress) throw new Error("nothing was deployed");
  return receipt.contractAddress;
}

async function signInAs(address: string) {
  const { message } = await app.challenge(address);
  return app.post("/auth/verify", { message, signature: await newWallet().signMessage(message) });
}

const RETURN_WORD = "60005260206000f3"; // the word on the stack

describe("a wallet contract on a real EVM", () => {
  it("signs in when it answers ERC-1271's magic value", async () => {
    const address = await deploy(`631626ba7e60e01b${RETURN_WORD}`);
    expect(okay<SignedIn>(await signInAs(address)).player).toMatchObject({ address, roles: ["player"] });
  });

  it.each([
    ["answers one", `6001${RETURN_WORD}`],
    ["answers nothing", "00"],
    ["reverts without data", "60006000fd"],
    ["reverts with data", "60206000fd"],
    ["meets an invalid opcode", "fe"],
    ["jumps nowhere", "600056"],
    ["pops an empty stack", "50"],
    ["writes in a static call", "6001600055"],
  ])("is refused when it %s", async (_name, runtime) => {
    const response = await signInAs(await deploy(runtime));
    expect(problemOf(response)).toMatchObject({ status: 401, code: "signature_invalid" });
  });

  it("costs seconds at most, and signs nobody in, when it never ends", async () => {
    const started = performance.now();
    const problem = problemOf(await signInAs(await deploy("5b600056")));
    // A slow node may not get to the end of the gas before we stop waiting.
    expect(["signature_invalid", "chain_unavailable"]).toContain(problem.code);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
