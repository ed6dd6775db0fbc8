import { fullTime, relativeTime } from "../lib/time.ts";
import { useNow } from "../lib/use-now.ts";
import { SOON_MS } from "./queue.ts";

/** How long there is to sign, counting down; told apart by words as well as by colour when it is not long. */
export function Countdown({ until, verb = "Expires" }: { until: string; verb?: string }) {
  const now = useNow(1_000);
  const leftMs = Date.parse(until) - now;
  const tone = leftMs <= SOON_MS ? "var(--cc-bad)" : undefined;
  return (
    <time dateTime={until} title={fullTime(until)} className="num" style={{ color: tone }}>
      {leftMs <= 0 ? "Time is over" : `${verb} ${relativeTime(until, now)}`}
    </time>
  );
}
