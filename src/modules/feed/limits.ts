/** How much the feed keeps, replays and tolerates. */
export type FeedLimits = {
  /** Events that one statement publishes or reads. */
  pageSize: number;
  /** Last events, of all channels, that a process keeps in memory: a reconnect after a short break costs no query. */
  windowSize: number;
  /** Most events of a channel that are replayed; whoever missed more starts from a snapshot. */
  maxReplay: number;
  /** Events of a channel in a snapshot. */
  snapshotSize: number;
  /** Milliseconds without a notification after which the database is asked anyway. */
  pollMs: number;
  /** Age after which events may be pruned, and how many of the last ones stay whatever their age. */
  retentionSeconds: number;
  keepAtLeast: number;
  /** Packets and bytes that may wait for a slow client before it is disconnected (it resumes by id). */
  maxBufferedPackets: number;
  maxBufferedBytes: number;
  /** Largest message that a client may send. */
  maxMessageBytes: number;
  /** Events that a socket may send at once and per second; the refusals in a row that end the connection. */
  eventBurst: number;
  eventsPerSecond: number;
  maxRefusals: number;
  /** How often sessions of open sockets are looked at again, so that expiry ends what they allow. */
  sessionCheckMs: number;
  /** How often ephemeral balances and ticks go out. */
  balanceFlushMs: number;
  tickMs: number;
};

export const DEFAULT_LIMITS: FeedLimits = {
  pageSize: 500,
  windowSize: 4_096,
  maxReplay: 10_000,
  snapshotSize: 50,
  pollMs: 1_000,
  retentionSeconds: 7 * 86_400,
  keepAtLeast: 10_000,
  maxBufferedPackets: 5_000,
  maxBufferedBytes: 4 * 1024 * 1024,
  maxMessageBytes: 16 * 1024,
  eventBurst: 200,
  eventsPerSecond: 100,
  maxRefusals: 500,
  sessionCheckMs: 15_000,
  balanceFlushMs: 100,
  tickMs: 1_000,
};
