import pg from "pg";

/**
 * What an error of a write that was sent says about it.
 * - `conflict`: nothing is written; the same call may succeed at once (23505 behind the ids, 40001, 40P01)
 * - `unavailable`: nothing is written; the database cannot write now
 * - `refused`: nothing is written; the same call will be refused again
 * - `lost`: the connection ended before an answer came, so the write may have happened or not
 */
export type WriteFailure = "conflict" | "unavailable" | "refused" | "lost";

/** SQLSTATEs: https://www.postgresql.org/docs/18/errcodes-appendix.html */
export function classifyWriteFailure(error: unknown): WriteFailure {
  if (!(error instanceof pg.DatabaseError)) return "lost";
  const state = error.code ?? "";
  if (state === "23505" || state === "40001" || state === "40P01") return "conflict";
  // 57P0x: the server ends the session, perhaps after the commit and before the answer; 40003 says so itself.
  if (state.startsWith("08") || state.startsWith("57P") || state === "40003") return "lost";
  // No resources, cancelled, lock not had in time, read-only standby, I/O error.
  if (/^(53|57|55|58)/.test(state) || state === "25006") return "unavailable";
  return "refused";
}
