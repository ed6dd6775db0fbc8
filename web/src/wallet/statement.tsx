import { SegmentedControl, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { statementQuery, useAsset, useConfig } from "../api/queries.ts";
import type { StatementLine } from "../api/types.ts";
import { formatAmount } from "../lib/amount.ts";
import { shorten } from "../lib/shorten.ts";
import { fullTime, shortTime } from "../lib/time.ts";
import { MoreButton } from "../ui/more-button.tsx";
import { Panel } from "../ui/page.tsx";
import { EmptyState, ErrorState, LoadingRows } from "../ui/states.tsx";
import { causeWords, payoutOf } from "./causes.ts";
import { groupTaps, type TapRun } from "./group-taps.ts";
import classes from "./wallet.module.css";

/** Why is my balance this: every entry with its cause, and the balance that it left behind. */
export function Statement({ account }: { account: string }) {
  const [asset, setAsset] = useState("COIN");
  const { assets } = useConfig();
  // What can be cashed out for; the games' other points never reach a statement of their own here.
  const codes = ["COIN", ...assets.filter(({ kind }) => kind === "settled").map(({ code }) => code)];
  const query = useInfiniteQuery(statementQuery(account, asset));
  const lines = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel
      title="Why is my balance this?"
      padded={false}
      aside={<SegmentedControl size="xs" aria-label="Asset" value={asset} onChange={setAsset} data={codes} />}
    >
      <Text size="sm" c="dimmed" px="var(--cc-pad)" pb="xs">
        Every entry of the ledger about your account, newest first. The last column is what was available
        after it.
      </Text>
      {query.data === undefined ? (
        query.error === null ? (
          <LoadingRows rows={5} height={36} />
        ) : (
          <ErrorState what="Your statement" error={query.error} onRetry={() => void query.refetch()} />
        )
      ) : lines.length === 0 ? (
        <EmptyState title={`No ${asset} has moved yet`}>
          {asset === "COIN"
            ? "Tap the coin, and the first entry appears here."
            : `${asset} appears here only when a payout stays on your balance. What is sent on chain is under Payouts.`}
        </EmptyState>
      ) : (
        <>
          <table className={classes.statement}>
            <caption className="only-spoken">Statement of {asset}, newest first</caption>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Cause</th>
                <th scope="col">Change</th>
                <th scope="col">Available after</th>
              </tr>
            </thead>
            <tbody>
              {groupTaps(lines).map((row) =>
                row.kind === "taps" ? (
                  <Taps key={`taps:${row.lines.at(-1)?.id}`} run={row} />
                ) : (
                  <Line key={`${row.line.id}:${row.line.kind}`} line={row.line} />
                ),
              )}
            </tbody>
          </table>
          <MoreButton query={query} what="entries" />
        </>
      )}
    </Panel>
  );
}

/** A run of taps in one row; its entries on demand. */
function Taps({ run }: { run: TapRun }) {
  const [open, setOpen] = useState(false);
  const [newest] = run.lines;
  const { scale } = useAsset(newest?.asset ?? "");
  if (newest === undefined) return null;
  if (run.lines.length === 1) return <Line line={newest} />;
  return (
    <>
      <tr>
        <When at={newest.at} />
        <td className={classes.cause}>
          Taps that counted
          <button type="button" className={classes.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "fold" : "show"} {run.lines.length} entries
          </button>
        </td>
        <td className={`${classes.change} num`} data-sign="in">
          {formatAmount(run.amount, scale, { signed: true })}
        </td>
        <After line={newest} />
      </tr>
      {open && run.lines.map((line) => <Line key={`${line.id}:${line.kind}`} line={line} inRun />)}
    </>
  );
}

function Line({ line, inRun = false }: { line: StatementLine; inRun?: boolean }) {
  const { scale } = useAsset(line.asset);
  const payout = payoutOf(line.ref);
  const change = BigInt(line.amount);
  const released = BigInt(line.previous.held) - BigInt(line.current.held);
  return (
    <tr data-in-run={inRun}>
      <When at={line.at} />
      <td className={classes.cause}>
        {causeWords(line)}
        <span className={classes.ref}>
          {payout === null ? (
            line.counterparty.replaceAll("_", " ")
          ) : (
            <Link to="/payouts/$id" params={{ id: payout }}>
              payout {shorten(payout)}
            </Link>
          )}
        </span>
      </td>
      <td className={`${classes.change} num`} data-sign={change > 0n ? "in" : change < 0n ? "out" : "none"}>
        {formatAmount(change, scale, { signed: true })}
        {change === 0n && released > 0n && (
          <span className={classes.ref}>{formatAmount(released, scale)} left from held</span>
        )}
      </td>
      <After line={line} />
    </tr>
  );
}

function When({ at }: { at: string }) {
  return (
    <td className={`${classes.when} num`}>
      <time dateTime={at} title={fullTime(at)}>
        {shortTime(at)}
      </time>
    </td>
  );
}

function After({ line }: { line: StatementLine }) {
  const { scale } = useAsset(line.asset);
  return (
    <td className={`${classes.after} num`}>
      {formatAmount(line.current.available, scale)}
      {line.current.held !== "0" && (
        <span className={classes.ref}>{formatAmount(line.current.held, scale)} held</span>
      )}
    </td>
  );
}
