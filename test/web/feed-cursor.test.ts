import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WireEvent } from "../../web/src/api/types.ts";
import {
  EMPTY_FEED,
  type FeedState,
  KEPT_EVENTS,
  onEvent,
  onLost,
  onSettled,
  onSubscribed,
} from "../../web/src/live/feed-cursor.ts";

const event = (id: number, type = "payout"): WireEvent => ({ id: String(id), type, payload: {} });
const ids = (state: FeedState): string[] => state.events.map(({ id }) => id);

const started = onSubscribed(EMPTY_FEED, { recovered: false, lastId: "12", snapshot: [event(9), event(12)] });

describe("the feed's cursor", () => {
  it("begins with the snapshot, newest first, and is live", () => {
    expect(started.phase).toBe("live");
    expect(ids(started)).toEqual(["12", "9"]);
  });

  it("takes each event once, also when ids have more digits than text order follows", () => {
    const state = [event(12), event(99), event(100), event(99)].reduce(onEvent, started);
    expect(ids(state)).toEqual(["100", "99", "12", "9"]);
    expect(state.cursor).toBe("100");
  });

  it("keeps what it has while the connection is lost, and says so", () => {
    const lost = onLost(started);
    expect(lost.phase).toBe("reconnecting");
    expect(ids(lost)).toEqual(["12", "9"]);
  });

  it("says how many missed events were filled in, then that it is live", () => {
    const back = onSubscribed(onLost(started), { recovered: true, lastId: "12" });
    const filled = [event(13), event(15)].reduce(onEvent, back);
    expect(filled).toMatchObject({ phase: "recovered", caughtUp: 2 });
    expect(onSettled(filled).phase).toBe("live");
  });

  it("calls nothing recovered that was never lost", () => {
    expect(onSubscribed(started, { recovered: true, lastId: "12" }).phase).toBe("live");
  });

  it("begins anew, and says so, when the break was too long or the server has another history", () => {
    const again = onSubscribed(onLost(started), { recovered: false, lastId: "3", snapshot: [event(2)] });
    expect(again).toMatchObject({ phase: "restarted", cursor: "3" });
    expect(ids(again)).toEqual(["2"]);
  });

  it("neither lists ticks nor lets them move it", () => {
    expect(onEvent(started, event(40, "tick"))).toBe(started);
  });

  it("keeps a bounded list", () => {
    const many = Array.from({ length: KEPT_EVENTS + 50 }, (_unused, i) => event(100 + i));
    expect(many.reduce(onEvent, started).events).toHaveLength(KEPT_EVENTS);
  });

  it("shows every event once and in order, however often it is cut off and comes back", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 4 }), { maxLength: 30 }), (breaks) => {
        const log = Array.from({ length: 60 }, (_unused, i) => event(i + 1));
        let state = onSubscribed(EMPTY_FEED, { recovered: false, lastId: "0", snapshot: [] });
        let sent = 0;
        for (const count of breaks) {
          for (const next of log.slice(sent, sent + count)) state = onEvent(state, next);
          sent = Math.min(log.length, sent + count);
          // The server resumes from the client's cursor; a tail that was on the wire comes twice.
          state = onSubscribed(onLost(state), { recovered: true, lastId: state.cursor ?? "0" });
          for (const next of log.slice(Math.max(0, sent - 2), sent)) state = onEvent(state, next);
        }
        expect(ids(state)).toEqual(
          log
            .slice(0, sent)
            .map(({ id }) => id)
            .toReversed(),
        );
      }),
    );
  });
});
