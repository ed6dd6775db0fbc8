import { type Config, hardhatWallets, loadConfig } from "../../src/config.ts";

/** A complete configuration for the local chain; `env` overrides single variables. */
export function testConfig(env: Record<string, string> = {}): Config {
  const wallets = hardhatWallets();
  const approvers = [1, 2, 3, 4].map((index) => wallets[index]?.address).join(",");
  return loadConfig({
    NODE_ENV: "test",
    PORT: "0",
    PUBLIC_URL: "http://127.0.0.1:3000",
    DATABASE_URL: "postgresql://unused@127.0.0.1:1/unused",
    AUTH_SECRET: "test-secret-test-secret-test-secret-0001",
    IP_HASH_KEY: "test-ip-hash-key-test-ip-hash-key-0001",
    LOG_LEVEL: "silent",
    ADMIN_ADDRESSES: approvers,
    APPROVER_ADDRESSES: approvers,
    FLARE_RPC_URLS: "http://127.0.0.1:1",
    FLARE_VAULT_ADDRESS: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    FLARE_OPERATOR_KEY: wallets[9]?.privateKey,
    ...env,
  });
}
