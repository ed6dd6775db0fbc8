import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Interface, JsonRpcProvider, recoverAddress } from "ethers";
import { afterAll } from "vitest";

const erc1271 = new Interface([
  "function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)",
]);
const MAGIC = `0x1626ba7e${"00".repeat(28)}`;

type RpcError = { code: number; message: string; data?: string };
type RpcRequest = {
  id: number;
  method: string;
  params: [{ to: string; data: string } | string, ...unknown[]];
};

/** What the contract at an address does when it is asked about a signature. */
export type WalletContract =
  | { owner: string } // accepts its owner's signature and answers anything else with zeros
  | { answers: string }
  | { fails: RpcError };

export type NodeState = "up" | "refusing" | "limited" | "hanging" | "garbling";

/** A JSON-RPC node over HTTP with wallet contracts and moods, so that the real ethers provider stands before it. */
export async function startFakeChain() {
  const contracts = new Map<string, WalletContract>();
  let state: NodeState = "up";

  function reply({ method, params }: RpcRequest): { result: string } | { error: RpcError } {
    if (method === "eth_chainId") return { result: "0x7a69" };
    if (state === "limited") return { error: { code: -32_005, message: "too many requests" } };
    const [target] = params;
    if (method === "eth_getCode") {
      return { result: contracts.has(String(target).toLowerCase()) ? "0x6000" : "0x" };
    }
    if (method !== "eth_call" || typeof target === "string") {
      return { error: { code: -32_601, message: `the method ${method} does not exist` } };
    }
    const contract = contracts.get(target.to.toLowerCase());
    if (contract === undefined) return { result: "0x" };
    if ("answers" in contract) return { result: contract.answers };
    if ("fails" in contract) return { error: contract.fails };
    const [hash, signature] = erc1271.decodeFunctionData("isValidSignature", target.data);
    return { result: recoverAddress(hash, signature) === contract.owner ? MAGIC : `0x${"00".repeat(32)}` };
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (state === "hanging") return;
      if (state === "refusing") return void request.socket.destroy();
      if (state === "garbling") return void response.end("<html>bad gateway</html>");
      const body = JSON.parse(Buffer.concat(chunks).toString()) as RpcRequest | RpcRequest[];
      const answers = [body].flat().map((one) => ({ jsonrpc: "2.0", id: one.id, ...reply(one) }));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(Array.isArray(body) ? answers : answers[0]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const provider = new JsonRpcProvider(`http://127.0.0.1:${port}`, 31_337, {
    staticNetwork: true,
    // ethers gives an identical call the same answer for 250 ms, a failure too.
    cacheTimeout: -1,
  });
  afterAll(() => {
    provider.destroy();
    server.closeAllConnections();
    server.close();
  });

  return {
    provider,
    deploy(address: string, contract: WalletContract): void {
      contracts.set(address.toLowerCase(), contract);
    },
    become(next: NodeState): void {
      state = next;
      if (next !== "hanging") server.closeAllConnections();
    },
  };
}
