import type { Session } from "./session.ts";

type Entry = { session: Session; expiresAtMs: number };

const MAX_TOKENS = 50_000;
const MAX_ENDED = 50_000;

/**
 * Tokens that were verified, so that a hot route costs neither an HMAC nor a query. It holds what is sure: an entry goes
 * when its token expires, when its session ends, and all go when it is not known any more which sessions ended. Sessions
 * never come back to life, so ended ones are remembered: a lookup that read the row just before cannot put one back.
 */
export class SessionCache {
  readonly #entries = new Map<string, Entry>();
  readonly #tokensOf = new Map<string, Set<string>>();
  readonly #ended = new Set<string>();
  #epoch = 0;

  /** Changes with every `clear`; a lookup that began in another epoch must not be stored. */
  get epoch(): number {
    return this.#epoch;
  }

  get(token: string, nowMs: number): Session | null {
    const entry = this.#entries.get(token);
    if (entry === undefined) return null;
    this.#entries.delete(token);
    if (entry.expiresAtMs <= nowMs) {
      this.#forgetToken(token, entry.session.id);
      return null;
    }
    // Back in at the young end: the oldest entry is the least recently used.
    this.#entries.set(token, entry);
    return entry.session;
  }

  set(token: string, session: Session, expiresAtMs: number, epoch: number): void {
    if (epoch !== this.#epoch || this.#ended.has(session.id)) return;
    this.#entries.set(token, { session, expiresAtMs });
    const tokens = this.#tokensOf.get(session.id);
    if (tokens === undefined) this.#tokensOf.set(session.id, new Set([token]));
    else tokens.add(token);
    if (this.#entries.size <= MAX_TOKENS) return;
    for (const [oldest, entry] of this.#entries) {
      this.#entries.delete(oldest);
      this.#forgetToken(oldest, entry.session.id);
      break;
    }
  }

  hasEnded(sessionId: string): boolean {
    return this.#ended.has(sessionId);
  }

  /** Refuses the session from now on; false when that was known. */
  end(sessionId: string): boolean {
    for (const token of this.#tokensOf.get(sessionId) ?? []) this.#entries.delete(token);
    this.#tokensOf.delete(sessionId);
    if (this.#ended.has(sessionId)) return false;
    this.#ended.add(sessionId);
    if (this.#ended.size > MAX_ENDED) {
      for (const oldest of this.#ended) {
        this.#ended.delete(oldest);
        break;
      }
    }
    return true;
  }

  clear(): void {
    this.#epoch += 1;
    this.#entries.clear();
    this.#tokensOf.clear();
  }

  #forgetToken(token: string, sessionId: string): void {
    const tokens = this.#tokensOf.get(sessionId);
    tokens?.delete(token);
    if (tokens?.size === 0) this.#tokensOf.delete(sessionId);
  }
}
