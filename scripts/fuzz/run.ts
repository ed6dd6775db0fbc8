import fc from "fast-check";
import type { PayoutView } from "../local/api-client.ts";
import { type Books, openBooks } from "./books.ts";
import { type Finding, Findings } from "./findings.ts";
import { HINTS } from "./hints.ts";
import { createJudge, type Fault } from "./judge.ts";
import { logFaults } from "./log-faults.ts";
import { readOperations } from "./operations.ts";
import { clientOf, earn, randomWallet } from "./players.ts";
import { type ServedProduct, serveProduct } from "./product.ts";
import { type FuzzRequest, requestTo } from "./request.ts";
import { createSender } from "./send.ts";
import { createSpeakers, socketEvent } from "./socket-events.ts";
import { createWorld, type World } from "./world.ts";

const CONCURRENCY = 8;
/** One in so many is an event on a socket. */
const SOCKET_EVERY = 10;
const MEND_EVERY = 100;
const PROGRESS_EVERY_MS = 5_000;
const SHRINK_MS = 5_000;
const MOST_SHRUNK = 10;
/** Waits for what is still on its way to the chain. */
const SETTLE_TIMEOUT_MS = 60_000;

export type FuzzOptions = {
  /** How many requests and socket events together. */
  requests: number;
  /** Ends the run before that many, however many it were. */
  minutes?: number;
  seed: number;
  /** Only the request of this number, to see it again. */
  only?: number;
  onProgress: (text: string) => void;
};

export type FuzzReport = {
  seed: number;
  requests: number;
  socketEvents: number;
  seconds: number;
  /** Answers by status, and successes by operation. */
  statuses: ReadonlyMap<number, number>;
  successes: ReadonlyMap<string, number>;
  heapBytes: { before: number; after: number };
  findings: readonly Finding[];
};

