import type { Queryable } from "../../platform/db/index.ts";
import { AppError } from "../../platform/errors.ts";

/** Millionths: as fine as the game pays, and far from the 15 digits that the ledger keeps exactly. */
const RLUSD_SCALE = 6;

/**
 * Adds RLUSD of this issuer to the assets, with its house accounts. Which issuer differs from network to network, and
 * an asset never changes it: a database that has seen another one is refused.
 */
export async function ensureRlusd(q: Queryable, issuer: string): Promise<void> {
  const chainRef = `RLUSD.${issuer}`;
  await q.query({
    text: `INSERT INTO assets (code, scale, kind, rail, chain_ref) VALUES ('RLUSD', $1, 'settled', 'xrpl', $2)
           ON CONFLICT (code) DO NOTHING`,
    values: [RLUSD_SCALE, chainRef],
  });
  const { rows } = await q.query<{ chainRef: string }>({
    text: `SELECT chain_ref AS "chainRef" FROM assets WHERE code = 'RLUSD'`,
  });
  const known = rows[0]?.chainRef;
  if (known !== chainRef) {
    throw new AppError(
      "internal",
      "rlusd_issuer_changed",
      `this database knows RLUSD as ${known}, XRPL_RLUSD_ISSUER says ${issuer}: an asset keeps its issuer for life`,
    );
  }
  await q.query({
    text: `INSERT INTO accounts (owner, asset, allow_negative) VALUES
             ('house:external', 'RLUSD', true), ('house:rewards', 'RLUSD', false), ('house:credited', 'RLUSD', false)
           ON CONFLICT (owner, asset) DO NOTHING`,
  });
}
