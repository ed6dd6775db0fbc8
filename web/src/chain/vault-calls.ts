import { Interface } from "ethers";
import { localContracts, payoutVaultAbi, refusingPayeeAbi } from "../../../src/generated/contracts.ts";
import type { Voucher } from "../api/types.ts";
import { LOCAL_CHAIN_ID } from "./networks.ts";
import { type CallRequest, CallReverted, type EvmWallet, sameAddress } from "./wallet.ts";

const vault = new Interface(payoutVaultAbi);

/** Brings a voucher to the vault. Anybody may; it always pays the address that the voucher names. */
export function claimCall({ typedData, signature, vault: to }: Voucher): CallRequest {
  const { number, asset, to: payee, amount, validUntil } = typedData.message;
  return {
    to,
    data: vault.encodeFunctionData("claim", [[number, asset, payee, amount, validUntil], signature]),
  };
}

/** Takes what the vault owes the sender, to an address that takes it. */
export function withdrawCreditCall(vaultAddress: string, asset: string, to: string): CallRequest {
  return { to: vaultAddress, data: vault.encodeFunctionData("withdrawCredit", [asset, to]) };
}

/** Whether an address is the local chain's contract that refuses coins; anybody may make that one call others. */
export function isLocalRefusingPayee(chainId: number, address: string): boolean {
  return chainId === LOCAL_CHAIN_ID && sameAddress(address, localContracts.refusingPayee);
}

/** The same call, made by that contract. */
export function throughRefusingPayee({ to, data }: CallRequest): CallRequest {
  const payee = new Interface(refusingPayeeAbi);
  return { to: localContracts.refusingPayee, data: payee.encodeFunctionData("call", [to, data]) };
}

/** Tries it, then sends it, so that what the chain would refuse costs nothing. */
export async function sendCall(wallet: EvmWallet, call: CallRequest): Promise<string> {
  try {
    await wallet.simulate(call);
  } catch (error) {
    if (!(error instanceof CallReverted)) throw error;
    throw new Error(refusalText(error), { cause: error });
  }
  return wallet.send(call);
}

function refusalText({ data, cause }: CallReverted): string {
  const named = data === null ? null : vault.parseError(data);
  switch (named?.name) {
    case "NumberAlreadyConsumed":
      return "The vault has paid this payout already. The page will show it in a moment.";
    case "Expired":
      return "The voucher is no longer valid. What it held comes back to your balance.";
    case "VaultPaused":
      return "The vault is paused. Nothing is lost: try again when it is resumed.";
    case "BucketExhausted":
      return "The vault has paid out as much as it may for now. Its limit refills by the second: try again in a while.";
    case "PayeeRefused":
      return "The receiving address refuses the payment.";
    case "NothingOwed":
      return "The vault owes nothing to this address. It may have been pulled already.";
    default:
  }
  const reason = named == null ? (cause instanceof Error ? cause.message : String(cause)) : named.name;
  return `The vault would refuse this: ${reason}`;
}
