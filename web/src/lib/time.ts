const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const DAY_AND_CLOCK = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" });

/** Short: the time of day if it was today, else the day too. */
export function shortTime(iso: string): string {
  const time = new Date(iso);
  return time.toDateString() === new Date().toDateString() ? CLOCK.format(time) : DAY_AND_CLOCK.format(time);
}

export function fullTime(iso: string): string {
  return FULL.format(new Date(iso));
}

/** "in 4 min", "12 s ago". */
export function relativeTime(iso: string, nowMs: number): string {
  const seconds = Math.round((new Date(iso).getTime() - nowMs) / 1_000);
  const size = Math.abs(seconds);
  if (size < 5) return "now";
  const text =
    size < 90
      ? `${size} s`
      : size < 90 * 60
        ? `${Math.round(size / 60)} min`
        : size < 36 * 3_600
          ? `${Math.round(size / 3_600)} h`
          : `${Math.round(size / 86_400)} days`;
  return seconds > 0 ? `in ${text}` : `${text} ago`;
}