/**
 * Sends so many requests to the product and says what was wrong. Which ones is a matter of `seed` alone: ids, tokens and
 * signatures, which differ from run to run, are put in as they are sent.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const product = await serveProduct(options.onProgress);
  try {
    return await rain(product, options);
  } finally {
    await product.stop();
  }
}

async function rain(product: ServedProduct, options: FuzzOptions): Promise<FuzzReport> {
  const world = await createWorld(product.url);
  const books = await openBooks(product.databaseUrl, world.victims);
  const sender = createSender(product.url, world);
  const speakers = createSpeakers(product.url, world);
  try {
    return await sendAll({ product, world, books, sender, speakers }, options);
  } finally {
    speakers.close();
    sender.close();
    await books.close();
  }
}

type Parts = {
  product: ServedProduct;
  world: World;
  books: Books;
  sender: ReturnType<typeof createSender>;
  speakers: ReturnType<typeof createSpeakers>;
};

async function sendAll(parts: Parts, options: FuzzOptions): Promise<FuzzReport> {
  const { product, world, books, sender, speakers } = parts;
  const { seed, requests, onProgress } = options;
  const { url } = product;
  const operations = await readOperations(url);
  const arbitraries = operations.map((operation) => requestTo(operation, HINTS));
  const judge = createJudge(operations, world.victims);
  const findings = new Findings(({ kind, where, first, detail }) =>
    onProgress(`${kind}, ${where}, at ${first}: ${detail.slice(0, 500)}`),
  );
  const statuses = new Map<number, number>();
  const successes = new Map(operations.map(({ name }) => [name, 0]));
  let taken = 0;
  let socketEvents = 0;

  async function ask(request: FuzzRequest): Promise<Fault[]> {
    const sent = await sender.prepare(request);
    const answer = await sender.send(sent);
    if ("failed" in answer) return judge(request, sent, answer);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.status < 300 && request.mutations.length === 0)
      successes.set(request.operation, (successes.get(request.operation) ?? 0) + 1);
    if (answer.status === 401 || request.operation.endsWith("/auth/logout")) await world.renew(request.role);
    return judge(request, sent, answer);
  }

  async function one(at: number): Promise<void> {
    if (at % SOCKET_EVERY === 0) {
      const [event] = fc.sample(socketEvent, { seed: seed + at, numRuns: 1 });
      if (event === undefined) return;
      socketEvents += 1;
      findings.note(await speakers.say(event), at, event);
      return;
    }
    const arbitrary = arbitraries[at % arbitraries.length];
    if (arbitrary === undefined) return;
    const [request] = fc.sample(arbitrary, { seed: seed + at, numRuns: 1 });
    if (request !== undefined) findings.note(await ask(request), at, request);
  }

  /** Makes the first request that showed a fault as small as it can be and still show it. */
  async function shrink(finding: Finding): Promise<void> {
    const arbitrary = arbitraries[finding.first % arbitraries.length];
    if (finding.first % SOCKET_EVERY === 0 || arbitrary === undefined) return;
    const property = fc.asyncProperty(arbitrary, async (request) => {
      const faults = await ask(request);
      return !faults.some(({ kind }) => kind === finding.kind);
    });
    const { counterexample } = await fc.check(property, {
      seed: seed + finding.first,
      numRuns: 1,
      interruptAfterTimeLimit: SHRINK_MS,
    });
    if (counterexample !== null) finding.smallest = JSON.stringify(counterexample[0]);
  }

  const readLog = (at: number) =>
    findings.note(logFaults(product.takeLog(), world.victims.secrets), at, null);

  onProgress(`seed ${seed}`);
  const heapBefore = await heapBytes(url);
  const began = performance.now();
  let next = options.only ?? 0;
  const end = options.only === undefined ? requests : options.only + 1;
  const deadline = began + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  let said = began;
  async function work(): Promise<void> {
    for (let at = next++; at < end && !product.ended && performance.now() < deadline; at = next++) {
      taken += 1;
      await one(at).catch((error: unknown) => {
        // Whatever was under way when the server ended fails with it; that it ended is the fault.
        if (!product.ended) throw error;
      });
      if (at % MEND_EVERY === 0 && !product.ended) {
        await world.mend();
        readLog(at);
      }
      if (performance.now() - said > PROGRESS_EVERY_MS) {
        said = performance.now();
        const perSecond = Math.round((at / (said - began)) * 1_000);
        onProgress(`${at} of ${requests}, ${perSecond} a second, ${findings.all().length} kinds of fault`);
      }
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  const seconds = (performance.now() - began) / 1_000;

  if (product.ended) {
    findings.note([{ kind: "the server ended", where: "process", detail: "it is gone" }], end, null);
  } else {
    for (const finding of findings.all().slice(0, MOST_SHRUNK)) await shrink(finding);
    findings.note(await stillServes(url, () => world.mend()), end, null);
    findings.note(await books.faults(), end, null);
  }
  readLog(end);
  const heapAfter = product.ended ? 0 : await heapBytes(url);
  return {
    seed,
    requests: taken,
    socketEvents,
    seconds,
    statuses,
    successes,
    heapBytes: { before: heapBefore, after: heapAfter },
    findings: findings.all(),
  };
}

/** A new player signs in, clicks, cashes out and is paid on chain, as if nothing had been. */
async function stillServes(url: string, mend: () => Promise<void>): Promise<Fault[]> {
  const lost = (detail: string): Fault[] => [
    { kind: "it does not serve any more", where: "afterwards", detail },
  ];
  try {
    await mend();
    const api = await clientOf(url).signIn(randomWallet());
    await earn(api, 5);
    const { id } = await api.requestPayout(5n);
    for (let waited = 0; waited < SETTLE_TIMEOUT_MS; waited += 100) {
      const { status } = await api.get<PayoutView>(`/payouts/${id}`);
      if (status === "confirmed") return [];
      await new Promise((done) => setTimeout(done, 100));
    }
    return lost(`a payout was not paid within ${SETTLE_TIMEOUT_MS} ms`);
  } catch (error) {
    return lost(String(error));
  }
}

async function heapBytes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1] ?? 0);
}
