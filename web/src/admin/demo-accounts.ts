import type { ClientConfig, Rail } from "../api/types.ts";
import { LOCAL_CHAIN_ID, LOCAL_XRPL_NETWORK_ID } from "../chain/networks.ts";

export type DemoApprover = { rail: Rail; index: number; address: string };

/** Hardhat's accounts 1 to 4, which a local server takes for its approvers. Their keys are public. */
export const FLARE_APPROVERS: readonly DemoApprover[] = [
  { rail: "flare", index: 1, address: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" },
  { rail: "flare", index: 2, address: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC" },
  { rail: "flare", index: 3, address: "0x90F79bf6EB2c4f870365E785982E1f101E93b906" },
  { rail: "flare", index: 4, address: "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65" },
];

/** Those of the local XRP Ledger, whose seeds are as public. */
export const XRPL_APPROVERS: readonly (DemoApprover & { seed: string })[] = [
  {
    rail: "xrpl",
    index: 1,
    address: "raBCQCJ6H482BszBT2x8KtK4zkZAiLBjHk",
    seed: "sEd74NiheBk6SvCWgvBtneVy1DNgjJ6",
  },
  {
    rail: "xrpl",
    index: 2,
    address: "rJAHAJYkF3VdxDQaf1nJq9qzpa9buJHRcr",
    seed: "sEdTD1AM9AzVQqdea4NAbs5CgasU1J5",
  },
  {
    rail: "xrpl",
    index: 3,
    address: "rp2EbmbTsnRhGZDm1FHdc6H6TpdRfT7DaP",
    seed: "sEd72qDCgMm5Ng5QWFPvz2LcT1gUeBT",
  },
];

/** On local chains one person can be all approvers, one after another. */
export function demoApprovers({ flare, xrpl }: ClientConfig["chains"]): readonly DemoApprover[] {
  return [
    ...(flare?.chainId === LOCAL_CHAIN_ID ? FLARE_APPROVERS : []),
    ...(xrpl?.networkId === LOCAL_XRPL_NETWORK_ID ? XRPL_APPROVERS : []),
  ];
}

export function hasDemoApprovers(chains: ClientConfig["chains"]): boolean {
  return demoApprovers(chains).length > 0;
}

/** The toys' keys from before they were an approver's: toys too, for local chains only. */
const OWN: Readonly<Record<Rail, string>> = { flare: "cc.toy-key.own", xrpl: "cc.toy-xrpl-seed.own" };
export const ownToyKey = {
  get: (rail: Rail): string | null => localStorage.getItem(OWN[rail]),
  set: (rail: Rail, key: string): void => localStorage.setItem(OWN[rail], key),
};
