import type { XrplOutcome } from "../../../../platform/xrpl/client.ts";
import type { BroadcastResult } from "../rail.ts";

/** rippled `TER.h`: the ticket or the sequence is used up, or this very transaction was included before. */
const CONSUMED = new Set(["tefNO_TICKET", "tefPAST_SEQ", "tefALREADY"]);

/**
 * What servers made of a submit. Nothing here is final: what was accepted may still fail, and what was refused is kept
 * and tried again, so it may be validated later. Only a validated ledger says how it ended.
 */
export function readBroadcast(outcomes: readonly XrplOutcome[]): BroadcastResult {
  const answers = outcomes.map(readOutcome);
  return (
    answers.find(({ result }) => result === "accepted") ??
    answers.find(({ result }) => result === "nonce_consumed") ??
    answers[0] ?? { result: "rejected", message: "no server answered" }
  );
}

function readOutcome(outcome: XrplOutcome): BroadcastResult {
  if (!outcome.ok) {
    const perhaps = outcome.mayHaveArrived ? ", but it may have arrived" : "";
    return { result: "rejected", message: `${outcome.error.message}${perhaps}` };
  }
  const engineResult = String(outcome.result.engine_result ?? "unknown");
  if (CONSUMED.has(engineResult)) return { result: "nonce_consumed" };
  if (/^(tes|tec)/.test(engineResult) || engineResult === "terQUEUED") return { result: "accepted" };
  const kept = outcome.result.kept === true ? ", kept by the server and tried again" : "";
  return { result: "rejected", message: `${engineResult}${kept}` };
}
