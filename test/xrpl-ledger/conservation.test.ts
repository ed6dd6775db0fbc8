import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Wallet } from "xrpl";
import { accountKey } from "../../scripts/local/xrpl-ledger/engine/keylets.ts";
import { LedgerEngine } from "../../scripts/local/xrpl-ledger/engine/ledger-engine.ts";
import { type Operation, perform } from "../../scripts/local/xrpl-ledger/engine/operations.ts";
import { transactionOf } from "../../scripts/local/xrpl-ledger/engine/transaction.ts";
import { accountRoot } from "../../scripts/local/xrpl-ledger/engine/view.ts";
import { genesis } from "./accounts.ts";

const PEOPLE = Array.from({ length: 3 }, (_, at) => Wallet.fromEntropy(new Uint8Array(16).fill(at + 1)));
const EVERYBODY = [genesis, ...PEOPLE];

type Act =
  | { kind: "pay"; from: number; to: number; amount: number; ahead: number; ticket: boolean }
  | { kind: "tickets"; from: number; count: number }
  | { kind: "close" }
  | { kind: "fees"; load: number };
type Way = "submit" | "final" | "defer" | "queue" | "refuse";

const person = fc.nat({ max: EVERYBODY.length - 1 });
const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("pay" as const),
      from: person,
      to: person,
      // Less than the reserve, about it, or more than most have.
      amount: fc.constantFrom(1, 999_999, 1_000_000, 5_000_000, 900_000_000),
      // Before, at or after the account's own Sequence.
      ahead: fc.constantFrom(-1, 0, 0, 0, 0, 1, 2),
      ticket: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("tickets" as const),
      from: person,
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: "close" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("fees" as const), load: fc.constantFrom(1, 1, 20) }),
  },
);
const ways: fc.Arbitrary<Way> = fc.constantFrom(
  "submit",
  "submit",
  "submit",
  "final",
  "defer",
  "queue",
  "refuse",
);

function signed(engine: LedgerEngine, act: Extract<Act, { from: number }>): string | null {
  const wallet = EVERYBODY[act.from] ?? genesis;
  const root = accountRoot(engine.openView, wallet.address);
  if (root === undefined) return null;
  const common = { Account: wallet.address, Fee: "10" };
  if (act.kind === "tickets") {
    return wallet.sign({
      ...common,
      TransactionType: "TicketCreate",
      TicketCount: act.count,
      Sequence: root.Sequence,
    }).tx_blob;
  }
  const use = act.ticket
    ? { Sequence: 0, TicketSequence: Math.max(0, root.Sequence - 1 + act.ahead) }
    : { Sequence: Math.max(0, root.Sequence + act.ahead) };
  const Destination = (EVERYBODY[act.to] ?? genesis).address;
  return wallet.sign({
    ...common,
    TransactionType: "Payment",
    Destination,
    Amount: String(act.amount),
    ...use,
  }).tx_blob;
}

function run(engine: LedgerEngine, act: Act, way: Way): void {
  if (act.kind === "close") {
    engine.close(0);
    return;
  }
  if (act.kind === "fees") {
    engine.setFees(10n, act.load);
    return;
  }
  const blob = signed(engine, act);
  if (blob === null) return;
  const tx = transactionOf(blob);
  switch (way) {
    case "submit":
      engine.submit(tx);
      return;
    case "final":
      engine.submit(tx, { isFailHard: true });
      return;
    case "defer":
      engine.defer(tx, 2);
      return;
    case "queue":
      engine.enqueue(tx);
      return;
    case "refuse":
      engine.refuse(tx, "terPRE_SEQ");
  }
}

const newEngine = (): LedgerEngine => new LedgerEngine({ networkId: 0, expectedTransactions: 4 });

describe("whatever is submitted in whatever way", () => {
  it("no drop comes or goes but by fees, no transaction is in two ledgers, and the log gives the same ledgers", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(acts, ways), { minLength: 20, maxLength: 60 }), (script) => {
        const engine = newEngine();
        const log: Operation[] = [];
        engine.record = (operation) => log.push(operation);
        for (const [act, way] of script) run(engine, act, way);
        for (let at = 0; at < 7; at++) engine.close(0);

        const seen = new Set<string>();
        let feesDrops = 0n;
        for (let index = 3; index <= engine.history.last.index; index++) {
          const ledger = engine.history.ledger(index);
          for (const { tx, meta } of ledger?.transactions ?? []) {
            expect(seen.has(tx.hash)).toBe(false);
            seen.add(tx.hash);
            feesDrops += BigInt(tx.fields.Fee);
            expect(meta.TransactionResult).toMatch(/^te[sc]/);
          }
          const view = engine.history.at(ledger ?? engine.history.last);
          const held = EVERYBODY.map(({ address }) => {
            const root = view.get(accountKey(address));
            return root?.LedgerEntryType === "AccountRoot" ? BigInt(root.Balance) : 0n;
          });
          const sum = held.reduce((a, b) => a + b, 0n);
          expect(sum).toBe(ledger?.totalDrops);
          expect(sum + feesDrops).toBe(10n ** 17n);
        }

        const again = newEngine();
        for (const operation of log) perform(again, operation);
        expect(again.history.last.hash).toBe(engine.history.last.hash);
      }),
      { numRuns: 40 },
    );
  });
});
