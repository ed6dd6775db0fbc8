import type { StepName } from "../../src/modules/settlement/index.ts";
import { createRandom, type Random } from "./random.ts";

/** What is to happen, with all that was drawn for it. Durations in milliseconds. */
export type Parameters = Readonly<Record<string, number | string | boolean>>;

export type Scheduled = { atMs: number; fault: FaultName; parameters: Parameters };

type Kind = {
  describe: string;
  /** Needs everything else to be whole when it begins, and lets nothing begin while it lasts. */
  exclusive?: true;
  draw(random: Random): Parameters;
};

/** All of them. Most are passed under any load, the rarer ones when another fault leads there. */
const STEPS: readonly StepName[] = [
  "batch_stored",
  "attempt_signed",
  "attempt_stored",
  "attempt_sent",
  "attempt_sent_noted",
  "replacement_stored",
  "replacement_sent",
  "inclusion_seen",
  "inclusion_noted",
  "landing_seen",
  "landing_written",
  "landing_committed",
  "loss_committed",
  "batch_proven_unpaid",
  "batch_dissolved",
  "payload_stored",
  "events_read",
  "events_stored",
  "event_applied",
  "reconciled",
];

const REFUSALS = ["tefBAD_AUTH", "terPRE_TICKET", "telINSUF_FEE_P", "telCAN_NOT_QUEUE_FULL"];

/** How many of the RPC URLs misbehave: one that lies while the other does not is another fault than both. */
const rpcFor = (random: Random, lowMs: number, highMs: number): Parameters => ({
  urls: random.between(1, 2),
  forMs: random.between(lowMs, highMs),
});
const submissions = (random: Random): Parameters => ({ count: random.between(1, 4) });
const none = (): Parameters => ({});

