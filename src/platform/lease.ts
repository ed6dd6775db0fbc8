import type { Queryable, Tx } from "./db/index.ts";
import { AppError } from "./errors.ts";

/**
 * The right to write for a name until it expires, by the database's clock. `fence` grows with every change of holder,
 * so a former holder that wakes up late is recognised by its old fence.
 */
export type Lease = {
  name: string;
  holder: string;
  fence: bigint;
};

/** Somebody else took the lease over: whatever was about to be written must not be. */
export class LeaseLost extends AppError {
  constructor(lease: Lease) {
    super("unavailable", "lease_lost", `another process writes for ${lease.name} now`, {
      details: { name: lease.name, fence: lease.fence.toString() },
    });
    this.name = "LeaseLost";
  }
}

/** Takes the lease when it is free, expired, or held by the same holder; null while another holds it. */
export async function acquireLease(
  db: Queryable,
  want: { name: string; holder: string; seconds: number },
): Promise<Lease | null> {
  const { rows } = await db.query<{ fence: bigint }>({
    name: "lease_acquire",
    text: `INSERT INTO leases AS held (name, holder, fence, expires_at)
           VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
           ON CONFLICT (name) DO UPDATE
             SET holder = excluded.holder, fence = held.fence + 1, expires_at = excluded.expires_at
             WHERE held.expires_at <= clock_timestamp() OR held.holder = excluded.holder
           RETURNING fence`,
    values: [want.name, want.holder, want.seconds],
  });
  const row = rows[0];
  return row === undefined ? null : { name: want.name, holder: want.holder, fence: row.fence };
}

/** Extends the lease; false when it changed hands. A lease that expired without a taker is still ours. */
export async function renewLease(db: Queryable, lease: Lease, seconds: number): Promise<boolean> {
  const { rowCount } = await db.query({
    name: "lease_renew",
    text: `UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => $4)
           WHERE name = $1 AND holder = $2 AND fence = $3`,
    values: [lease.name, lease.holder, lease.fence, seconds],
  });
  return rowCount === 1;
}

/** Gives the lease back at once, so that the next holder need not wait; nothing happens when it changed hands. */
export async function releaseLease(db: Queryable, lease: Lease): Promise<void> {
  await db.query({
    name: "lease_release",
    text: `UPDATE leases SET expires_at = clock_timestamp()
           WHERE name = $1 AND holder = $2 AND fence = $3 AND expires_at > clock_timestamp()`,
    values: [lease.name, lease.holder, lease.fence],
  });
}

/**
 * Fails unless the lease is still held, and keeps it from changing hands until `tx` ends: what is written in the same
 * transaction was written by the one writer.
 */
export async function requireLease(tx: Tx, lease: Lease): Promise<void> {
  const { rowCount } = await tx.query({
    name: "lease_require",
    text: "SELECT 1 FROM leases WHERE name = $1 AND holder = $2 AND fence = $3 FOR SHARE",
    values: [lease.name, lease.holder, lease.fence],
  });
  if (rowCount !== 1) throw new LeaseLost(lease);
}
