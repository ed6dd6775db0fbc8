import { JsonRpcProvider, Wallet as Key } from "ethers";
import { LOCAL_CHAIN_ID } from "./networks.ts";
import { TOY_KEY } from "./toy-keys.ts";
import { CallReverted, type Chain, type EvmWallet, WalletRefused } from "./wallet.ts";

const GAS_MONEY_WEI = 10n ** 18n;

/**
 * A throwaway wallet for the local chain, whose coins are worth nothing. Its key lies readable in this browser's storage,
 * so it is offered nowhere else, and refuses to work anywhere else.
 */
export function openToyWallet(chain: Chain): EvmWallet {
  if (chain.chainId !== LOCAL_CHAIN_ID)
    throw new WalletRefused("The toy wallet works on the local chain only.");
  const key = readKey();
  let node: JsonRpcProvider | null = null;
  const provider = (): JsonRpcProvider => {
    if (chain.rpcUrl === undefined) throw new WalletRefused("The server names no node of the local chain.");
    node ??= new JsonRpcProvider(chain.rpcUrl, chain.chainId, { staticNetwork: true });
    return node;
  };
  return {
    name: "Toy wallet",
    chain: "flare",
    address: key.address,
    isToy: true,
    prove: async (message) => ({ signature: await key.signMessage(message) }),
    signTypedData({ domain, types, message }) {
      const { EIP712Domain: _domain, ...own } = types;
      return key.signTypedData(domain, own, message);
    },
    async simulate(request) {
      try {
        await provider().call({ from: key.address, ...request });
      } catch (error) {
        throw new CallReverted((error as { data?: string | null }).data ?? null, error);
      }
    },
    async send(request) {
      // The local node hands out coins for the asking; a new wallet has none to pay its gas with.
      if ((await provider().getBalance(key.address)) < GAS_MONEY_WEI) {
        await provider().send("hardhat_setBalance", [key.address, `0x${GAS_MONEY_WEI.toString(16)}`]);
      }
      return (await key.connect(provider()).sendTransaction(request)).hash;
    },
  };
}

/** Takes another key, such as one that `npm start` prints, and gives the one that was there; throws when it is none. */
export function replaceToyKey(text: string): string | null {
  const hex = text.trim();
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(hex)) {
    throw new WalletRefused("A key is 64 hex digits, with or without 0x in front.");
  }
  const { privateKey } = new Key(hex.startsWith("0x") ? hex : `0x${hex}`);
  const before = localStorage.getItem(TOY_KEY);
  localStorage.setItem(TOY_KEY, privateKey);
  return before;
}

/** The one that is there, or a new one. */
function readKey(): Key {
  const stored = localStorage.getItem(TOY_KEY);
  if (stored !== null && /^0x[0-9a-f]{64}$/.test(stored)) return new Key(stored);
  const made = new Key(Key.createRandom().privateKey);
  localStorage.setItem(TOY_KEY, made.privateKey);
  return made;
}
