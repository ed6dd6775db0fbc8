import { randomToken } from "../../platform/ids.ts";
import { accountChannel, FEED } from "./channels.ts";
import type { WireEvent } from "./event.ts";
import type { FeedLimits } from "./limits.ts";

/** A process that has not been heard of for this many ticks no longer counts. */
const PRESENCE_TICKS = 5;
const BALANCES = "balances";
const PRESENCE = "presence";

export type BalancePayload = Record<string, unknown>;
type Presence = { clients: number; clicks: number; heardAtMs: number };

export type Ephemeral = {
  /** Shows a balance to its account, soon; the last of several wins. Not durable: a later event or a reload corrects it. */
  publishBalance(account: string, payload: BalancePayload): void;
  /** A durable balance of this channel has been emitted: one that waits is older. */
  supersede(channel: string): void;
  countClicks(accepted: number): void;
  start(): void;
  close(): void;
};

/**
 * What may be lost: balances after clicks, and ticks. They carry the id of the last durable event that this process has
 * emitted, so a client may come back with it; therefore every process stamps its own, also on what it hears from another.
 */
export function createEphemeral(deps: {
  limits: FeedLimits;
  lastId: () => string;
  clients: () => number;
  hasListeners: (channel: string) => boolean;
  /** To this process's sockets; dropped for those that cannot take it now. */
  emit: (channel: string, event: WireEvent) => void;
  /** To the other processes, if there is a way to them now. */
  tellOthers: (event: string, data: unknown) => void;
  hearOthers: (event: string, listener: (data: unknown) => void) => void;
}): Ephemeral {
  const { limits } = deps;
  const self = randomToken(9);
  const balances = new Map<string, BalancePayload>();
  const others = new Map<string, Presence>();
  const shown = new Map<string, number>();
  const timers: NodeJS.Timeout[] = [];
  let clicks = 0;

  function showBalance(account: string, payload: BalancePayload): void {
    const channel = accountChannel(account);
    if (deps.hasListeners(channel)) deps.emit(channel, { id: deps.lastId(), type: "balance", payload });
  }

  function flushBalances(): void {
    if (balances.size === 0) return;
    const entries = [...balances];
    balances.clear();
    for (const [account, payload] of entries) showBalance(account, payload);
    deps.tellOthers(BALANCES, entries);
  }

  function tick(): void {
    const nowMs = performance.now();
    const mine: Presence = { clients: deps.clients(), clicks, heardAtMs: nowMs };
    clicks = 0;
    deps.tellOthers(PRESENCE, [self, mine.clients, mine.clicks]);
    for (const [id, presence] of others) {
      if (nowMs - presence.heardAtMs > PRESENCE_TICKS * limits.tickMs) others.delete(id);
    }
    const all = [mine, ...others.values()];
    show("clients", sum(all.map((presence) => presence.clients)));
    show(
      "clicksPerSecond",
      Math.round((sum(all.map((presence) => presence.clicks)) * 1_000) / limits.tickMs),
    );
  }

  function show(metric: string, value: number): void {
    if (shown.get(metric) === value || !deps.hasListeners(FEED)) return;
    shown.set(metric, value);
    deps.emit(FEED, { id: deps.lastId(), type: "tick", payload: { metric, value } });
  }

  deps.hearOthers(BALANCES, (data) => {
    for (const [account, payload] of data as [string, BalancePayload][]) showBalance(account, payload);
  });
  deps.hearOthers(PRESENCE, (data) => {
    const [id, clients, theirClicks] = data as [string, number, number];
    others.set(id, { clients, clicks: theirClicks, heardAtMs: performance.now() });
  });

  return {
    publishBalance(account, payload) {
      balances.set(account, payload);
    },
    supersede(channel) {
      if (balances.size > 0) balances.delete(channel.slice("account:".length));
    },
    countClicks(accepted) {
      clicks += accepted;
    },
    start() {
      timers.push(setInterval(flushBalances, limits.balanceFlushMs), setInterval(tick, limits.tickMs));
      for (const timer of timers) timer.unref();
    },
    close() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
