import { setTimeout as sleep } from "node:timers/promises";
import { LightSocket } from "./light-socket.ts";

/** What a client saw of one channel: everything after `from`, in the order of arrival. */
export type Seen = { client: string; channel: string; from: bigint; ids: bigint[]; resets: string[] };

const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 800;

type WireEvent = { id?: string; type?: string };
type Subscribed = { ok: boolean; recovered?: boolean; lastId?: string } | null;

/**
 * A client that shows the feed, as a browser does: it connects to any of the api processes, subscribes from the last id
 * that it had of anything, and keeps what it saw. `only` are the types that are durable on this channel.
 */
export class FeedClient {
  readonly name: string;
  readonly #urls: readonly string[];
  readonly #token: string | null;
  readonly #channel: string;
  readonly #only: (type: string) => boolean;
  #turn: number;
  #socket: LightSocket | null = null;
  #cursor: bigint | null = null;
  #parked = false;
  #closed = false;
  #running: Promise<void> | null = null;
  #seen: Seen;

  constructor(options: {
    name: string;
    urls: readonly string[];
    channel: string;
    token?: string;
    only: (type: string) => boolean;
    /** Which of the urls it tries first. */
    turn?: number;
  }) {
    this.name = options.name;
    this.#urls = options.urls;
    this.#channel = options.channel;
    this.#token = options.token ?? null;
    this.#only = options.only;
    this.#turn = options.turn ?? 0;
    this.#seen = this.#nothing();
  }

  get seen(): Seen {
    return this.#seen;
  }

  get isSubscribed(): boolean {
    return this.#cursor !== null;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  drop(): void {
    this.#socket?.drop();
  }

  /** Stays away until `unpark`, with what it has seen. */
  park(): void {
    this.#parked = true;
    this.drop();
  }

  unpark(): void {
    this.#parked = false;
  }

  /** Begins anew, as after a page was loaded again: what it saw was another history. */
  forget(): void {
    this.#cursor = null;
    this.#seen = this.#nothing();
    this.drop();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.drop();
    await this.#running;
  }

  #nothing(): Seen {
    return { client: this.name, channel: this.#channel, from: 0n, ids: [], resets: [] };
  }

  async #run(): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (!this.#closed) {
      if (!this.#parked && (await this.#live())) waitMs = FIRST_WAIT_MS;
      this.#turn += 1;
      if (!this.#closed) await sleep(waitMs);
      waitMs = Math.min(waitMs * 2, LAST_WAIT_MS);
    }
  }

  /** One connection, from its first packet to its end; true when it came to a subscription. */
  async #live(): Promise<boolean> {
    let socket: LightSocket;
    try {
      socket = await LightSocket.connect(this.#urls[this.#turn % this.#urls.length] ?? "", this.#token);
    } catch {
      return false;
    }
    if (this.#parked || this.#closed) {
      socket.drop();
      return false;
    }
    const ended = new Promise<void>((done) => {
      socket.onClose = done;
    });
    this.#socket = socket;
    const seen = this.#seen;
    socket.onEvent = (name, payload) => {
      if (name === "feed" || name === "account") this.#hear(seen, payload as WireEvent);
    };
    const since = this.#cursor;
    const answer = (await socket.ask("subscribe", {
      channel: this.#channel,
      ...(since === null ? {} : { since: String(since) }),
    })) as Subscribed;
    if (answer?.ok !== true || seen !== this.#seen) {
      socket.drop();
      await ended;
      return false;
    }
    const lastId = BigInt(answer.lastId ?? "0");
    if (since === null) seen.from = lastId;
    else if (answer.recovered !== true)
      seen.resets.push(`it had ${since} and was told to begin anew at ${lastId}`);
    if (this.#cursor === null || lastId > this.#cursor) this.#cursor = lastId;
    await ended;
    return true;
  }

  #hear(seen: Seen, { id, type }: WireEvent): void {
    if (id === undefined || type === undefined || seen !== this.#seen) return;
    const position = BigInt(id);
    if (this.#cursor === null || position > this.#cursor) this.#cursor = position;
    if (this.#only(type)) seen.ids.push(position);
  }
}
