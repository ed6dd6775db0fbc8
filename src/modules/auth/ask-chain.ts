import { chainUnavailable } from "./errors.ts";

const TIMEOUT_MS = 5_000;

/** What a chain answers; throws `chain_unavailable` when it does not, or not in time. */
export async function askChain<T>(lookup: Promise<T>): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error("the lookup timed out")), TIMEOUT_MS);
  try {
    return await Promise.race([lookup, timeout.promise]);
  } catch (error) {
    throw chainUnavailable(error);
  } finally {
    clearTimeout(timer);
  }
}
