/**
 * The session itself is in HttpOnly cookies that no script can read. What is kept here is no secret: that there
 * probably is one, and which renewal of it, so that a tab sees when another one has renewed, opened or ended it.
 */
const KEY = "cc.session";

export const sessionHint = {
  get(): string | null {
    return localStorage.getItem(KEY);
  },
  renew(): void {
    localStorage.setItem(KEY, crypto.randomUUID());
  },
  clear(): void {
    localStorage.removeItem(KEY);
  },
  /** Another tab signed in, out or renewed. */
  onChange(listener: (change: { before: string | null; now: string | null }) => void): () => void {
    const heard = (event: StorageEvent): void => {
      if (event.key === KEY) listener({ before: event.oldValue, now: event.newValue });
    };
    addEventListener("storage", heard);
    return () => removeEventListener("storage", heard);
  },
};
