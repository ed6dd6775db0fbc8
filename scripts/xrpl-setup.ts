import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { Wallet } from "xrpl";
import { LOCAL_XRPL_NETWORK_ID } from "../src/config.ts";
import { systemClock } from "../src/platform/clock.ts";
import { createLogger } from "../src/platform/log.ts";
import { createXrplClient } from "../src/platform/xrpl/client.ts";
import {
  DEFAULT_MAX_FEE_DROPS,
  describeSurvey,
  SetupRefused,
  setupTreasury,
  surveyTreasury,
  type TreasuryPlan,
} from "./xrpl/setup-treasury.ts";
import { parseTrust } from "./xrpl/treasury-plan.ts";

const USAGE = `usage: npm run xrpl:setup -- [options]

Prepares the account that pays on the XRP Ledger: signers, the worker's regular key, trust lines, tickets, and at last
disables the master key. It looks at the ledger and does only what is missing, so it can be interrupted and run again.
Without a terminal and without --yes it only says what it would do.

  --treasury r…                 the account                                   XRPL_TREASURY
  --signers r1,r2,r3            who approves, one vote each                   XRPL_SIGNERS
  --quorum 2                    how many of them it takes                     XRPL_QUORUM
  --regular-key r…              address of the worker's key                   XRPL_REGULAR_KEY
  --trust "RLUSD.rIssuer:1000"  a currency and its limit; can be repeated     XRPL_TRUST (comma-separated)
  --tickets 60                  tickets that are there in the end             XRPL_TICKETS
  --fund 1000                   XRP that the funder fills the account up to   XRPL_FUND
  --max-fee 5000                most drops that a transaction may offer       XRPL_MAX_FEE_DROPS
  --keep-master                 leaves the master key enabled
  --dry-run                     only says what it would do
  --yes                         does not ask

Always from the environment:
  XRPL_URLS, XRPL_NETWORK_ID    servers (ws:// or wss://), and the network that they must serve (0 is the main one)
  XRPL_TREASURY_SEED            the treasury's master key; not needed for a dry run
  XRPL_FUNDER_SEED              who sends the first XRP; without it the account must hold enough`;

const OPTIONS = {
  treasury: { type: "string" },
  signers: { type: "string" },
  quorum: { type: "string" },
  "regular-key": { type: "string" },
  trust: { type: "string", multiple: true },
  tickets: { type: "string" },
  fund: { type: "string" },
  "max-fee": { type: "string" },
  "keep-master": { type: "boolean" },
  "dry-run": { type: "boolean" },
  yes: { type: "boolean" },
  help: { type: "boolean" },
} as const;

class UsageError extends Error {}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  const env = process.env;
  if (values.help === true) return print(USAGE);
  const list = (text: string | undefined): string[] =>
    (text ?? "")
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  const treasury = values.treasury ?? env.XRPL_TREASURY ?? "";
  const urls = list(env.XRPL_URLS);
  if (treasury === "" || urls.length === 0)
    throw new UsageError(`${USAGE}\n\n--treasury or XRPL_URLS is missing`);
  const signers = list(values.signers ?? env.XRPL_SIGNERS);
  const plan: TreasuryPlan = {
    treasury,
    signers,
    quorum: whole("--quorum", values.quorum ?? env.XRPL_QUORUM ?? "0"),
    regularKey: values["regular-key"] ?? env.XRPL_REGULAR_KEY ?? null,
    trustLines: (values.trust ?? list(env.XRPL_TRUST)).map(parseTrust),
    tickets: whole("--tickets", values.tickets ?? env.XRPL_TICKETS ?? "0"),
    fundDrops: drops(values.fund ?? env.XRPL_FUND ?? "0"),
    disableMaster: values["keep-master"] !== true,
  };
  const maxFeeDrops = BigInt(
    whole("--max-fee", values["max-fee"] ?? env.XRPL_MAX_FEE_DROPS ?? DEFAULT_MAX_FEE_DROPS.toString()),
  );
  const treasuryWallet = wallet("XRPL_TREASURY_SEED");
  const funder = wallet("XRPL_FUNDER_SEED");
  const client = createXrplClient({
    urls,
    networkId: whole("XRPL_NETWORK_ID", env.XRPL_NETWORK_ID ?? String(LOCAL_XRPL_NETWORK_ID)),
    clock: systemClock,
    log: createLogger({ level: "silent" }),
  });
  try {
    const survey = await surveyTreasury(client, plan, { treasuryWallet, funder, maxFeeDrops });
    print(describeSurvey(plan, survey).join("\n"));
    if (survey.faults.length > 0) throw new SetupRefused(survey.faults);
    if (survey.steps.length === 0) return;
    const isTold = values["dry-run"] === true || !(values.yes === true || process.stdin.isTTY);
    if (isTold) return print("Nothing was done: this was a dry run. --yes does it.");
    if (treasuryWallet === undefined)
      throw new UsageError("XRPL_TREASURY_SEED is missing in the environment");
    if (values.yes !== true && !(await confirmed())) return print("Nothing was done.");
    await setupTreasury(client, plan, { log: print, treasuryWallet, funder, maxFeeDrops });
  } catch (error) {
    // Why servers cannot be used says more than that they cannot.
    for (const { url, problem } of client.status())
      if (problem !== null) process.stderr.write(`${url}: ${problem}\n`);
    throw error;
  } finally {
    await client.close();
  }
}

async function confirmed(): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question("Do this? [y/N] ")).trim());
  } finally {
    terminal.close();
  }
}

/** A seed is never shown, also not in an error. */
function wallet(variable: string): Wallet | undefined {
  const seed = process.env[variable] ?? "";
  if (seed === "") return undefined;
  try {
    return Wallet.fromSeed(seed);
  } catch {
    throw new UsageError(`${variable} must be a seed of the XRP Ledger (s…)`);
  }
}

function whole(name: string, text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${name} must be a whole number, not "${text}"`);
}

function drops(text: string): bigint {
  const match = /^([0-9]{1,11})(?:\.([0-9]{1,6}))?$/.exec(text);
  if (match === null) throw new UsageError(`--fund must be an amount of XRP, not "${text}"`);
  return BigInt((match[1] ?? "") + (match[2] ?? "").padEnd(6, "0"));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
