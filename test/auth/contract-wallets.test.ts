import { afterEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "../kit/database.ts";
import { startFakeChain, type WalletContract } from "./fake-chain.ts";
import { newWallet, okay, problemOf, type SignedIn, startAuth } from "./harness.ts";

const db = await createTestDatabase();
const chain = await startFakeChain();
const app = await startAuth(db, { provider: chain.provider });

afterEach(() => chain.become("up"));

/** A contract wallet at a fresh address, and a challenge for it signed by its owner. */
async function contractWallet(contract?: WalletContract) {
  const owner = newWallet();
  const { address } = newWallet();
  chain.deploy(address, contract ?? { owner: owner.address });
  const { message } = await app.challenge(address);
  const signature = await owner.signMessage(message);
  return { owner, address, message, verify: () => app.post("/auth/verify", { message, signature }) };
}

describe("a wallet that is a contract (ERC-1271)", () => {
  it("signs in as the contract's address when the contract accepts", async () => {
    const { address, verify } = await contractWallet();
    const { player } = okay<SignedIn>(await verify());
    expect(player).toMatchObject({ address, account: address, roles: ["player"] });
    expect(problemOf(await verify()).code).toBe("challenge_used");
  });

  it("is refused when the signature is not its owner's, and keeps its challenge", async () => {
    const { message, verify } = await contractWallet();
    const signature = await newWallet().signMessage(message);
    expect(problemOf(await app.post("/auth/verify", { message, signature })).code).toBe("signature_invalid");
    okay(await verify());
  });

  it.each<[string, WalletContract]>([
    ["answers nothing", { answers: "0x" }],
    ["answers a bare selector", { answers: "0x1626ba7e" }],
    ["answers true", { answers: `0x${"00".repeat(31)}01` }],
    ["answers all ones", { answers: `0x${"ff".repeat(32)}` }],
    ["answers dirty padding", { answers: `0x1626ba7e${"00".repeat(27)}01` }],
    ["reverts with a reason", { fails: { code: 3, message: "execution reverted: no", data: "0x08c379a0" } }],
    ["reverts with empty data", { fails: { code: 3, message: "execution reverted", data: "0x" } }],
    ["reverts as geth says it without data", { fails: { code: -32_000, message: "execution reverted" } }],
    ["burns its gas", { fails: { code: -32_000, message: "out of gas" } }],
    ["hits an invalid opcode", { fails: { code: -32_000, message: "invalid opcode: INVALID" } }],
  ])("is refused when the contract %s", async (_name, contract) => {
    const { verify } = await contractWallet(contract);
    expect(problemOf(await verify())).toMatchObject({ status: 401, code: "signature_invalid" });
  });

  it("is refused where no contract is", async () => {
    const { message } = await app.challenge(newWallet().address);
    const signature = await newWallet().signMessage(message);
    expect(problemOf(await app.post("/auth/verify", { message, signature })).code).toBe("signature_invalid");
  });

  it.each(["refusing", "limited", "garbling"] as const)(
    "may try again with the same challenge when the node was %s",
    async (state) => {
      const { verify } = await contractWallet();
      chain.become(state);
      const response = await verify();
      expect(problemOf(response)).toMatchObject({ status: 503, code: "chain_unavailable" });
      expect(response.headers["retry-after"]).toBe("2");
      chain.become("up");
      okay(await verify());
    },
  );

  it("is told to try again when the node hangs, within seconds", async () => {
    const { verify } = await contractWallet();
    chain.become("hanging");
    const started = performance.now();
    expect(problemOf(await verify())).toMatchObject({ status: 503, code: "chain_unavailable" });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it("does not need the chain for an account's own key", async () => {
    chain.become("refusing");
    await app.signIn(newWallet());
  });
});
