import { startXrplLedger } from "../../scripts/local/xrpl-ledger/index.ts";

// A ledger in a process of its own, so that it can be killed.
const [, , logFile = ""] = process.argv;
const ledger = await startXrplLedger({ logFile });
process.stdout.write(`${ledger.url}\n`);
