import { type Fault, leaks } from "./judge.ts";
import type { ServedProduct } from "./product.ts";
import type { Secret } from "./victims.ts";

/** What nobody may read in a log, whoever reads it; ids and addresses may stand there. */
const CREDENTIALS = new Set([
  "the voucher",
  "the access token",
  "the demo player's token",
  "the demo player's refresh token",
]);
const ERROR_LEVEL = 50;

/** What is wrong with what the server has logged: lines that are no JSON, credentials, and errors. */
export function logFaults(log: ReturnType<ServedProduct["takeLog"]>, secrets: readonly Secret[]): Fault[] {
  const credentials = secrets.filter(({ what }) => CREDENTIALS.has(what));
  const fault = (kind: string, detail: string): Fault => ({ kind, where: "log", detail });
  return [
    ...log.broken.map((line) => fault("a log line is no JSON", line)),
    ...log.lines.flatMap((line) => [
      ...leaks(credentials, "nobody", "", JSON.stringify(line)).map(({ what }) =>
        fault("a secret in the log", what),
      ),
      ...(line.level >= ERROR_LEVEL
        ? [fault("an error in the log", `${line.msg}: ${line.err?.stack ?? ""}`)]
        : []),
    ]),
  ];
}
