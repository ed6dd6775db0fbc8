import { describe, expect, it } from "vitest";
import {
  decideNonce,
  type NonceSnapshot,
  type NonceStep,
  remainderOf,
  roomForBatch,
  type SeenAttempt,
} from "../../src/modules/settlement/decide.ts";
import { accountNonces } from "../../src/modules/settlement/rails/flare/nonces.ts";

const NOW = new Date("2026-01-01T00:01:00Z");
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000);
const block = (blockNumber: bigint, blockHash = `0xb${blockNumber}`) => ({ blockNumber, blockHash });

const view = (
  head: bigint,
  final: bigint,
  consumed: { final?: bigint; head?: bigint; pending?: bigint } = {},
) => ({
  head,
  final: { number: final, hash: `0xb${final}`, timestamp: 0n },
  nonces: accountNonces({
    final: consumed.final ?? 5n,
    head: consumed.head ?? 5n,
    pending: consumed.pending ?? 6n,
  }),
});

const attempt = (txHash: string, more: Partial<SeenAttempt> = {}): SeenAttempt => ({
  txHash,
  createdAt: ago(2),
  broadcastAt: ago(2),
  lastBlock: null,
  noted: null,
  inclusion: null,
  ...more,
});

/** Nonce 5 of a signer that has consumed 0 to 4, its only attempt sent two seconds ago. */
const pending: NonceSnapshot = {
  nonce: 5n,
  attempts: [attempt("0xa")],
  view: view(100n, 98n),
  now: NOW,
  replaceAfterSeconds: 15,
};

const table: { when: string; snapshot: Partial<NonceSnapshot>; step: NonceStep }[] = [
  { when: "it was just sent", snapshot: {}, step: { do: "wait", for: "inclusion" } },
  {
    when: "it was stored and never sent",
    snapshot: { attempts: [attempt("0xa", { broadcastAt: null })] },
    step: { do: "broadcast", txHash: "0xa" },
  },
  {
    when: "nodes may have forgotten it",
    snapshot: { attempts: [attempt("0xa", { createdAt: ago(6), broadcastAt: ago(6) })] },
    step: { do: "broadcast", txHash: "0xa" },
  },
  {
    when: "it was not included in time",
    snapshot: { attempts: [attempt("0xa", { createdAt: ago(15) })] },
    step: { do: "replace", txHash: "0xa" },
  },
  {
    when: "it waits behind another nonce, however long",
    snapshot: {
      attempts: [attempt("0xa", { createdAt: ago(60) })],
      view: view(100n, 98n, { final: 4n, head: 4n, pending: 6n }),
    },
    step: { do: "wait", for: "inclusion" },
  },
  {
    when: "the newest of several replacements is young",
    snapshot: { attempts: [attempt("0xa", { createdAt: ago(30) }), attempt("0xb", { createdAt: ago(10) })] },
    step: { do: "wait", for: "inclusion" },
  },
  {
    when: "it is in a block that is not final",
    snapshot: {
      attempts: [attempt("0xa", { inclusion: { ...block(99n), succeeded: true } })],
      view: view(100n, 98n, { final: 5n, head: 6n }),
    },
    step: { do: "note_included", txHash: "0xa" },
  },
  {
    when: "that is noted already",
    snapshot: {
      attempts: [attempt("0xa", { noted: block(99n), inclusion: { ...block(99n), succeeded: true } })],
      view: view(100n, 98n, { final: 5n, head: 6n }),
    },
    step: { do: "wait", for: "finality" },
  },
  {
    when: "its block left the chain",
    snapshot: { attempts: [attempt("0xa", { noted: block(99n) })] },
    step: { do: "note_dropped", txHash: "0xa" },
  },
  {
    when: "another block holds it than before",
    snapshot: {
      attempts: [
        attempt("0xa", { noted: block(99n, "0xold"), inclusion: { ...block(98n), succeeded: true } }),
      ],
    },
    step: { do: "note_dropped", txHash: "0xa" },
  },
  {
    when: "it is in a final block",
    snapshot: {
      attempts: [attempt("0xa", { noted: block(98n), inclusion: { ...block(98n), succeeded: true } })],
      view: view(100n, 98n, { final: 6n, head: 6n }),
    },
    step: { do: "land", txHash: "0xa" },
  },
  {
    when: "an older attempt landed after it was replaced",
    snapshot: {
      attempts: [
        attempt("0xa", { createdAt: ago(40), inclusion: { ...block(97n), succeeded: true } }),
        attempt("0xb", { createdAt: ago(20) }),
      ],
      view: view(100n, 98n, { final: 6n, head: 6n }),
    },
    step: { do: "land", txHash: "0xa" },
  },
  {
    when: "it reverted in a final block",
    snapshot: {
      attempts: [attempt("0xa", { inclusion: { ...block(98n), succeeded: false } })],
      view: view(100n, 98n, { final: 6n, head: 6n }),
    },
    step: { do: "close_reverted", txHash: "0xa" },
  },
  {
    when: "it reverted in a block that is not final",
    snapshot: {
      attempts: [attempt("0xa", { inclusion: { ...block(99n), succeeded: false } })],
      view: view(100n, 98n, { head: 6n }),
    },
    step: { do: "note_included", txHash: "0xa" },
  },
  {
    when: "the nonce went elsewhere, but not finally",
    snapshot: { view: view(100n, 98n, { final: 5n, head: 6n }) },
    step: { do: "wait", for: "foreign_finality" },
  },
  {
    when: "the nonce went elsewhere for good",
    snapshot: { view: view(100n, 98n, { final: 6n, head: 6n }) },
    step: { do: "close_lost" },
  },
  {
    when: "blocks that could include it may still come, however long it was",
    snapshot: { attempts: [attempt("0xa", { lastBlock: 98n, createdAt: ago(4), broadcastAt: ago(4) })] },
    step: { do: "wait", for: "inclusion" },
  },
  {
    when: "no block can include any attempt and the nonce is unconsumed",
    snapshot: { attempts: [attempt("0xa", { lastBlock: 80n }), attempt("0xb", { lastBlock: 97n })] },
    step: { do: "expire" },
  },
  {
    when: "one of two attempts never expires",
    snapshot: { attempts: [attempt("0xa", { lastBlock: 80n }), attempt("0xb")] },
    step: { do: "wait", for: "inclusion" },
  },
  {
    when: "it has expired and the nonce was consumed for good",
    snapshot: {
      attempts: [attempt("0xa", { lastBlock: 80n })],
      view: view(100n, 98n, { final: 6n, head: 6n }),
    },
    step: { do: "close_lost" },
  },
];

