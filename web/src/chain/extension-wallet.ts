import { createStore as createProviderStore, type EIP6963ProviderDetail } from "mipd";
import { hexOf } from "../lib/hex.ts";
import { networkOf } from "./networks.ts";
import { type CallRequest, CallReverted, type Chain, type EvmWallet, WalletRefused } from "./wallet.ts";

/** Wallets that announce themselves to the page (EIP-6963). */
export const announced = createProviderStore();

type Provider = { request(args: { method: string; params?: unknown }): Promise<unknown> };

const USER_REJECTED = 4001;
const CHAIN_UNKNOWN = 4902;

/** Asks an extension for its account. `chain` is where transactions go; signing in needs none. */
export async function connectExtension(
  detail: EIP6963ProviderDetail,
  chain: Chain | null,
): Promise<EvmWallet> {
  const provider = detail.provider as Provider;
  const { name } = detail.info;
  const ask = <T>(method: string, params?: unknown): Promise<T> =>
    askProvider<T>(provider, name, method, params);
  const [address] = await ask<string[]>("eth_requestAccounts");
  if (address === undefined)
    throw new WalletRefused(`${name} gave no account. Choose one there and try again.`);

  const call = (request: CallRequest) => ({ from: address, ...request });
  return {
    name,
    chain: "flare",
    address,
    isToy: false,
    prove: async (message) => ({ signature: await ask("personal_sign", [`0x${hexOf(message)}`, address]) }),
    signTypedData: async (typedData) => {
      if (chain !== null) await switchTo(ask, chain);
      return ask("eth_signTypedData_v4", [address, JSON.stringify(typedData)]);
    },
    async simulate(request) {
      if (chain !== null) await switchTo(ask, chain);
      try {
        await provider.request({ method: "eth_call", params: [call(request), "latest"] });
      } catch (error) {
        throw new CallReverted(revertDataOf(error), error);
      }
    },
    async send(request) {
      if (chain !== null) await switchTo(ask, chain);
      return ask("eth_sendTransaction", [call(request)]);
    },
  };
}

async function askProvider<T>(
  provider: Provider,
  name: string,
  method: string,
  params?: unknown,
): Promise<T> {
  try {
    return (await provider.request({ method, ...(params === undefined ? {} : { params }) })) as T;
  } catch (error) {
    const { code, message } = error as { code?: number; message?: string };
    if (code === USER_REJECTED)
      throw new WalletRefused(`You declined in ${name}. Nothing was signed.`, error);
    if (code === CHAIN_UNKNOWN) throw error;
    throw new WalletRefused(`${name} refused: ${message ?? "no reason given"}`, error);
  }
}

type Ask = <T>(method: string, params?: unknown) => Promise<T>;

async function switchTo(ask: Ask, chain: Chain): Promise<void> {
  const chainId = `0x${chain.chainId.toString(16)}`;
  if ((await ask<string>("eth_chainId")) === chainId) return;
  try {
    await ask("wallet_switchEthereumChain", [{ chainId }]);
  } catch (error) {
    if ((error as { code?: number }).code !== CHAIN_UNKNOWN) throw error;
    const network = networkOf(chain.chainId);
    const rpcUrl = chain.rpcUrl ?? network.rpcUrl;
    if (rpcUrl === null) throw new WalletRefused(`Add ${network.name} to your wallet first.`, error);
    await ask("wallet_addEthereumChain", [
      {
        chainId,
        chainName: network.name,
        rpcUrls: [rpcUrl],
        nativeCurrency: { name: network.currency, symbol: network.currency, decimals: 18 },
        ...(network.explorer === null ? {} : { blockExplorerUrls: [network.explorer] }),
      },
    ]);
  }
}

/** Wallets nest what the chain said differently deep. */
function revertDataOf(error: unknown): string | null {
  for (let at = error; typeof at === "object" && at !== null; ) {
    const { data, cause, error: inner } = at as { data?: unknown; cause?: unknown; error?: unknown };
    if (typeof data === "string" && data.startsWith("0x")) return data;
    at = typeof data === "object" && data !== null ? data : (inner ?? cause);
  }
  return null;
}
