import { randomUUID } from "node:crypto";
import {
  type HDNodeWallet,
  JsonRpcProvider,
  type TypedDataDomain,
  type TypedDataField,
  Wallet,
} from "ethers";
import type { BrowserContext } from "playwright-core";

type Answer = { result: unknown } | { error: { code: number; message: string; data?: unknown } };

export type InjectedWallet = {
  readonly address: string;
  /** Every method that the page asked for, in order. */
  readonly asked: readonly string[];
  /** Its owner says no to the next request of this method. */
  declineNext(method: string): void;
};

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='32' height='32'%3E%3Crect width='32' height='32' rx='8' fill='%23467'/%3E%3C/svg%3E";

/**
 * A wallet extension as a page sees one: it announces itself (EIP-6963), keeps its key to itself, signs what it is asked
 * to, and passes the rest on to the chain's node. Chosen in the page by its name.
 */
export async function injectWallet(
  context: BrowserContext,
  options: { key: Wallet | HDNodeWallet; rpcUrl: string; name?: string },
): Promise<InjectedWallet> {
  const { key, name = "Test Wallet" } = options;
  const node = new JsonRpcProvider(options.rpcUrl, 31_337, { staticNetwork: true, cacheTimeout: -1 });
  context.on("close", () => node.destroy());
  const asked: string[] = [];
  const declined: string[] = [];
  // An extension starts on the chain that its owner used last.
  let chainId = "0x1";

  async function perform(method: string, params: readonly unknown[]): Promise<unknown> {
    switch (method) {
      case "eth_requestAccounts":
      case "eth_accounts":
        return [key.address];
      case "eth_chainId":
        return chainId;
      case "wallet_switchEthereumChain":
        chainId = (params[0] as { chainId: string }).chainId;
        return null;
      case "personal_sign":
        return key.signMessage(Buffer.from(String(params[0]).slice(2), "hex"));
      case "eth_signTypedData_v4": {
        const data = JSON.parse(String(params[1])) as {
          domain: TypedDataDomain & { chainId: number };
          types: Record<string, TypedDataField[]>;
          message: Record<string, unknown>;
        };
        // As real wallets do: what is signed for another chain is refused.
        if (BigInt(data.domain.chainId) !== BigInt(chainId))
          throw rpcError(-32_602, `chainId ${data.domain.chainId} is not the active chain`);
        const { EIP712Domain: _domain, ...types } = data.types;
        return key.signTypedData(data.domain, types, data.message);
      }
      case "eth_sendTransaction": {
        const { to, data } = params[0] as { to: string; data: string };
        return (await new Wallet(key.privateKey, node).sendTransaction({ to, data })).hash;
      }
      default:
        return node.send(method, [...params]);
    }
  }

  await context.exposeFunction("askTestWallet", async (method: string, params: readonly unknown[] = []) => {
    asked.push(method);
    try {
      const at = declined.indexOf(method);
      if (at >= 0) {
        declined.splice(at, 1);
        throw rpcError(4001, "User rejected the request.");
      }
      return { result: await perform(method, params) } satisfies Answer;
    } catch (error) {
      const { code, message, data, info } = error as {
        code?: number | string;
        message: string;
        data?: unknown;
        info?: { error?: { data?: unknown } };
      };
      return {
        error: {
          code: typeof code === "number" ? code : -32_603,
          message,
          data: data ?? info?.error?.data ?? null,
        },
      } satisfies Answer;
    }
  });
  const info = { uuid: randomUUID(), name, rdns: "org.example.testwallet", icon: ICON };
  await context.addInitScript(`{
    const provider = {
      async request({ method, params }) {
        const answer = await window.askTestWallet(method, params);
        if ("error" in answer) throw Object.assign(new Error(answer.error.message), answer.error);
        return answer.result;
      },
      on() {},
      removeListener() {},
    };
    const detail = Object.freeze({ info: Object.freeze(${JSON.stringify(info)}), provider });
    const announce = () => dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
    addEventListener("eip6963:requestProvider", announce);
    announce();
  }`);
  return { address: key.address, asked, declineNext: (method) => declined.push(method) };
}

function rpcError(code: number, message: string): Error {
  return Object.assign(new Error(message), { code });
}
