import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { sentenceOf } from "../api/problem.ts";
import { useAsset } from "../api/queries.ts";
import type { Payout } from "../api/types.ts";
import { formatAmount } from "../lib/amount.ts";
import { AmountText } from "../ui/amount.tsx";
import { Copyable } from "../ui/copyable.tsx";
import { Facts } from "../ui/facts.tsx";
import { OnChain } from "../ui/on-chain.tsx";
import { Panel } from "../ui/page.tsx";
import { Payee } from "../ui/payee.tsx";
import { Note } from "../ui/states.tsx";
import classes from "./admin.module.css";
import { Meter } from "./meter.tsx";
import { ExactAmount } from "./money.tsx";
import { waitingQuery } from "./queries.ts";
import { hasEnded } from "./standing.ts";
import { percentOf } from "./treasury.ts";
import type { ApprovalView } from "./types.ts";

/** Who gets how much, where, for the how-manieth time, and what is odd about it. */
export function SummaryPanel({ payout, view }: { payout: Payout; view: ApprovalView }) {
  const { summary } = view;
  const purpose = usePurpose(payout);
  // Warnings are for those who still have to decide: a paid payout's own payment would set off some of them.
  const isDecided = hasEnded(payout.status);
  return (
    <Panel title={isDecided ? "What it was" : "What you would sign for"}>
      {summary.warnings.length > 0 && !isDecided && (
        <Note tone="warn" title="Look twice">
          <ul className={classes.warnings}>
            {summary.warnings.map((warning) => (
              <li key={warning}>{sentenceOf(warning)}</li>
            ))}
          </ul>
        </Note>
      )}
      <Facts
        facts={[
          ["Pays", <ExactAmount key="p" asset={summary.amount.asset} amount={summary.amount.amount} />],
          [
            "To",
            <span key="t">
              <Payee value={summary.to} />
              {!isDecided && (
                <Text size="sm" c="dimmed">
                  {summary.firstPaymentToAddress
                    ? "Never paid before"
                    : "Paid before, and what was paid is final"}
                </Text>
              )}
            </span>,
          ],
          [
            "For",
            summary.account === summary.to ? (
              "Whoever it is paid to"
            ) : (
              <Copyable key="f" value={summary.account} what="account" whole />
            ),
          ],
          payout.spent.asset !== payout.asset && [
            "In exchange for",
            <AmountText key="s" asset={payout.spent.asset} amount={payout.spent.amount} />,
          ],
          [
            isDecided ? "Paid to it until now" : "Paid to it before",
            summary.history.count === 0
              ? "Nothing"
              : `${summary.history.formatted} in ${summary.history.count} ${summary.history.count === 1 ? "payout" : "payouts"}`,
          ],
          summary.limitsToday.player !== null && [
            "Its limit today",
            <LimitUse
              key="lp"
              asset={payout.asset}
              limit={summary.limitsToday.player}
              what="The player's limit"
            />,
          ],
          summary.limitsToday.asset !== null && [
            "Everybody's limit today",
            <LimitUse
              key="la"
              asset={payout.asset}
              limit={summary.limitsToday.asset}
              what="Everybody's limit"
            />,
          ],
          [
            "Asked for by",
            summary.proposedBy === summary.account ? (
              "The player"
            ) : (
              <Copyable key="b" value={summary.proposedBy} what="proposer" whole />
            ),
          ],
          purpose !== null && ["Meant for", purpose],
          ["Needs people because", sentenceOf(summary.reason)],
          payout.txHash !== null && [
            "Transaction",
            <OnChain kind="tx" key="h" value={payout.txHash} what="transaction hash" whole />,
          ],
        ]}
      />
    </Panel>
  );
}

function LimitUse(props: { asset: string; limit: { used: string; cap: string }; what: string }) {
  const { code, scale } = useAsset(props.asset);
  const used = BigInt(props.limit.used);
  const cap = BigInt(props.limit.cap);
  const words = `${formatAmount(used, scale, { maxFraction: 2 })} of ${formatAmount(cap, scale, { maxFraction: 2 })} ${code} used`;
  return (
    <Meter name={props.what} percent={percentOf(used, cap)} words={words} isHigh={used * 10n >= cap * 9n} />
  );
}

/** What its proposer wrote it is for; known while it waits. */
function usePurpose(payout: Payout): string | null {
  const { data } = useQuery({
    ...waitingQuery("pending_approval"),
    enabled: payout.status === "pending_approval",
  });
  const metadata = data?.find(({ id }) => id === payout.id)?.metadata ?? {};
  const entries = Object.entries(metadata);
  if (entries.length === 0) return null;
  const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
  return entries
    .map(([name, value]) => (name === "why" ? text(value) : `${name}: ${text(value)}`))
    .join("; ");
}
