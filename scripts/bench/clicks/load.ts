import { startHelper } from "../helper-process.ts";

/** What the load generator is asked to do, for a while. */
export type LoadOrder = {
  /** `http`: a POST at a time on each keep-alive connection. `socket`: `click` events with acknowledgements. */
  over: "http" | "socket";
  url: string;
  seconds: number;
  /** Clicks that one player has under way at once: on one socket, or on as many connections. */
  inFlight: number;
  /** Clicks a second that arrive whether or not those before were answered; null: each answer brings the next. */
  perSecond: number | null;
};

export type LoadResult = {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Answers that were not a click that counted. */
  failed: number;
  /** What the generator itself used, of one core. */
  cores: number;
};

export type LoadStart = { tokens: readonly string[]; socketUrl: string };

/** A client: sends one click; `onAnswer` is called for each answer, in any order between clients. */
export type Client = { send(): void; close(): void };
export type OnAnswer = (client: number, ok: boolean) => void;

export type LoadGenerator = {
  run(order: LoadOrder): Promise<LoadResult>;
  stop(): Promise<void>;
};

/** The load comes from a process of its own, so that it does not share the server's event loop. */
export async function startLoadGenerator(start: LoadStart): Promise<LoadGenerator> {
  const helper = startHelper<LoadStart | LoadOrder>(new URL("./load-process.ts", import.meta.url));
  await helper.ask(start);
  return { run: (order) => helper.ask<LoadResult>(order), stop: () => helper.stop() };
}
