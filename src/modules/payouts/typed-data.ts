import { TypedDataEncoder, type Wallet } from "ethers";
import { InvariantError } from "../../platform/errors.ts";
import type { EvmAddress } from "../../platform/evm-address.ts";
import type { Payout } from "./payout.ts";

/** The vault's EIP-712 domain. */
export type VaultDomain = {
  name: "CoinClicker PayoutVault";
  version: "1";
  chainId: number;
  verifyingContract: EvmAddress;
};

/** As `eth_signTypedData_v4` takes it: plain JSON, integers beyond 2^53 as decimal strings. */
export type VaultTypedData = {
  domain: VaultDomain;
  types: Record<string, { name: string; type: string }[]>;
  primaryType: "Payout" | "Claim";
  message: { number: string; asset: string; to: string; amount: string; validUntil: string };
};

type SignedPayout = Pick<Payout, "id" | "number" | "assetRef" | "to" | "amount" | "validUntil">;

const DOMAIN_FIELDS = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];

/** The struct `Payout` and the struct `Claim` of IPayoutVault.sol have the same members. */
const PAYMENT_FIELDS = [
  { name: "number", type: "uint256" },
  { name: "asset", type: "address" },
  { name: "to", type: "address" },
  { name: "amount", type: "uint256" },
  { name: "validUntil", type: "uint64" },
];

export function vaultDomain(chainId: number, vaultAddress: string): VaultDomain {
  return {
    name: "CoinClicker PayoutVault",
    version: "1",
    chainId,
    verifyingContract: vaultAddress as EvmAddress,
  };
}

function typedData(
  domain: VaultDomain,
  primaryType: "Payout" | "Claim",
  payout: SignedPayout,
): VaultTypedData {
  if (payout.number === null || payout.validUntil === null) {
    throw new InvariantError(
      `payout ${payout.id} has no number or no end of validity, so nothing of it can be signed`,
    );
  }
  return {
    domain,
    types: { EIP712Domain: DOMAIN_FIELDS, [primaryType]: PAYMENT_FIELDS },
    primaryType,
    message: {
      number: payout.number.toString(),
      asset: payout.assetRef,
      to: payout.to,
      amount: payout.amount.toString(),
      validUntil: unixSeconds(payout.validUntil).toString(),
    },
  };
}

/** What approvers sign for `payApproved`. */
export function payoutTypedData(domain: VaultDomain, payout: SignedPayout): VaultTypedData {
  return typedData(domain, "Payout", payout);
}

/** What the operator signs for `claim`. */
export function claimTypedData(domain: VaultDomain, payout: SignedPayout): VaultTypedData {
  return typedData(domain, "Claim", payout);
}

/** ethers derives the domain's type itself and refuses to be given it. */
function messageTypes(data: VaultTypedData): Record<string, { name: string; type: string }[]> {
  const { EIP712Domain: _derived, ...types } = data.types;
  return types;
}

/** The digest that a signature over `data` covers. */
export function typedDataDigest(data: VaultTypedData): string {
  return TypedDataEncoder.hash(data.domain, messageTypes(data), data.message);
}

/** Deterministic (RFC 6979): the same key and data always give the same signature. */
export function signTypedData(wallet: Pick<Wallet, "signTypedData">, data: VaultTypedData): Promise<string> {
  return wallet.signTypedData(data.domain, messageTypes(data), data.message);
}

/** Whole Unix seconds, as the chain counts them. */
export function unixSeconds(time: Date): bigint {
  return BigInt(Math.floor(time.getTime() / 1_000));
}
