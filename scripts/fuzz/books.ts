import pg from "pg";
import type { Fault } from "./judge.ts";
import type { Victims } from "./victims.ts";

/** Empty when the books are right. */
const FAULTS: Record<string, string> = {
  "the ledger does not sum to zero": "SELECT asset, difference FROM trial_balance WHERE difference <> 0",
  "an account is not what its entries say": "SELECT * FROM ledger_account_breaks",
  "the ledger's history was changed": "SELECT * FROM ledger_chain_breaks()",
  "the audit log was changed": "SELECT * FROM audit_log_breaks",
  "an account is below zero that may not be":
    "SELECT owner, asset, posted, held FROM accounts WHERE NOT allow_negative AND (posted < held OR held < 0)",
  "coins were made that nobody clicked for": `
    SELECT made.coins, clicked.taps FROM
      (SELECT -sum(posted) AS coins FROM accounts WHERE owner IN ('house:issuance', 'house:demo_issuance')) made,
      (SELECT coalesce(sum(accepted), 0) AS taps FROM click_events) clicked
    WHERE made.coins <> clicked.taps`,
  "a number was given twice":
    "SELECT number FROM payouts WHERE number IS NOT NULL GROUP BY number HAVING count(*) > 1",
};

/** Whatever is told of the victims: none of it is anybody else's to change. What an admin pays them later is not theirs yet. */
const VICTIMS = `
  SELECT jsonb_build_object(
    'accounts', (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.id) FROM accounts a WHERE a.owner IN (SELECT owner FROM mine)),
    'transfers', (SELECT count(*) FROM ledger_entries e JOIN accounts a ON a.id = e.account_id WHERE a.owner IN (SELECT owner FROM mine)),
    'payouts', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.id) FROM payouts p
      WHERE (p.account = $1 OR p.account = $2) AND (p.created_at <= $4 OR p.funding <> 'rewards')),
    'wallets', (SELECT jsonb_agg(to_jsonb(w) ORDER BY w.address) FROM wallets w WHERE w.user_id = ANY ($3::uuid[])),
    'sessions', (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.id) FROM sessions s WHERE s.user_id = ANY ($3::uuid[]))
  )::text AS told
  FROM (SELECT 1) one`;

export type Books = {
  /** What is wrong now, and what of the victims is not as it was when this was made. */
  faults(): Promise<Fault[]>;
  close(): Promise<void>;
};

export async function openBooks(databaseUrl: string, victims: Victims): Promise<Books> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();

  const openedAt = new Date();
  async function victimsState(): Promise<string> {
    const text = `WITH mine AS (SELECT 'player:' || unnest($3::uuid[]) AS owner) ${VICTIMS}`;
    const { rows } = await client.query<{ told: string }>(text, [
      victims.account,
      victims.demoAccount,
      [victims.playerId, victims.demoAccount.slice("demo:".length)],
      openedAt,
    ]);
    return rows[0]?.told ?? "";
  }

  const before = await victimsState().catch(async (error: unknown) => {
    await client.end();
    throw error;
  });
  return {
    async faults() {
      const faults: Fault[] = [];
      for (const [kind, text] of Object.entries(FAULTS)) {
        const { rows } = await client.query(text);
        if (rows.length > 0)
          faults.push({ kind, where: "books", detail: JSON.stringify(rows.slice(0, 5), String) });
      }
      const after = await victimsState();
      if (after !== before)
        faults.push({
          kind: "what belongs to a victim has changed",
          where: "books",
          detail: `${before}\n→ ${after}`,
        });
      return faults;
    },
    close: () => client.end(),
  };
}
