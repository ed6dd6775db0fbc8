import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { Socket } from "socket.io";
import type { Queryable } from "../../platform/db/index.ts";
import type { Logger } from "../../platform/log.ts";
import { lastWaitingBytes, waitingPackets } from "./backpressure.ts";
import { FEED } from "./channels.ts";
import { feedUnavailable, subscribeSuperseded } from "./errors.ts";
import { eventName, toWire, type WireEvent } from "./event.ts";
import type { Follower } from "./follow.ts";
import type { FeedLimits } from "./limits.ts";
import type { FeedMetrics } from "./metrics.ts";
import { channelSlice, findResumePoint, latestOfChannel } from "./store.ts";
import type { RecentWindow, Slice } from "./window.ts";

const CATCH_UP_TIMEOUT_MS = 3_000;

/**
 * The answer to `subscribe`. Every event of the channel after `lastId` follows, in order, once; so `lastId` is safe to
 * come back with at any moment. `recovered` says that this continues what the client had; if not, `snapshot` holds the
 * channel's last events up to `lastId`, to start anew from.
 */
export type Subscribed =
  | { recovered: true; lastId: string }
  | { recovered: false; lastId: string; snapshot: WireEvent[] };

export type Subscriptions = {
  /** `reply` is called once, before the first event. Throws when the subscription was refused or superseded. */
  subscribe(channel: string, since: bigint | undefined, reply: (answer: Subscribed) => void): Promise<void>;
  unsubscribe(channel: string): void;
  /** Leaves every account's channel: the session that allowed them is gone. */
  leaveAccounts(): void;
};

type Deps = {
  db: Queryable;
  follower: Follower;
  limits: FeedLimits;
  metrics: FeedMetrics;
  log: Logger;
};

/**
 * The channels of one socket. While a subscription replays, the socket is not in the room; it joins in the same tick in
 * which its cursor reaches the head of what this process has emitted. So live events are exactly those after the
 * cursor: no gap, nothing twice, however fast events arrive.
 */
export function createSubscriptions(socket: Socket, deps: Deps): Subscriptions {
  const { db, follower, limits, metrics, log } = deps;
  /** The latest subscription of each channel; one that is no longer in here stops where it is. */
  const current = new Map<string, symbol>();

  function leave(channel: string): void {
    current.delete(channel);
    socket.leave(channel);
  }

  async function subscribe(
    channel: string,
    since: bigint | undefined,
    reply: (answer: Subscribed) => void,
  ): Promise<void> {
    leave(channel);
    const mine = Symbol(channel);
    current.set(channel, mine);
    const isOver = (): boolean => !socket.connected || current.get(channel) !== mine;

    try {
      const window = follower.window ?? (await windowOf(follower));
      // Ahead of us: the client heard it from a process that is faster by a moment. Or it is from another database.
      if (since !== undefined && since > window.head) await catchUp(follower);
      if (isOver()) throw subscribeSuperseded();

      let cursor = since === undefined ? undefined : await resumeFrom(window, channel, since);
      if (isOver()) throw subscribeSuperseded();
      if (cursor === undefined) {
        cursor = window.head;
        const snapshot = await snapshotOf(window, channel, cursor);
        if (isOver()) throw subscribeSuperseded();
        reply({ recovered: false, lastId: String(cursor), snapshot });
        metrics.resumes.inc({ outcome: since === undefined ? "new" : "reset" });
      } else {
        reply({ recovered: true, lastId: String(cursor) });
        metrics.resumes.inc({ outcome: "recovered" });
      }
      await replay(window, channel, cursor, isOver);
    } catch (error) {
      // Not in the room, so there is nothing that could arrive out of order; the client subscribes again.
      if (current.get(channel) === mine) current.delete(channel);
      throw error;
    }
  }

  /** The id after which everything is still there and not too much; undefined when it is not. */
  async function resumeFrom(
    window: RecentWindow,
    channel: string,
    since: bigint,
  ): Promise<bigint | undefined> {
    if (since > window.head) return undefined;
    if (since >= window.floor) {
      // The gap to the first missed event is skipped, so that the id of a quiet channel does not grow old.
      const [first] = window.after(channel, since, 1).events;
      return first === undefined ? window.head : first.position - 1n;
    }
    const head = window.head;
    const point = await findResumePoint(db, channel, since, head, limits.maxReplay + 1).catch(unavailable);
    if (!point.complete || point.missed > limits.maxReplay) return undefined;
    return point.next === null ? head : point.next - 1n;
  }

  async function snapshotOf(window: RecentWindow, channel: string, head: bigint): Promise<WireEvent[]> {
    const recent = window.latest(channel, limits.snapshotSize);
    const isAll = recent.length === limits.snapshotSize || window.floor === 0n;
    const events = isAll
      ? recent
      : await latestOfChannel(db, channel, head, limits.snapshotSize).catch(unavailable);
    return events.map(toWire);
  }

  async function replay(
    window: RecentWindow,
    channel: string,
    from: bigint,
    isOver: () => boolean,
  ): Promise<void> {
    let cursor = from;
    for (;;) {
      if (isOver()) return;
      let slice: Slice | null;
      if (cursor >= window.floor) {
        slice = window.after(channel, cursor, limits.pageSize);
      } else {
        slice = await channelSlice(db, channel, cursor, window.head, limits.pageSize).catch(broken);
        if (isOver()) return;
      }
      if (slice === null) {
        // The database went away, or pruning overtook a very slow client. The client has its ack and waits for events, so
        // only a lost connection tells it to come back with the last id that it got.
        metrics.disconnected.inc({ reason: "replay_broken" });
        socket.disconnect(true);
        return;
      }
      cursor = sendSome(slice);
      // No await since the slice was read: if it reached the head, it still does.
      if (cursor === window.head) {
        socket.join(channel);
        return;
      }
      await drained();
    }
  }

  function broken(error: unknown): null {
    log.warn({ err: error }, "a replay broke off");
    return null;
  }

  /** Sends a slice, or as much of it as a client may be made to hold; returns the position up to which it went. */
  function sendSome(slice: Slice): bigint {
    let bytes = 0;
    for (const event of slice.events) {
      socket.emit(eventName(event.channel), toWire(event));
      bytes += lastWaitingBytes(socket);
      if (bytes > limits.maxBufferedBytes / 4) return event.position;
    }
    return slice.upTo;
  }

  /** Waits until the transport has taken what was written, so that a replay holds one page for a slow client. */
  async function drained(): Promise<void> {
    await setImmediate();
    while (socket.connected && waitingPackets(socket) > 0) await sleep(5);
  }

  return {
    subscribe,
    unsubscribe: leave,
    leaveAccounts() {
      for (const channel of current.keys()) if (channel !== FEED) leave(channel);
    },
  };
}

function unavailable(error: unknown): never {
  throw feedUnavailable(error);
}

async function catchUp(follower: Follower): Promise<void> {
  await follower.caughtUp(AbortSignal.timeout(CATCH_UP_TIMEOUT_MS)).catch(unavailable);
}

async function windowOf(follower: Follower): Promise<RecentWindow> {
  await catchUp(follower);
  return follower.window ?? unavailable(new Error("the feed has not started"));
}