export const KINDS = {
  "worker-killed": {
    describe: "SIGKILL of the worker that reaches a named step of settlement",
    draw: (random) => ({
      step: random.pick(STEPS),
      nth: random.between(1, 3),
      downMs: random.between(0, 2_000),
    }),
  },
  "api-killed": {
    describe: "SIGKILL of an api process",
    draw: (random) => ({ api: random.between(1, 2), downMs: random.between(0, 1_500) }),
  },
  "lease-doubled": {
    describe: "a worker is frozen at a step until its lease is another's, and goes on in the middle of it",
    draw: (random) => ({
      step: random.pick(STEPS),
      nth: random.between(1, 2),
      // The longer one also outlives what PostgreSQL gives a transaction that does nothing.
      forMs: random.pick([3_500, 3_500, 12_500]),
    }),
  },
  "clock-jumped": {
    describe: "the clock of a process jumps, by up to two hours, and stays there for a while",
    draw: (random) => ({
      process: random.between(1, 4),
      seconds: random.pick([-7_200, -600, -5, 5, 600, 7_200]),
      forMs: random.between(1_500, 4_000),
    }),
  },
  "postgres-killed": {
    describe: "SIGKILL of PostgreSQL and all its backends, then recovery from the log",
    draw: (random) => ({ downMs: random.between(0, 1_500) }),
  },
  "redis-gone": { describe: "SIGKILL of redis-server, for good", draw: none },
  "chain-killed": {
    describe: "SIGKILL of the Flare node, which goes on from its log",
    draw: (random) => ({ downMs: random.between(0, 2_000) }),
  },
  "rpc-hangs": { describe: "RPC takes requests and never answers", draw: (r) => rpcFor(r, 2_000, 5_000) },
  "rpc-lags": {
    describe: "RPC shows the chain as it was some blocks ago",
    draw: (random) => ({ ...rpcFor(random, 2_000, 5_000), blocks: random.between(1, 12) }),
  },
  "rpc-null-receipts": { describe: "RPC knows no receipt", draw: (r) => rpcFor(r, 2_000, 5_000) },
  "rpc-forgets": {
    describe: "RPC takes transactions and forgets them",
    draw: (r) => rpcFor(r, 2_000, 4_000),
  },
  "rpc-refuses-nonce": {
    describe: "RPC refuses every nonce",
    draw: (random) => ({
      ...rpcFor(random, 1_500, 4_000),
      says: random.pick(["nonce too low", "nonce too high", "already known"]),
    }),
  },
  "rpc-429": { describe: "RPC answers 429", draw: (r) => rpcFor(r, 1_500, 4_000) },
  "rpc-loses-answers": {
    describe: "RPC does what it was asked, and the answer is lost",
    draw: (r) => rpcFor(r, 1_500, 4_000),
  },
  reorganised: {
    describe: "the last blocks leave the chain, and so do transactions that were in them",
    draw: (random) => ({ depth: random.between(1, 5) }),
  },
  "base-fee": {
    describe: "the base fee grows eightfold, faster than within a minute",
    draw: (random) => ({ forMs: random.between(2_000, 4_000) }),
  },
  "foreign-nonce": {
    describe: "somebody else sends with the operator's key",
    draw: (random) => ({ count: random.between(1, 3) }),
  },
  "xrpl-restarted": {
    describe: "the XRP Ledger's server ends and goes on from its log",
    draw: (random) => ({ downMs: random.between(200, 1_500) }),
  },
  "xrpl-drops": { describe: "submissions are accepted and forgotten", draw: submissions },
  "xrpl-delays": {
    describe: "submissions come through some ledgers later",
    draw: (random) => ({ ...submissions(random), ledgers: random.between(1, 6) }),
  },
  "xrpl-closes-after": { describe: "submissions are applied, the answer is lost", draw: submissions },
  "xrpl-closes-before": { describe: "submissions and answer are lost", draw: submissions },
  "xrpl-queues": { describe: "submissions are queued for the next ledger", draw: submissions },
  "xrpl-refuses": {
    describe: "submissions are refused, kept, and applied later",
    draw: (random) => ({ ...submissions(random), says: random.pick(REFUSALS) }),
  },
  "xrpl-gap": {
    describe: "ledgers are missing from the server's history",
    draw: (random) => ({ ledgers: random.between(1, 4), forMs: random.between(1_500, 4_000) }),
  },
  "xrpl-fees": {
    describe: "transactions cost more, and the open ledger is full",
    draw: (random) => ({
      drops: random.pick([20, 100, 400]),
      load: random.between(1, 4),
      forMs: random.between(1_500, 4_000),
    }),
  },
  "xrpl-disconnects": { describe: "every connection to the ledger's server is cut", draw: none },
  "xrpl-unsynced": {
    describe: "the ledger's server has lost its network",
    draw: (random) => ({ forMs: random.between(1_500, 3_000) }),
  },
  "xrpl-stalls": {
    describe: "the ledger's server takes requests and never answers",
    draw: (random) => ({ forMs: random.between(1_500, 4_000) }),
  },
  "clients-drop": {
    describe: "every client of the feed drops its connection every 2 s",
    draw: (random) => ({ times: random.between(2, 3) }),
  },
  "rolling-restart": {
    describe: "the api processes restart one after the other under 1,000 connected clients",
    exclusive: true,
    draw: () => ({ clients: 1_000 }),
  },
  "database-older": {
    describe: "an older copy of the database, which knows all payouts, takes the place of the newer one",
    exclusive: true,
    draw: (random) => ({ afterMs: random.between(2_500, 4_000) }),
  },
  "database-forgetful": {
    describe: "an older copy of the database, which does not know what was paid since, takes its place",
    exclusive: true,
    draw: (random) => ({ afterMs: random.between(2_500, 4_000) }),
  },
} satisfies Record<string, Kind>;

export type FaultName = keyof typeof KINDS;

export const FAULTS = Object.keys(KINDS) as readonly FaultName[];

export function isExclusive(fault: FaultName): boolean {
  const kind: Kind = KINDS[fault];
  return kind.exclusive === true;
}

/** How many faults a run has, and in how much time they begin. */
export const FAULTS_A_RUN = 13;
const SPREAD_MS = 13_000;
const FIRST_AT_MS = 1_500;

/**
 * What happens in a run, and when: a pure function of the seed and of what may be drawn. Each kind once, until all were
 * drawn; what needs the rest to be whole comes last, and once.
 */
export function scheduleOf(seed: number, from: readonly FaultName[] = FAULTS): Scheduled[] {
  const random = createRandom(seed);
  const drawn: FaultName[] = [];
  while (drawn.length < FAULTS_A_RUN) drawn.push(...random.shuffle(from));
  drawn.length = FAULTS_A_RUN;
  // What stops the world takes its time: one of them a run.
  const exclusive = drawn.find(isExclusive);
  const others = drawn.filter((fault) => !isExclusive(fault));
  const ordered = exclusive === undefined ? others : [...others, exclusive];
  const spacingMs = Math.floor(SPREAD_MS / FAULTS_A_RUN);
  return ordered.map((fault, index) => ({
    atMs: FIRST_AT_MS + index * spacingMs + random.below(spacingMs),
    fault,
    parameters: KINDS[fault].draw(random),
  }));
}
