import type { Queryable } from "../../platform/db/index.ts";
import { InvariantError } from "../../platform/errors.ts";
import type { PayoutPolicy, Tier } from "./policy.ts";

const FLR = 10n ** 18n;
const XRP = 10n ** 6n;
/** RLUSD is kept in millionths. */
const RLUSD = 10n ** 6n;

/** What holds for an asset until somebody writes a row for it. The vault is deployed with the same tiers, and the treasury's signer list with the same quorum. */
export const DEFAULT_POLICIES: readonly PayoutPolicy[] = [
  {
    asset: "FLR",
    tiers: [
      { above: 100n * FLR, approvals: 2 },
      { above: 10_000n * FLR, approvals: 3 },
    ],
    minAmount: 1n,
    playerDailyCap: 1_000_000n * FLR,
    assetDailyCap: 10_000_000n * FLR,
    firstAddressDelaySeconds: 0,
    suspicionDelaySeconds: 3_600,
  },
  {
    asset: "XRP",
    tiers: [{ above: 100n * XRP, approvals: 2 }],
    minAmount: 1n,
    playerDailyCap: 100_000n * XRP,
    assetDailyCap: 1_000_000n * XRP,
    firstAddressDelaySeconds: 0,
    suspicionDelaySeconds: 3_600,
  },
  {
    asset: "RLUSD",
    tiers: [{ above: 100n * RLUSD, approvals: 2 }],
    minAmount: 1n,
    playerDailyCap: 100_000n * RLUSD,
    assetDailyCap: 1_000_000n * RLUSD,
    firstAddressDelaySeconds: 0,
    suspicionDelaySeconds: 3_600,
  },
];

type PolicyRow = Omit<PayoutPolicy, "tiers"> & { tiers: unknown };

/** Tiers as jsonb holds them, in ascending order; what does not parse is a mistake of whoever edited the row. */
function tiersOf(asset: string, json: unknown): Tier[] {
  const broken = () => new InvariantError(`the payout policy of ${asset} has tiers that cannot be read`);
  if (!Array.isArray(json)) throw broken();
  const tiers = json.map((tier: { above?: unknown; approvals?: unknown }): Tier => {
    const { above, approvals } = tier;
    if (typeof above !== "string" || !/^[1-9][0-9]{0,37}$/.test(above)) throw broken();
    if (typeof approvals !== "number" || !Number.isInteger(approvals) || approvals < 1) throw broken();
    return { above: BigInt(above), approvals };
  });
  return tiers.sort((a, b) => (a.above < b.above ? -1 : 1));
}

/** The policy of a settled asset; null when it has none, and so cannot be paid. */
export async function policyOf(q: Queryable, asset: string): Promise<PayoutPolicy | null> {
  const { rows } = await q.query<PolicyRow>({
    name: "payout_policy",
    text: `SELECT asset, tiers, min_amount AS "minAmount", player_daily_cap AS "playerDailyCap",
             asset_daily_cap AS "assetDailyCap", first_address_delay_seconds AS "firstAddressDelaySeconds",
             suspicion_delay_seconds AS "suspicionDelaySeconds"
           FROM payout_policies WHERE asset = $1`,
    values: [asset],
  });
  const row = rows[0];
  if (row !== undefined) return { ...row, tiers: tiersOf(asset, row.tiers) };
  return DEFAULT_POLICIES.find((policy) => policy.asset === asset) ?? null;
}

/** Writes a policy, replacing the one that stands. */
export async function savePolicy(q: Queryable, policy: PayoutPolicy): Promise<void> {
  await q.query({
    text: `INSERT INTO payout_policies (asset, tiers, min_amount, player_daily_cap, asset_daily_cap,
             first_address_delay_seconds, suspicion_delay_seconds)
           VALUES ($1, $2::jsonb, $3, $4, $5, $6, $7)
           ON CONFLICT (asset) DO UPDATE SET tiers = EXCLUDED.tiers, min_amount = EXCLUDED.min_amount,
             player_daily_cap = EXCLUDED.player_daily_cap, asset_daily_cap = EXCLUDED.asset_daily_cap,
             first_address_delay_seconds = EXCLUDED.first_address_delay_seconds,
             suspicion_delay_seconds = EXCLUDED.suspicion_delay_seconds`,
    values: policyValues(policy),
  });
}

/** Writes the defaults down where nobody has written a policy, so that they can be seen and edited. */
export async function ensureDefaultPolicies(q: Queryable): Promise<void> {
  for (const policy of DEFAULT_POLICIES) {
    await q.query({
      text: `INSERT INTO payout_policies (asset, tiers, min_amount, player_daily_cap, asset_daily_cap,
               first_address_delay_seconds, suspicion_delay_seconds)
             VALUES ($1, $2::jsonb, $3, $4, $5, $6, $7) ON CONFLICT (asset) DO NOTHING`,
      values: policyValues(policy),
    });
  }
}

function policyValues(policy: PayoutPolicy): unknown[] {
  return [
    policy.asset,
    JSON.stringify(policy.tiers.map(({ above, approvals }) => ({ above: above.toString(), approvals }))),
    policy.minAmount,
    policy.playerDailyCap,
    policy.assetDailyCap,
    policy.firstAddressDelaySeconds,
    policy.suspicionDelaySeconds,
  ];
}

export type AddressStanding = {
  /** `deny` when either the payee or the account that asks is on the list. */
  rule: "allow" | "deny" | null;
  /** Whether a payout to it was ever final on chain. */
  paidBefore: boolean;
};

export async function addressStanding(
  q: Queryable,
  payee: string,
  account: string,
): Promise<AddressStanding> {
  const { rows } = await q.query<{ denied: boolean; allowed: boolean; paidBefore: boolean }>({
    name: "payout_address_standing",
    text: `SELECT EXISTS (SELECT FROM payout_address_rules WHERE address IN ($1, $2) AND rule = 'deny') AS denied,
             EXISTS (SELECT FROM payout_address_rules WHERE address = $1 AND rule = 'allow') AS allowed,
             EXISTS (SELECT FROM payouts WHERE to_address = $1 AND status = 'confirmed' AND source = 'onchain') AS "paidBefore"`,
    values: [payee, account],
  });
  const row = rows[0];
  if (row === undefined) throw new InvariantError("a SELECT without FROM gave no row");
  return { rule: row.denied ? "deny" : row.allowed ? "allow" : null, paidBefore: row.paidBefore };
}

/** Sets or, with null, lifts the rule for an address. */
export async function setAddressRule(
  q: Queryable,
  change: { address: string; rule: "allow" | "deny" | null; reason: string },
): Promise<void> {
  if (change.rule === null) {
    await q.query({ text: "DELETE FROM payout_address_rules WHERE address = $1", values: [change.address] });
    return;
  }
  await q.query({
    text: `INSERT INTO payout_address_rules (address, rule, reason) VALUES ($1, $2, $3)
           ON CONFLICT (address) DO UPDATE SET rule = EXCLUDED.rule, reason = EXCLUDED.reason`,
    values: [change.address, change.rule, change.reason],
  });
}
