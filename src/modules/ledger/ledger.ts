import type { Database } from "../../platform/db/index.ts";
import type { Logger } from "../../platform/log.ts";
import {
  accountBreaks,
  chainBreaks,
  expireHolds,
  type LedgerBreak,
  type TrialBalance,
  trialBalance,
} from "./store.ts";
import { createLedgerWriter, type LedgerWriter } from "./writer.ts";

export type Ledger = {
  /** For transfers that need no other writes in their transaction. */
  writer: LedgerWriter;
  /** A row an asset; every `difference` is zero, always. */
  trialBalance(): Promise<TrialBalance[]>;
  /** Recomputes every hash and follows every account's entries: where history does not fit; empty when all of it does. */
  verifyChain(): Promise<LedgerBreak[]>;
  /** Releases pending transfers whose time has come; returns how many. `start` does it every second. */
  expireDue(): Promise<number>;
  start(): void;
  /** Answers what was submitted, then stops. */
  close(): Promise<void>;
};

const EXPIRE_AT_ONCE = 500;
const EXPIRE_EVERY_MS = 1_000;

export function createLedger({ db, log }: { db: Database; log: Logger }): Ledger {
  const writer = createLedgerWriter({ db, log });
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> | undefined;

  async function expireDue(): Promise<number> {
    let released = 0;
    for (;;) {
      const count = await expireHolds(db.pool, EXPIRE_AT_ONCE);
      released += count;
      if (count < EXPIRE_AT_ONCE) return released;
    }
  }

  async function sweep(): Promise<void> {
    try {
      const released = await expireDue();
      if (released > 0) log.info({ released }, "expired holds were released");
    } catch (error) {
      log.warn({ err: error }, "expired holds could not be released, the next sweep tries again");
    }
  }

  return {
    writer,
    trialBalance: () => trialBalance(db.pool),
    async verifyChain() {
      return [...(await chainBreaks(db.pool)), ...(await accountBreaks(db.pool))];
    },
    expireDue,
    start() {
      timer ??= setInterval(() => {
        sweeping ??= sweep().finally(() => {
          sweeping = undefined;
        });
      }, EXPIRE_EVERY_MS);
    },
    async close() {
      clearInterval(timer);
      await sweeping;
      await writer.close();
    },
  };
}
