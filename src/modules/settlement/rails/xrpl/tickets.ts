import type { Nonces } from "../rail.ts";

/**
 * An account's tickets, as a validated ledger holds them. A ticket is used once and in any order, so none waits for
 * another. Only tickets that some validated ledger has shown are ever taken, so one that is missing was used.
 */
export function ticketNonces(tickets: ReadonlySet<bigint>): Nonces {
  return {
    consumed: (ticket) => (tickets.has(ticket) ? "no" : "final"),
    candidates: () => [...tickets].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    gaps: () => [],
    // A transaction that is not included in time expires and is signed anew; until then nothing is raised.
    isNext: () => false,
    // What else the account does shows in its history.
    beyond: () => null,
  };
}