describe("what to do next about a nonce", () => {
  for (const { when, snapshot, step } of table) {
    it(`${step.do} when ${when}`, () => {
      expect(decideNonce({ ...pending, ...snapshot })).toEqual(step);
    });
  }
});

type Counts = { final: bigint; head: bigint; pending: bigint };
const gaps = (open: bigint[], pending: bigint) => accountNonces({ final: 5n, head: 5n, pending }).gaps(open);
const next = (highest: bigint | null, counts: Counts) => accountNonces(counts).candidates(highest)[0];

describe("an account's nonces", () => {
  it("finds gaps only where neither we nor the node's pool have anything", () => {
    expect(gaps([], 5n)).toEqual([]);
    expect(gaps([5n, 6n], 5n)).toEqual([]);
    expect(gaps([7n, 9n], 5n)).toEqual([5n, 6n, 8n]);
    expect(gaps([7n], 6n)).toEqual([6n]);
  });

  it("takes the next one behind ours, the chain's and the pool's", () => {
    const consumed = { final: 3n, head: 4n, pending: 6n };
    expect(next(null, consumed)).toBe(6n);
    expect(next(4n, consumed)).toBe(6n);
    expect(next(8n, consumed)).toBe(9n);
    expect(next(null, { final: 3n, head: 4n, pending: 2n })).toBe(4n);
  });
});

describe("room for a batch", () => {
  it("is what bucket and balance both allow, and never negative", () => {
    expect(roomForBatch({ bucketAvailable: 10n, free: 7n, maxBatchSize: 3 })).toEqual({
      limit: 3,
      budget: 7n,
    });
    expect(roomForBatch({ bucketAvailable: 5n, free: 7n, maxBatchSize: 3 })).toEqual({
      limit: 3,
      budget: 5n,
    });
    expect(roomForBatch({ bucketAvailable: -5n, free: 7n, maxBatchSize: 3 })).toEqual({
      limit: 3,
      budget: 0n,
    });
  });
});

describe("what is left of a batch that can never be paid", () => {
  const member = (number: bigint, live: boolean, consumed: boolean) => ({
    number,
    live,
    consumed,
  });
  const numbers = (facts: readonly { number: bigint }[]) => facts.map(({ number }) => number);

  it("is all of it when the vault consumed nothing", () => {
    const { awaited, free } = remainderOf([member(1n, true, false), member(2n, false, false)]);
    expect([numbers(awaited), numbers(free)]).toEqual([[], [1n, 2n]]);
  });

  it("waits for the word about a live member that was consumed, and only for that", () => {
    const { awaited, free } = remainderOf([
      member(1n, true, true),
      member(2n, false, true),
      member(3n, true, false),
    ]);
    expect([numbers(awaited), numbers(free)]).toEqual([[1n], [3n]]);
  });
});
