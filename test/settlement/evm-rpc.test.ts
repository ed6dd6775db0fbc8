import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Contract } from "ethers";
import { afterEach, describe, expect, it } from "vitest";
import { createEvmRpc, EvmRpcError, EvmRpcUnavailable } from "../../src/platform/evm-rpc.ts";
import { silentLog } from "../kit/log.ts";

type Reply = { result: unknown } | { error: { code: number; message: string; data?: unknown } };

/** A node that can be taken down, answer as another chain, or refuse; it keeps what it was asked. */
class Node {
  chainId = 31_337;
  down = false;
  status = 200;
  replies: Record<string, Reply> = { eth_blockNumber: { result: "0x10" } };
  asked: string[] = [];
  server: Server = createServer((request, response) => void this.#answer(request, response));

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    if (this.down) {
      request.socket.destroy();
      return;
    }
    const { id, method } = JSON.parse(body);
    this.asked.push(method);
    const reply =
      method === "eth_chainId" ? { result: `0x${this.chainId.toString(16)}` } : this.replies[method];
    response.statusCode = this.status;
    response.end(this.status === 200 ? JSON.stringify({ jsonrpc: "2.0", id, ...reply }) : "<html>");
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function pool(count: number) {
  const nodes = Array.from({ length: count }, () => new Node());
  const urls = await Promise.all(nodes.map((node) => node.start()));
  const rpc = createEvmRpc({ urls, chainId: 31_337, log: silentLog, timeoutMs: 500 });
  closers.push(() => {
    rpc.close();
    for (const node of nodes) {
      node.server.closeAllConnections();
      node.server.close();
    }
  });
  return { rpc, nodes: nodes as [Node, ...Node[]], second: nodes[1] ?? new Node() };
}

describe("RPC pool", () => {
  it("asks the first URL while it answers, the next while it does not, and comes back", async () => {
    const { rpc, nodes, second } = await pool(2);
    const [first] = nodes;
    second.replies.eth_blockNumber = { result: "0x20" };
    expect(await rpc.request("eth_blockNumber", [])).toBe("0x10");
    first.down = true;
    expect(await rpc.request("eth_blockNumber", [])).toBe("0x20");
    expect(rpc.status().map((endpoint) => endpoint.healthy)).toEqual([false, true]);
    first.down = false;
    await expect.poll(() => rpc.request("eth_blockNumber", [])).toBe("0x10");
    expect(rpc.status().every((endpoint) => endpoint.healthy)).toBe(true);
  });

  it("never believes a URL that serves another chain, also when it changes while it was away", async () => {
    const { rpc, nodes, second } = await pool(2);
    const [first] = nodes;
    first.chainId = 14;
    second.replies.eth_blockNumber = { result: "0x20" };
    expect(await rpc.request("eth_blockNumber", [])).toBe("0x20");
    expect(rpc.status()[0]?.problem).toBe("it serves chain 14, not 31337");
    second.down = true;
    await expect(rpc.request("eth_blockNumber", [])).rejects.toBeInstanceOf(EvmRpcUnavailable);
    second.down = false;
    second.chainId = 14;
    await new Promise((done) => setTimeout(done, 300));
    await expect(rpc.request("eth_blockNumber", [])).rejects.toBeInstanceOf(EvmRpcUnavailable);
  });

  it("treats an error of the call as an answer, and an overloaded node as none", async () => {
    const { rpc, nodes, second } = await pool(2);
    const [first] = nodes;
    first.replies.eth_call = { error: { code: 3, message: "execution reverted", data: { data: "0xabcd" } } };
    await expect(rpc.request("eth_call", [])).rejects.toMatchObject({ code: 3, data: "0xabcd" });
    expect(second.asked).toEqual([]);
    first.replies.eth_blockNumber = { error: { code: -32_005, message: "limit exceeded" } };
    expect(await rpc.request("eth_blockNumber", [])).toBe("0x10");
    expect(second.asked).toContain("eth_blockNumber");
  });

  it("broadcasts to every URL that answers and reports each", async () => {
    const { rpc, nodes, second } = await pool(2);
    nodes[0].replies.eth_sendRawTransaction = { result: "0x01" };
    second.replies.eth_sendRawTransaction = { error: { code: -32_000, message: "already known" } };
    expect(await rpc.broadcast("0x00")).toMatchObject([{ ok: true, result: "0x01" }, { ok: false }]);
    nodes[0].status = 502;
    const answers = await rpc.broadcast("0x00");
    expect(answers).toHaveLength(1);
    expect(answers[0]?.ok === false && answers[0].error).toBeInstanceOf(EvmRpcError);
  });

  it("serves an ethers provider, with reverts as ethers gives them", async () => {
    const { rpc, nodes } = await pool(1);
    expect(await rpc.provider.getBlockNumber()).toBe(16);
    nodes[0].replies.eth_call = { error: { code: 3, message: "execution reverted", data: "0x" } };
    const contract = new Contract(
      "0x5FbDB2315678afecb367f032d93F642f64180aa3",
      ["function f() view returns (bool)"],
      rpc.provider,
    );
    await expect(contract.getFunction("f").staticCall()).rejects.toMatchObject({ code: "CALL_EXCEPTION" });
    nodes[0].down = true;
    await expect(rpc.provider.getBlockNumber()).rejects.toBeInstanceOf(EvmRpcUnavailable);
  });
});
