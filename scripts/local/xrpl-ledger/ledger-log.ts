import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Operation } from "./engine/operations.ts";

/** What the same operations depend on besides themselves. */
export type LogHeader = { xrplLedger: 1; networkId: number; expectedTransactions: number };

export type LedgerLog = {
  operations: readonly Operation[];
  /** Written before anybody hears of the operation, so that killing the process loses nothing that was answered. */
  append(operation: Operation): void;
  close(): void;
};

/** Opens the log of a ledger. A last line that was cut short belongs to nothing that was answered, and is dropped. */
export function openLedgerLog(path: string, header: LogHeader): LedgerLog {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  const [first, ...rest] = complete.split("\n").filter((line) => line !== "");
  const wanted = JSON.stringify(header);
  if (first !== undefined && first !== wanted) {
    throw new Error(`${path} is the log of another ledger: it begins with ${first}, not with ${wanted}`);
  }
  const operations = rest.map((line, at) => parse(path, line, at + 2));
  const file = openSync(path, "a");
  ftruncateSync(file, Buffer.byteLength(complete));
  if (first === undefined) writeSync(file, `${wanted}\n`);
  return {
    operations,
    append(operation) {
      writeSync(file, `${JSON.stringify(operation)}\n`);
    },
    close() {
      closeSync(file);
    },
  };
}

function parse(path: string, line: string, number: number): Operation {
  try {
    return JSON.parse(line) as Operation;
  } catch {
    throw new Error(`line ${number} of ${path} is damaged: ${line.slice(0, 80)}`);
  }
}
