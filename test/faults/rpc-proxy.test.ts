import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { FaultyRpc } from "../../scripts/faults/rpc-proxy.ts";
import { readBody } from "../../scripts/local/read-body.ts";

/** A chain of 20 blocks; answers with what it was asked, so that what came through can be seen. */
const asked: { method: string; params: unknown[] }[] = [];
const node = createServer(async (request, response) => {
  const { id, method, params } = JSON.parse(await readBody(request, 10_000));
  asked.push({ method, params });
  const result =
    method === "eth_blockNumber"
      ? "0x14"
      : method === "eth_getTransactionReceipt"
        ? { blockNumber: "0x12" }
        : method === "eth_getLogs"
          ? [{ blockNumber: "0x5" }, { blockNumber: "0x12" }]
          : { echoed: params };
  response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
});
await new Promise<void>((done) => node.listen(0, "127.0.0.1", done));
const rpc = new FaultyRpc(`http://127.0.0.1:${(node.address() as AddressInfo).port}`);
const url = await rpc.start();
afterAll(() => {
  rpc.stop();
  node.close();
  node.closeAllConnections();
});
beforeEach(() => {
  rpc.heal();
  asked.length = 0;
});

function send(method: string, params: unknown[] = [], signal?: AbortSignal): Promise<Response> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  return fetch(url, { method: "POST", body, ...(signal === undefined ? {} : { signal }) });
}
async function ask(method: string, params: unknown[] = []): Promise<unknown> {
  const { result, error } = (await (await send(method, params)).json()) as Record<string, unknown>;
  return error ?? result;
}

describe("a misbehaving RPC", () => {
  it("passes everything on while nothing is switched on", async () => {
    expect(await ask("eth_call", [{ to: "0x1" }, "latest"])).toEqual({ echoed: [{ to: "0x1" }, "latest"] });
    expect(await ask("eth_getTransactionReceipt", ["0xa"])).toEqual({ blockNumber: "0x12" });
  });

  it("shows the chain as it was, wherever a block is named or comes back", async () => {
    rpc.lagBlocks = 5;
    expect(await ask("eth_blockNumber")).toBe("0xf");
    expect(await ask("eth_getBalance", ["0x1", "latest"])).toEqual({ echoed: ["0x1", "0xf"] });
    expect(await ask("eth_getTransactionCount", ["0x1", "pending"])).toEqual({ echoed: ["0x1", "0xf"] });
    expect(await ask("eth_getBlockByNumber", ["0x10", false])).toBe(null);
    expect(await ask("eth_call", [{}, "0x10"])).toMatchObject({ message: "header not found" });
    expect(await ask("eth_getTransactionReceipt", ["0xa"])).toBe(null);
    expect(await ask("eth_getLogs", [{}])).toEqual([{ blockNumber: "0x5" }]);
  });

  it("knows no receipts", async () => {
    rpc.hidesReceipts = true;
    expect(await ask("eth_getTransactionReceipt", ["0xa"])).toBe(null);
  });

  it("takes transactions and forgets them, or refuses them", async () => {
    rpc.forgetsTransactions = true;
    expect(await ask("eth_sendRawTransaction", ["0x02"])).toMatch(/^0x0+$/);
    rpc.refusesTransactions = "nonce too low";
    expect(await ask("eth_sendRawTransaction", ["0x02"])).toMatchObject({ message: "nonce too low" });
    expect(asked).toEqual([]);
  });

  it("answers 429", async () => {
    rpc.answers429 = true;
    expect((await send("eth_blockNumber")).status).toBe(429);
    expect(asked).toEqual([]);
  });

  it("does what it is asked and loses the answer", async () => {
    rpc.losesAnswers = true;
    await expect(send("eth_sendRawTransaction", ["0x02"])).rejects.toThrow();
    expect(asked).toContainEqual({ method: "eth_sendRawTransaction", params: ["0x02"] });
  });

  it("never answers until it is healed, and then cuts who waits", async () => {
    rpc.hangs = true;
    const waiting = send("eth_blockNumber");
    await expect(
      Promise.race([waiting, send("eth_chainId", [], AbortSignal.timeout(100))]),
    ).rejects.toThrow();
    rpc.heal();
    await expect(waiting).rejects.toThrow();
    expect(await ask("eth_blockNumber")).toBe("0x14");
  });
});
