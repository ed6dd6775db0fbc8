import { ApiProblem } from "./problem.ts";

/** The field of a form that a refusal speaks of; null where it is about none of them. */
export type RefusedField = "amount" | "to" | "tag";

const AMOUNT: ReadonlySet<string> = new Set([
  "amount_too_small",
  "amount_too_large",
  "insufficient_funds",
  "player_daily_cap",
  "asset_daily_cap",
  "too_few_approvers",
]);
const TAG: ReadonlySet<string> = new Set([
  "destination_tag_required",
  "invalid_destination_tag",
  "destination_tag_contradicts",
  "tag_only_on_xrpl",
]);
const TO: ReadonlySet<string> = new Set(["no_wallet_on_rail", "unknown_recipient", "demo_has_no_address"]);

/** Chains have many reasons why a payee cannot be paid; whatever names a payee is about the payee. */
export function refusedField(error: unknown): RefusedField | null {
  if (!(error instanceof ApiProblem) || error.status < 400 || error.status >= 500) return null;
  if (AMOUNT.has(error.code)) return "amount";
  if (TAG.has(error.code)) return "tag";
  return TO.has(error.code) || "to" in error.details || "address" in error.details ? "to" : null;
}
