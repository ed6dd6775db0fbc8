import { Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { ApiProblem, sentenceOf } from "../api/problem.ts";
import { useAsset } from "../api/queries.ts";
import type { RefusedField } from "../api/refusal-field.ts";
import type { Quote } from "../api/types.ts";
import { formatAmount } from "../lib/amount.ts";
import { AmountText } from "../ui/amount.tsx";
import { ErrorState, Note } from "../ui/states.tsx";
import classes from "./form.module.css";

/** What arrives, what it needs and why, how long it takes. */
export function QuoteView(props: {
  ask: boolean;
  query: UseQueryResult<Quote>;
  stale: boolean;
  /** What stands against it; where that is about a field, it is said there. */
  refused: { field: RefusedField | null; text: string } | null;
  /** What the rate alone says while there is no quote. */
  estimate: { asset: string; amount: bigint } | null;
}) {
  const { ask, query, stale, refused, estimate } = props;
  const { data: quote, error } = query;
  if (refused !== null && refused.field === null) {
    return error instanceof ApiProblem && (error.status < 500 || error.status === 503) ? (
      <Note tone="bad" title="This cannot be paid out now">
        {refused.text}
      </Note>
    ) : (
      <ErrorState what="The quote" error={error} onRetry={() => void query.refetch()} />
    );
  }
  return (
    <section
      className={classes.quote}
      aria-label="Quote"
      aria-live="polite"
      aria-busy={stale}
      data-stale={stale}
    >
      {estimate !== null ? (
        <Estimate {...estimate} />
      ) : !ask || quote === undefined ? (
        <Text c="dimmed">
          Write an amount, and you see here what arrives, what it needs, and how long it takes.
        </Text>
      ) : (
        <QuoteFigures quote={quote} />
      )}
    </section>
  );
}

function Estimate({ asset, amount }: { asset: string; amount: bigint }) {
  return (
    <div>
      <Text className="label">Would arrive</Text>
      <p className={`${classes.arrives} num`}>
        <AmountText asset={asset} amount={amount} maxFraction={18} />
      </p>
      <p className={classes.why}>What it needs and how long it takes follow once it can be paid there.</p>
    </div>
  );
}

function QuoteFigures({ quote }: { quote: Quote }) {
  const paid = useAsset(quote.asset);
  const spent = useAsset(quote.spent.asset);
  const perUnit = BigInt(quote.rate) * 10n ** BigInt(spent.scale);
  return (
    <div className={classes.figures}>
      <Text className="label">{quote.source === "demo" ? "Would arrive" : "Arrives"}</Text>
      <p className={`${classes.arrives} num`}>
        <AmountText asset={quote.asset} amount={quote.amount} maxFraction={18} />
      </p>
      <dl className={classes.lines}>
        {quote.asset !== quote.spent.asset && (
          <div>
            <dt>Rate</dt>
            <dd className="num">
              1 {spent.code} = {formatAmount(perUnit, paid.scale, { maxFraction: 18 })} {paid.code}
            </dd>
          </div>
        )}
        <div>
          <dt>Fees</dt>
          <dd className="num">
            {quote.fees.length === 0
              ? "None"
              : quote.fees.map((fee) => <AmountText key={fee.asset} asset={fee.asset} amount={fee.amount} />)}
          </dd>
        </div>
        <div>
          <dt>Approval</dt>
          <dd className="num">
            {quote.approvals.required === 0
              ? "Needs none"
              : `${quote.approvals.required} of ${quote.approvals.of} approvers must sign`}
          </dd>
        </div>
        <div>
          <dt>Takes</dt>
          <dd>{quote.expected.text}</dd>
        </div>
        <div>
          <dt>Left for you today</dt>
          <dd>
            <AmountText asset={quote.asset} amount={quote.limits.playerLeftToday} maxFraction={2} />
          </dd>
        </div>
      </dl>
      <p className={classes.why}>{sentenceOf(quote.reason)}</p>
    </div>
  );
}
