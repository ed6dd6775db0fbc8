import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AbiCoder, Interface, Wallet } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hardhatWallets } from "../../src/config.ts";
import { startFakeChain } from "../auth/fake-chain.ts";
import { newWallet, problemOf, startAuth } from "../auth/harness.ts";
import { createTestApp, randomWallet, signIn } from "../kit/app.ts";
import { createTestDatabase } from "../kit/database.ts";
import { ask, operationsOf } from "./operations.ts";

const app = await createTestApp({ ROLE: "api" });
const operations = operationsOf(app);

/** Hears of any request that somebody makes the server make. */
let heard = 0;
const canary = createServer((_request, response) => {
  heard += 1;
  response.end();
});
let address = "";
beforeAll(async () => {
  await new Promise<void>((done) => canary.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/`;
});
afterAll(() => {
  canary.closeAllConnections();
  canary.close();
});

describe("the server asks no address that a user names", () => {
  it("because no route takes one", () => {
    const texts = operations.flatMap(({ texts: all }) => all);
    expect(texts.length).toBeGreaterThan(40);
    const named = texts.filter(
      ({ name, format }) =>
        /ur[il]$|^href|link|host|domain|callback|webhook|redirect|endpoint|proxy|image|avatar/i.test(name) ||
        /ur[il]/.test(format ?? ""),
    );
    expect(named).toEqual([]);
  });

  it("not even where one stands in every field of every route", async () => {
    const admin = await signIn(app, new Wallet(hardhatWallets()[1]?.privateKey ?? ""));
    const player = await signIn(app, randomWallet());
    for (const token of [admin, player]) {
      for (const { method, path, texts } of operations) {
        if (path.endsWith("/auth/logout")) continue;
        const fields = Object.fromEntries(texts.map(({ name }) => [name, address]));
        const query = new URLSearchParams(fields).toString();
        const answer = await ask(app, method, `${path}?${query}`, {
          token,
          headers: {
            "idempotency-key": address,
            host: new URL(address).host,
            referer: address,
            origin: address,
            "x-forwarded-host": new URL(address).host,
          },
          ...(method === "GET" || method === "DELETE" ? {} : { body: fields }),
        });
        expect(answer.status).toBeLessThan(500);
      }
    }
    expect(heard).toBe(0);
  });

  it("nor one that a wallet contract names, which the chain would have looked up elsewhere (EIP-3668)", async () => {
    const chain = await startFakeChain();
    const auth = await startAuth(await createTestDatabase(), { provider: chain.provider });
    const wallet = newWallet();
    const contract = newWallet().address;
    const lookup = new Interface([
      "error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callback, bytes extraData)",
    ]);
    const data = lookup.encodeErrorResult("OffchainLookup", [
      contract,
      [`${address}{sender}/{data}`],
      AbiCoder.defaultAbiCoder().encode(["string"], ["ask"]),
      "0x12345678",
      "0x",
    ]);
    chain.deploy(contract, { fails: { code: 3, message: "execution reverted", data } });
    const { message } = await auth.challenge(contract);
    const signature = await wallet.signMessage(message);
    const answer = await auth.post("/auth/verify", { message, signature });
    expect(problemOf(answer)).toMatchObject({ status: 401, code: "signature_invalid" });
    expect(heard).toBe(0);
  });

  it("would have been heard of", async () => {
    await fetch(address);
    expect(heard).toBe(1);
  });
});
