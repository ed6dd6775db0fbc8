import { createStore } from "../lib/store.ts";

const PROBE_MS = 1_500;

/** Whether the server answers. While it does not, it is asked again until it does. */
export const serverStatus = createStore<"up" | "down">("up");

const onBack = new Set<() => void>();
let probing = false;

/** Called once each time that a lost server answers again. */
export function whenServerIsBack(listener: () => void): () => void {
  onBack.add(listener);
  return () => onBack.delete(listener);
}

/** Something failed that a lost server would explain. */
export function suspectServer(): void {
  if (probing) return;
  probing = true;
  void probe();
}

async function probe(): Promise<void> {
  for (;;) {
    if (await answers()) break;
    serverStatus.set("down");
    await new Promise((done) => setTimeout(done, PROBE_MS));
  }
  probing = false;
  if (serverStatus.get() === "up") return;
  serverStatus.set("up");
  for (const listener of onBack) listener();
}

async function answers(): Promise<boolean> {
  try {
    const response = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(4_000) });
    return response.ok;
  } catch {
    return false;
  }
}
