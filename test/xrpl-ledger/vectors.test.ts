import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startXrplLedger, type XrplLedger } from "../../scripts/local/xrpl-ledger/index.ts";
import { Replay } from "./replay.ts";
import { readVectorFile, type Step } from "./vector-file.ts";

const FILES = [
  "01_funding_payments",
  "02_sequences",
  "03_fees_signatures_blobs",
  "04_tickets",
  "05_multisign",
  "06_keys_and_account_flags",
  "07_trust_lines_tokens",
  "08_provisional_vs_final",
  "09_fee_escalation_queue",
  "10_reads_and_errors",
  "12_unsynced_server",
];

/** File 09 was recorded with so small a ledger that fees escalate. */
const EXPECTED_TRANSACTIONS: Record<string, number> = { "09_fee_escalation_queue": 5 };

const NO_OFFERS = "there is no exchange in this ledger";
const AFTER_OFFERS = "what was exchanged before shows in this step";
const NO_MULTI_PURPOSE = "there are no multi-purpose tokens in this ledger";

/** Recorded steps that this ledger does not answer like the real server, with the reason. */
const UNSUPPORTED: Record<string, string> = {
  "07_trust_lines_tokens 72: carol offers 10 USD for 20 XRP": NO_OFFERS,
  "07_trust_lines_tokens 73: fresh pays XRP, alice gets USD (path through the offer)": NO_OFFERS,
  "07_trust_lines_tokens 74: same, SendMax too low": NO_OFFERS,
  "07_trust_lines_tokens 75: account_lines of the issuer, limit 10": AFTER_OFFERS,
  "07_trust_lines_tokens 76: account_lines with peer": AFTER_OFFERS,
  "07_trust_lines_tokens 79: MPTokenIssuanceCreate": NO_MULTI_PURPOSE,
  "07_trust_lines_tokens 80: account_objects mpt_issuance": NO_MULTI_PURPOSE,
  "07_trust_lines_tokens 81: MPT payment to a holder that has not opted in": NO_MULTI_PURPOSE,
  "07_trust_lines_tokens 82: bob opts in (MPTokenAuthorize)": NO_MULTI_PURPOSE,
  "07_trust_lines_tokens 83: MPT payment ok": NO_MULTI_PURPOSE,
  "07_trust_lines_tokens 84: MPT more than the maximum": NO_MULTI_PURPOSE,
  "07_trust_lines_tokens 85: MPT more than bob has, to the issuer": NO_MULTI_PURPOSE,
  "10_reads_and_errors 8: server_info (admin)": "there is no port of its own for the operator",
  "10_reads_and_errors 46: feature all": "it names the amendments that it follows, not all 81",
};

const titleOf = (file: string, at: number, step: Step): string => `${file} ${at}: ${step.name}`;

describe("the list of unsupported steps", () => {
  const files = FILES.map((name) => ({ name, steps: readVectorFile(name).steps }));
  const titles = files.flatMap(({ name, steps }) => steps.map((step, at) => titleOf(name, at, step)));

  it("names only steps that exist", () => {
    expect(Object.keys(UNSUPPORTED).filter((title) => !titles.includes(title))).toEqual([]);
  });

  it("is at most a twentieth of all", () => {
    expect(Object.keys(UNSUPPORTED).length * 20).toBeLessThanOrEqual(titles.length);
  });
});

describe.each(FILES)("%s", (name) => {
  const file = readVectorFile(name);
  let ledger: XrplLedger;
  let replay: Replay;
  beforeAll(async () => {
    ledger = await startXrplLedger({
      isPublic: true,
      // Who comes first among equal fees in the queue hangs on ledger hashes, and those on the time: at some
      // times, here as on the real server, step 58 of file 09 would find its payment a ledger later.
      now: () => Date.parse("2026-11-20T08:21:05Z"),
      expectedTransactions: EXPECTED_TRANSACTIONS[name] ?? 1_000,
    });
    if (name === "12_unsynced_server") ledger.faults.loseNetwork(true);
    replay = await Replay.start(ledger, file);
  });
  afterAll(async () => {
    replay?.close();
    await ledger?.stop();
  });

  it.each(file.steps.map((step, at) => [titleOf(name, at, step), step] as [string, Step]))(
    "%s",
    async (title, step) => {
      const reason = UNSUPPORTED[title];
      if (reason === undefined) return replay.run(step);
      await expect(replay.run(step), `supported after all: ${reason}`).rejects.toThrow();
    },
  );
});
