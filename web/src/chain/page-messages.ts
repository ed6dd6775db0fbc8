/** How the page talks to the scripts that extensions put into it: by messages to its own window. */
type Exchange<T> = {
  send: Record<string, unknown>;
  /** Reads an answer to exactly this message; undefined for every other message. */
  read: (data: Record<string, unknown>) => T | undefined;
  /** null where a person decides, who may take any time. */
  timeoutMs: number | null;
};

/** Gives the answer; null when none came in time. */
export function exchange<T>({ send, read, timeoutMs }: Exchange<T>): Promise<T | null> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (answer: T | null): void => {
      clearTimeout(timer);
      removeEventListener("message", heard);
      resolve(answer);
    };
    function heard({ source, origin, data }: MessageEvent): void {
      // Frames and other windows may post here too.
      if (source !== window || origin !== location.origin || typeof data !== "object" || data === null)
        return;
      const answer = read(data as Record<string, unknown>);
      if (answer !== undefined) end(answer);
    }
    addEventListener("message", heard);
    if (timeoutMs !== null) timer = setTimeout(() => end(null), timeoutMs);
    postMessage(send, location.origin);
  });
}
