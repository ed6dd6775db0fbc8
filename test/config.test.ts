import { describe, expect, it } from "vitest";
import { ConfigError, hardhatWallets, loadConfig } from "../src/config.ts";

const COMPLETE = {
  DATABASE_URL: "postgresql://coinclicker@127.0.0.1/coinclicker",
  AUTH_SECRET: "a".repeat(32),
  IP_HASH_KEY: "b".repeat(32),
  FLARE_RPC_URLS: "https://one.example/rpc, https://two.example/rpc",
  FLARE_VAULT_ADDRESS: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
  FLARE_OPERATOR_KEY: `0x${"11".repeat(32)}`,
  FLARE_CHAIN_ID: "114",
};

function faultsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe("configuration", () => {
  it("reads a complete environment, with defaults for the rest", () => {
    const config = loadConfig(COMPLETE);
    expect(config).toMatchObject({
      host: "127.0.0.1",
      port: 3000,
      role: "all",
      redisUrl: null,
      payouts: { mode: "onchain", weiPerCoin: 10n ** 15n },
      clicks: { maxEnergy: 1_000, energyPerSecond: 3, rewardPerTap: 1n },
      flare: {
        chainId: 114,
        rpcUrls: ["https://one.example/rpc", "https://two.example/rpc"],
        confirmations: 1,
      },
    });
  });

  it("lists every fault at once, each with what would be right", () => {
    const faults = faultsOf({
      PORT: "99999",
      DATABASE_URL: "mysql://x",
      AUTH_SECRET: "short",
      PAYOUT_MODE: "maybe",
      CLICK_MAX_ENERGY: "1.5",
      WEI_PER_COIN: "-1",
      ADMIN_ADDRESSES: "0x12",
      PUBLIC_URL: "not a url",
    });
    const names = faults.map((fault) => fault.split(" ")[0]);
    for (const name of [
      "PORT",
      "DATABASE_URL",
      "AUTH_SECRET",
      "IP_HASH_KEY",
      "PAYOUT_MODE",
      "CLICK_MAX_ENERGY",
      "WEI_PER_COIN",
      "ADMIN_ADDRESSES",
      "PUBLIC_URL",
      "FLARE_RPC_URLS",
      "FLARE_VAULT_ADDRESS",
      "FLARE_OPERATOR_KEY",
    ])
      expect(names).toContain(name);
  });

  it("asks for no chain where payouts need none", () => {
    const { FLARE_RPC_URLS: _r, FLARE_VAULT_ADDRESS: _v, FLARE_OPERATOR_KEY: _k, ...rest } = COMPLETE;
    for (const mode of ["demo", "server"]) expect(faultsOf({ ...rest, PAYOUT_MODE: mode })).toEqual([]);
  });

  it("takes admins and approvers by EVM and by XRP Ledger addresses, each in its one form", () => {
    const [r, x] = ["rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "0x5FbDB2315678afecb367f032d93F642f64180aa3"];
    const env = { ...COMPLETE, ADMIN_ADDRESSES: `${r}, ${x.toLowerCase()}`, APPROVER_ADDRESSES: r };
    expect(loadConfig(env).auth).toMatchObject({ admins: [r, x], approvers: [r] });
  });

  it.each([
    ["a wrong checksum", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTj"],
    ["an X-address", "XVLhHMPHU98es4dbozjVtdWzVrDjtV5fdx1mHp98tDMoQXb"],
    ["a destination with a tag", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh:1"],
    ["a bare hex address", "5FbDB2315678afecb367f032d93F642f64180aa3"],
  ])("refuses %s as an approver", (_name, address) => {
    expect(faultsOf({ ...COMPLETE, APPROVER_ADDRESSES: address })).toEqual([
      expect.stringMatching(/^APPROVER_ADDRESSES holds .* neither an EVM address nor a classic address/),
    ]);
  });

  it("refuses Hardhat's public keys and accounts on every chain but the local one", () => {
    const [first] = hardhatWallets();
    const env = { ...COMPLETE, FLARE_OPERATOR_KEY: first?.privateKey, APPROVER_ADDRESSES: first?.address };
    expect(faultsOf(env)).toEqual([
      "FLARE_OPERATOR_KEY is a public Hardhat key, refused on chain 114",
      `${first?.address} is a public Hardhat account, refused as admin or approver on chain 114`,
    ]);
    expect(faultsOf({ ...env, FLARE_CHAIN_ID: "31337" })).toEqual([]);
  });
});
