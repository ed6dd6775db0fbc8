/** Ledger time counts seconds from 2000-01-01. */
const EPOCH_S = 946_684_800;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export const ledgerTime = (nowMs: number): number => Math.floor(nowMs / 1_000) - EPOCH_S;

export const isoTime = (time: number): string =>
  new Date((time + EPOCH_S) * 1_000).toISOString().replace(".000Z", "Z");

export function humanTime(time: number, fraction = "000000000"): string {
  const date = new Date((time + EPOCH_S) * 1_000);
  const day = String(date.getUTCDate()).padStart(2, "0");
  const clock = date.toISOString().slice(11, 19);
  return `${date.getUTCFullYear()}-${MONTHS[date.getUTCMonth()]}-${day} ${clock}.${fraction} UTC`;
}
