import { setTimeout as sleep } from "node:timers/promises";
import { isSerializationFailure } from "./sql-state.ts";

const TRIES = 4;
/** Lets whoever won finish first; without it the two may only meet again. */
const PAUSE_MS = 10;

/**
 * Runs a whole transaction again when PostgreSQL chose it as the one to give way (40001, 40P01): it did nothing, and
 * nobody who asked should hear of it. Anything else is thrown as it comes.
 */
export async function runAgain<T>(transaction: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (!isSerializationFailure(error) || tries === TRIES) throw error;
    }
    await sleep(tries * PAUSE_MS);
  }
}
