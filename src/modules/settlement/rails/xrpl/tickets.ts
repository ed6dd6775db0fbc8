import type { XrplClient } from "../../../../platform/xrpl/client.ts";
import type { Nonces } from "../rail.ts";

const PAGE = 400;

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

/**
 * The account's tickets in a validated ledger. A server that hid one would make a payment look as if it had been sent,
 * so two must agree.
 */
export async function readTickets(
  client: XrplClient,
  account: string,
  ledgerIndex: number,
): Promise<Set<bigint>> {
  type Page = { account_objects: { TicketSequence: number }[]; marker?: unknown };
  const tickets = new Set<bigint>();
  let marker: unknown;
  do {
    const page: Page = await client.agreed<Page>(
      {
        command: "account_objects",
        account,
        type: "ticket",
        ledger_index: ledgerIndex,
        limit: PAGE,
        ...(marker === undefined ? {} : { marker }),
      },
      ({ account_objects }) => account_objects.map(({ TicketSequence }) => TicketSequence),
    );
    for (const { TicketSequence } of page.account_objects) tickets.add(BigInt(TicketSequence));
    marker = page.marker;
  } while (marker !== undefined);
  return tickets;
}
