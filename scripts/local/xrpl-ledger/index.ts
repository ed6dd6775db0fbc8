import { formatIssued } from "./engine/issued-amount.ts";
import { LedgerEngine } from "./engine/ledger-engine.ts";
import { perform } from "./engine/operations.ts";
import { accountRoot, type LedgerView, trustLine } from "./engine/view.ts";
import { type LedgerLog, openLedgerLog } from "./ledger-log.ts";
import { FaultSwitches } from "./server/fault-switches.ts";
import { HistoryGaps } from "./server/history-gaps.ts";
import { ledgerTime } from "./server/ledger-time.ts";
import { listen } from "./server/listen.ts";
import type { ServerContext } from "./server/request.ts";
import { balanceFor } from "./transactions/trust-lines.ts";

export type XrplLedgerOptions = {
  /** 0, the default, takes any free port. */
  port?: number;
  /** Default 0, as a standalone server. Above 1024 every transaction must carry it as NetworkID. */
  networkId?: number;
  /** Closes a ledger that often; null, the default, leaves all closes to `ledger_accept` and `accept`. */
  closeEveryMs?: number | null;
  /** The time in milliseconds, which ledgers are closed at. Given a fixed one, the same submissions make the same hashes. */
  now?: () => number;
  /** How many transactions a ledger takes before fees escalate. Default 1000. */
  expectedTransactions?: number;
  /** Refuses `ledger_accept`, as a server does to everybody but its operator. */
  isPublic?: boolean;
  /** Where everything that happened is kept, so that a later start with the same file continues it. */
  logFile?: string;
};

/** As a standalone server has it. */
const EXPECTED_TRANSACTIONS = 1_000;

export type XrplLedger = {
  url: string;
  networkId: number;
  /** Closes ledgers and returns the validated index. */
  accept(count?: number): Promise<number>;
  validatedIndex(): number;
  /** Drops in the validated ledger; null for an account that is not there. */
  balanceOf(account: string): bigint | null;
  /** What `account` holds of the issuer's token, in the validated ledger; null where there is no trust line. */
  tokenBalanceOf(account: string, currency: string, issuer: string): string | null;
  faults: XrplFaults;
  stop(): Promise<void>;
};

/** Each count is of the next submissions, in the order in which the faults were asked for. */
export type XrplFaults = {
  /** Answers as if it had been accepted, and forgets it. */
  dropSubmissions(count: number): void;
  /** Answers as if it had been applied, but it only is that many ledgers later. */
  delaySubmissions(count: number, ledgers: number): void;
  /** Applies it, then closes the connection without an answer. */
  closeAfterAccepting(count: number): void;
  /** Closes the connection without answering or applying. */
  closeBeforeAccepting(count: number): void;
  /** Answers terQUEUED and applies it in the next ledger. */
  queueSubmissions(count: number): void;
  /** Answers that refusal, keeps it, and applies it later when it fits. */
  refuseSubmissions(count: number, engineResult: string): void;
  /** These ledgers are missing from account_tx, tx and ledger, and from complete_ledgers. */
  historyGap(from: number, to: number): void;
  fillHistory(): void;
  /**
   * What every transaction costs from now on. With a load factor that many times as much is needed to get into the open
   * ledger, and what pays less is queued, as on a busy network.
   */
  setBaseFee(drops: number, loadFactor?: number): void;
  disconnectAll(): void;
  /** While on, it answers as a server does that has lost its network: notSynced to nearly everything. */
  loseNetwork(on: boolean): void;
  /** While on, nothing is answered and nothing is said. */
  stall(on: boolean): void;
};

/** Starts a ledger server of its own on 127.0.0.1, which speaks the WebSocket API of the XRP Ledger. */
export async function startXrplLedger(options: XrplLedgerOptions = {}): Promise<XrplLedger> {
  const { networkId = 0, expectedTransactions = EXPECTED_TRANSACTIONS, closeEveryMs = null } = options;
  const now = options.now ?? Date.now;
  const engine = new LedgerEngine({ networkId, expectedTransactions });
  const log =
    options.logFile === undefined ? null : continueLog(engine, options.logFile, expectedTransactions);
  const [faults, gaps] = [new FaultSwitches(), new HistoryGaps()];
  const accept = (count: number): number => {
    for (let at = 0; at < count; at++) engine.close(ledgerTime(now()));
    return engine.history.last.index;
  };
  const context: ServerContext = {
    engine,
    gaps,
    faults,
    accept,
    isPublic: options.isPublic ?? false,
    port: 0,
    now,
    startedAtMs: now(),
  };
  const server = await listen(context, options.port ?? 0).catch((error: unknown) => {
    log?.close();
    throw error;
  });
  context.port = server.port;
  const timer = closeEveryMs === null ? null : setInterval(() => accept(1), closeEveryMs);
  return {
    url: `ws://127.0.0.1:${server.port}`,
    networkId,
    accept: async (count = 1) => accept(count),
    validatedIndex: () => engine.history.last.index,
    balanceOf(account) {
      const root = accountRoot(validatedView(engine), account);
      return root === undefined ? null : BigInt(root.Balance);
    },
    tokenBalanceOf(account, currency, issuer) {
      const line = trustLine(validatedView(engine), account, issuer, currency);
      return line === undefined ? null : formatIssued(balanceFor(line, account, issuer));
    },
    faults: {
      dropSubmissions: (count) => faults.add(count, { kind: "drop" }),
      delaySubmissions: (count, ledgers) => faults.add(count, { kind: "delay", ledgers }),
      closeAfterAccepting: (count) => faults.add(count, { kind: "close-after" }),
      closeBeforeAccepting: (count) => faults.add(count, { kind: "close-before" }),
      queueSubmissions: (count) => faults.add(count, { kind: "queue" }),
      refuseSubmissions: (count, engineResult) => faults.addRefusals(count, engineResult),
      historyGap: (from, to) => gaps.open(from, to),
      fillHistory: () => gaps.fill(),
      setBaseFee: (drops, loadFactor = 1) => engine.setFees(BigInt(drops), loadFactor),
      disconnectAll: server.disconnectAll,
      loseNetwork(on) {
        faults.isUnsynced = on;
      },
      stall(on) {
        faults.isStalled = on;
      },
    },
    async stop() {
      if (timer !== null) clearInterval(timer);
      await server.stop();
      log?.close();
    },
  };
}

const validatedView = ({ history }: LedgerEngine): LedgerView => history.at(history.last);

/** Brings the ledger to where its log ends, and writes down what happens from there on. */
function continueLog(engine: LedgerEngine, path: string, expectedTransactions: number): LedgerLog {
  const log = openLedgerLog(path, { xrplLedger: 1, networkId: engine.networkId, expectedTransactions });
  for (const operation of log.operations) perform(engine, operation);
  engine.record = log.append;
  return log;
}
