import { InvariantError } from "../../platform/errors.ts";
import type { FeedEvent } from "./event.ts";

/** Events of one channel in (`cursor`, `upTo`]: all that there are. */
export type Slice = { events: FeedEvent[]; upTo: bigint };

/**
 * The last events of all channels, without a gap, and the head: the position up to which this process has emitted.
 * Everything here is synchronous, which is what makes the seam between replay and live exact: nothing can be emitted
 * between reading the window up to its head and joining the room.
 */
export type RecentWindow = {
  readonly head: bigint;
  /** The position before the oldest event held; a cursor from here on is served without the database. */
  readonly floor: bigint;
  push(event: FeedEvent): void;
  after(channel: string, cursor: bigint, limit: number): Slice;
  /** The last events of a channel that are still here, oldest first. */
  latest(channel: string, limit: number): FeedEvent[];
};

/** `recent` are the events up to and including `head`, oldest first and dense. */
export function createWindow(size: number, head: bigint, recent: readonly FeedEvent[]): RecentWindow {
  let events: FeedEvent[] = [];
  let last = head - BigInt(recent.length);

  function push(event: FeedEvent): void {
    if (event.position !== last + 1n) {
      throw new InvariantError(`position ${event.position} follows ${last} in the feed`);
    }
    events.push(event);
    last = event.position;
    // Cut in halves rather than one by one, so that it costs nothing per event.
    if (events.length >= size * 2) events = events.slice(-size);
  }
  for (const event of recent) push(event);

  return {
    get head() {
      return last;
    },
    get floor() {
      return last - BigInt(events.length);
    },
    push,
    after(channel, cursor, limit) {
      const found: FeedEvent[] = [];
      for (let index = Number(cursor - (last - BigInt(events.length))); index < events.length; index += 1) {
        const event = events[index];
        if (event === undefined) throw new InvariantError(`cursor ${cursor} is outside the window`);
        if (event.channel !== channel) continue;
        found.push(event);
        if (found.length === limit) return { events: found, upTo: event.position };
      }
      return { events: found, upTo: last };
    },
    latest(channel, limit) {
      const found: FeedEvent[] = [];
      for (let index = events.length - 1; index >= 0 && found.length < limit; index -= 1) {
        const event = events[index];
        if (event?.channel === channel) found.push(event);
      }
      return found.reverse();
    },
  };
}
