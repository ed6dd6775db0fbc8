import { Text, Title } from "@mantine/core";
import { useAsset } from "../api/queries.ts";
import { railWords } from "../chain/rails.ts";
import { formatAmount } from "../lib/amount.ts";
import { AmountText } from "../ui/amount.tsx";
import classes from "./admin.module.css";
import { Meter } from "./meter.tsx";
import { compareVault, percentOf, unapprovedLimit } from "./treasury.ts";
import type { AssetTreasury } from "./types.ts";

/** Fees of what was sent in the last moments come to far less; a deficit that stays is reconciliation's to find. */
const FEE_SLACK_DROPS = 1_000_000n;

/** One asset of a rail: what lies on chain, whether our books say the same, and what may leave. */
export function AssetBooks({ entry, rail }: { entry: AssetTreasury; rail: string }) {
  const { chain, ledger, asset } = entry;
  return (
    <div className={classes.books}>
      <Title order={3}>
        {asset} in the {railWords(rail).vault}
      </Title>
      <div className={classes.treasury}>
        <div>
          <p className={`${classes.big} num`}>
            {chain === null ? (
              <Text span c="dimmed">
                Not known
              </Text>
            ) : (
              <AmountText asset={asset} amount={chain.vault} maxFraction={4} />
            )}
          </p>
          <Comparison entry={entry} />
        </div>
        {rail === "xrpl" ? <Spendable entry={entry} /> : <Bucket entry={entry} />}
      </div>
      <dl className={classes.cells}>
        <Cell name="Rewards, free to pay" asset={asset} amount={ledger.rewardsAvailable} />
        <Cell name="Held for payouts" asset={asset} amount={ledger.rewardsHeld} />
        <Cell name="In flight" asset={asset} amount={ledger.underWay} />
        {rail !== "xrpl" && <Cell name="Credited to payees" asset={asset} amount={ledger.credited} />}
      </dl>
    </div>
  );
}

function Cell({ name, asset, amount }: { name: string; asset: string; amount: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <AmountText asset={asset} amount={amount} maxFraction={4} />
      </dd>
    </div>
  );
}

function Comparison({ entry }: { entry: AssetTreasury }) {
  const compared = compareVault(entry, entry.asset === "XRP" ? FEE_SLACK_DROPS : 0n);
  if (compared === null) return <Text size="sm">The chain could not be asked.</Text>;
  const { state, difference } = compared;
  const size = (
    <AmountText asset={entry.asset} amount={difference < 0n ? -difference : difference} maxFraction={18} />
  );
  const ledger = <AmountText asset={entry.asset} amount={entry.ledger.vault} maxFraction={4} />;
  switch (state) {
    case "agrees":
      return (
        <Text size="sm" className={classes.good}>
          ✓ Our books say the same
        </Text>
      );
    case "surplus":
      return (
        <Text size="sm">
          {size} more than the {ledger} of our books: somebody sent coins, which stops nothing
        </Text>
      );
    case "in_flight":
      return (
        <Text size="sm">
          Our books say {ledger}: {size} was sent and is not final yet
        </Text>
      );
    case "deficit":
      return (
        <Text size="sm" className={classes.short} fw={640}>
          {size} less than the {ledger} of our books, and not explained by what is in flight
        </Text>
      );
  }
}

function Bucket({ entry }: { entry: AssetTreasury }) {
  const { code, scale } = useAsset(entry.asset);
  const { chain } = entry;
  if (chain === null) return null;
  const available = BigInt(chain.bucketAvailable);
  const capacity = BigInt(chain.bucketCapacity);
  const amount = (value: bigint): string => formatAmount(value, scale, { maxFraction: 2 });
  return (
    <div>
      <Text className="label" mb={4}>
        Bucket: what may leave without signatures
      </Text>
      <Meter
        name="Bucket level"
        percent={percentOf(available, capacity)}
        words={`${amount(available)} of ${amount(capacity)} ${code}`}
      />
      <Text size="sm" c="dimmed" mt={6}>
        <Unapproved asset={entry.asset} available={available} /> It refills by the second.
      </Text>
    </div>
  );
}

/** The XRP Ledger has no bucket: what the worker's key could pay is all but the reserve, so as little as possible lies there. */
function Spendable({ entry }: { entry: AssetTreasury }) {
  const { code, scale } = useAsset(entry.asset);
  const { chain } = entry;
  if (chain === null) return null;
  const available = BigInt(chain.bucketAvailable);
  const held = BigInt(chain.vault);
  const amount = (value: bigint): string => formatAmount(value, scale, { maxFraction: 2 });
  return (
    <div>
      <Text className="label" mb={4}>
        What can be paid
      </Text>
      <Meter
        name="Payable"
        percent={percentOf(available, held)}
        words={`${amount(available)} of ${amount(held)} ${code}`}
      />
      <Text size="sm" c="dimmed" mt={6}>
        {held > available && `The ledger keeps ${amount(held - available)} ${code} as its reserve. `}
        <Unapproved asset={entry.asset} available={available} />
      </Text>
    </div>
  );
}

function Unapproved({ asset, available }: { asset: string; available: bigint }) {
  const { code, scale, tiers } = useAsset(asset);
  const { amount, kind } = unapprovedLimit({ tiers }, available);
  if (amount <= 0n) return "Right now nothing may leave unsigned.";
  return `Right now one payout ${kind === "below" ? "below" : "of up to"} ${formatAmount(amount, scale, { maxFraction: 2 })} ${code} may leave unsigned.`;
}
