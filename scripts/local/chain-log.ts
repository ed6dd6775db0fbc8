import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";

/** A block as it was mined: enough to mine the same one again. `txs` holds raw signed transactions in block order. */
export type BlockRecord = { block: number; time: number; hash?: string; txs?: string[] };

/** A change that no transaction made, such as `hardhat_setBalance`. */
export type CallRecord = { call: { method: string; params: unknown[] } };

export type ChainRecord = BlockRecord | CallRecord;

/** Which chain the records continue: a digest of everything that was deployed before them. */
export type LogHeader = { chain: string };

export type ChainLog = {
  records: readonly ChainRecord[];
  /** Nobody may see the block before this returns. An empty block may be lost with the machine, not with the process. */
  append(record: ChainRecord): void;
  close(): void;
};

/**
 * Opens the log of a chain. A last line that a crash cut short was never shown to anybody and is dropped. Returns null when
 * the file continues another chain, or is damaged before its end.
 */
export function openChainLog(path: string, chain: string): ChainLog | null {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  const [first, ...rest] = complete.split("\n").filter((line) => line !== "");
  let records: ChainRecord[] = [];
  if (first !== undefined) {
    try {
      if ((JSON.parse(first) as LogHeader).chain !== chain) return null;
      records = rest.map((line) => JSON.parse(line) as ChainRecord);
    } catch {
      return null;
    }
  }
  const file = openSync(path, "a");
  ftruncateSync(file, Buffer.byteLength(complete));
  if (first === undefined) {
    writeSync(file, `${JSON.stringify({ chain })}\n`);
    fsyncSync(file);
  }
  return {
    records,
    append(record) {
      writeSync(file, `${JSON.stringify(record)}\n`);
      if ("call" in record || record.txs !== undefined) fsyncSync(file);
    },
    close() {
      fsyncSync(file);
      closeSync(file);
    },
  };
}
