import { parseArgs } from "node:util";
import { hardhatWallets } from "../src/config.ts";
import { startChain } from "./local/chain.ts";

const ROLES: Record<number, string> = {
  0: "deploys and owns the vault",
  1: "approver",
  2: "approver",
  3: "approver",
  4: "approver",
  5: "guardian: pauses, closes numbers",
  9: "operator: pays",
};

/** A local node for contract developers: everything deployed and funded, nothing kept. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: "string" }, "block-time": { type: "string" }, "data-dir": { type: "string" } },
  });
  const chain = await startChain({
    port: wholeNumber("the port", values.port ?? process.env.PORT ?? "8545", 65_535),
    blockTimeMs: wholeNumber(
      "--block-time (milliseconds, 0 mines on every transaction)",
      values["block-time"] ?? "0",
      600_000,
    ),
    dataDir: values["data-dir"] ?? null,
    onProgress: (step) => process.stdout.write(`${step} …\n`),
  });
  if (chain.freshReason !== null) process.stdout.write(`the chain begins anew: ${chain.freshReason}\n`);
  const line = (label: string, value: string): string => `  ${label.padEnd(22)}${value}`;
  const lines = [
    "",
    line("JSON-RPC", chain.url),
    line("chain id", String(chain.chainId)),
    line("PayoutVault", `${chain.vault}   holds 1,000,000 FLR and 1,000,000 USDX`),
    line("USDX (ERC-20)", `${chain.token}   anybody may mint`),
    line("FlareContractRegistry", `${chain.registry}   as on Flare`),
    line("FtsoV2", chain.ftso),
    line("WNat", chain.wnat),
    line("refusing payee", chain.refusingPayee),
    line("ABIs", "src/generated/contracts.ts (typed), artifacts/contracts/ (JSON)"),
    "",
    "  Accounts, 10,000,000 FLR each. The keys are public: never use them anywhere else.",
    ...hardhatWallets().map(({ index, address, privateKey }) =>
      `  ${String(index).padStart(2)}  ${address}  ${privateKey}  ${ROLES[index] ?? ""}`.trimEnd(),
    ),
    "",
    "  Ctrl-C stops it.",
    "",
  ];
  process.stdout.write(lines.join("\n"));
  const stop = (): void => void chain.stop();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  // The chain alone does not keep this process; this does.
  const alive = setInterval(() => undefined, 60_000);
  await chain.exited;
  clearInterval(alive);
}

function wholeNumber(what: string, text: string, max: number): number {
  const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw new Error(`${what} is "${text}" but must be a whole number up to ${max}`);
  return value;
}

main().catch((error: unknown) => {
  process.stderr.write(`chain: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
