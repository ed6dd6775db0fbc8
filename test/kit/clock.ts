import type { Clock } from "../../src/platform/clock.ts";

/** A clock that moves only when told. */
export class ManualClock implements Clock {
  #now: number;
  constructor(start: Date | string = "2026-01-01T00:00:00Z") {
    this.#now = new Date(start).getTime();
  }
  now(): Date {
    return new Date(this.#now);
  }
  advanceSeconds(seconds: number): void {
    this.#now += seconds * 1_000;
  }
}
