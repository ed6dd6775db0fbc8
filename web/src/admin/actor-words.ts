import { shorten } from "../lib/shorten.ts";

/** Whoever acted: an account, shortened, or a part of the system by its name. */
export function actorWords(actor: string): string {
  return /^(0x|demo:|r[1-9A-HJ-NP-Za-km-z]{24})/.test(actor) ? shorten(actor) : actor;
}
