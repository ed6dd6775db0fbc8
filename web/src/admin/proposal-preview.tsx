import { Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { sentenceOf } from "../api/problem.ts";
import { refusedField } from "../api/refusal-field.ts";
import type { Asset, Quote } from "../api/types.ts";
import { railOfAsset } from "../chain/rails.ts";
import { AmountText } from "../ui/amount.tsx";
import { Facts } from "../ui/facts.tsx";
import { ErrorState, Note } from "../ui/states.tsx";
import classes from "./admin.module.css";
import type { approvalsFor, TreasuryEffect } from "./proposal.ts";
import type { Treasury } from "./types.ts";

/** What a proposal would need and leave, while it is being written. */
export function ProposalPreview(props: {
  asset: Asset;
  amount: bigint | null;
  needs: ReturnType<typeof approvalsFor> | null;
  effect: TreasuryEffect | null;
  quote: UseQueryResult<Quote>;
  treasury: UseQueryResult<Treasury>;
}) {
  const { asset, amount, needs, effect, quote, treasury } = props;
  const isXrpl = railOfAsset(asset.code) === "xrpl";
  const approvers = quote.data?.approvals.of;
  const left = quote.data === undefined ? null : BigInt(quote.data.limits.assetLeftToday);
  return (
    <section className={classes.preview} aria-label="What it needs" aria-live="polite">
      {amount === null || needs === null ? (
        <Text c="dimmed">
          Write an amount, and you see here who has to sign and what it leaves in the treasury.
        </Text>
      ) : (
        <>
          <p className={classes.tally}>
            {needs.required === 0
              ? "Needs no signature"
              : `Needs ${needs.required}${approvers === undefined ? "" : ` of ${approvers}`} signatures`}
          </p>
          <Text size="sm" c="dimmed">
            {sentenceOf(
              needs.required === 0
                ? `${needs.why}, so it leaves as soon as you propose it`
                : `${needs.why}; yours does not count, because you propose it`,
            )}
          </Text>
          <Facts
            facts={[
              effect !== null && [
                "Rewards now",
                <AmountText key="n" asset={asset.code} amount={effect.available} maxFraction={4} />,
              ],
              effect !== null && [
                "After it",
                <span key="a" className={effect.isShort ? classes.short : undefined}>
                  <AmountText asset={asset.code} amount={effect.after} maxFraction={4} />
                </span>,
              ],
              effect?.bucket != null && [
                isXrpl ? "Can be paid" : "Vault's bucket",
                <AmountText key="b" asset={asset.code} amount={effect.bucket.available} maxFraction={4} />,
              ],
              left !== null && [
                "Left of the day's limit",
                <span key="l" className={amount > left ? classes.short : undefined}>
                  <AmountText asset={asset.code} amount={left} maxFraction={4} />
                </span>,
              ],
            ]}
          />
          {effect?.bucket?.isShort === true && (
            <Note tone="warn">
              {isXrpl
                ? "More than the treasury account can pay right now: it would wait until there is enough."
                : "More than the vault's bucket allows right now: it would wait until the bucket has refilled."}
            </Note>
          )}
          {left !== null && amount > left && (
            <Note tone="bad">More than is left of the day's limit: the server would refuse it today.</Note>
          )}
          {needs.required > (approvers ?? needs.required + 1) - 1 && (
            <Note tone="warn">
              There are not enough other approvers to sign this, if you are one of them yourself.
            </Note>
          )}
        </>
      )}
      {treasury.error !== null && treasury.data === undefined && (
        <ErrorState what="The treasury" error={treasury.error} onRetry={() => void treasury.refetch()} />
      )}
      {amount !== null && quote.error !== null && !quote.isFetching && !isAboutPayee(quote.error) && (
        <Note tone="warn">{sentenceOf(quote.error)}</Note>
      )}
    </section>
  );
}

/** That is said beside the field. */
function isAboutPayee(error: unknown): boolean {
  const field = refusedField(error);
  return field === "to" || field === "tag";
}
