import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { payoutsQuery } from "../api/queries.ts";
import type { PayoutListItem } from "../api/types.ts";
import { fullTime, shortTime } from "../lib/time.ts";
import { StatusTag } from "../payout/status.tsx";
import { AmountText } from "../ui/amount.tsx";
import { MoreButton } from "../ui/more-button.tsx";
import { OnChain } from "../ui/on-chain.tsx";
import { payeeWords } from "../ui/payee.tsx";
import { EmptyState, ErrorState, LoadingRows } from "../ui/states.tsx";
import classes from "./wallet.module.css";

export function Payouts({ account }: { account: string }) {
  const query = useInfiniteQuery(payoutsQuery(account));
  if (query.data === undefined) {
    return query.error === null ? (
      <LoadingRows rows={3} />
    ) : (
      <ErrorState what="Your payouts" error={query.error} onRetry={() => void query.refetch()} />
    );
  }
  const items = query.data.pages.flatMap((page) => page.items);
  if (items.length === 0) {
    return (
      <EmptyState
        title="No payouts yet"
        action={
          <Button component={Link} to="/cash-out" variant="default">
            Cash out
          </Button>
        }
      >
        Each one appears here with its state and, once it is confirmed, its receipt.
      </EmptyState>
    );
  }
  return (
    <>
      <ul className={classes.list}>
        {items.map((payout) => (
          <PayoutRow key={payout.id} payout={payout} />
        ))}
      </ul>
      <MoreButton query={query} what="payouts" />
    </>
  );
}

function PayoutRow({ payout }: { payout: PayoutListItem }) {
  return (
    <li className={classes.payout}>
      <Link to="/payouts/$id" params={{ id: payout.id }} className={classes.payoutAmount}>
        <AmountText asset={payout.asset} amount={payout.amount} maxFraction={6} />
      </Link>
      <span className={classes.payoutStatus}>
        <StatusTag payout={payout} />
      </span>
      <span className={classes.payoutDetail}>
        {payout.source === "onchain" ? (
          <>to {payeeWords(payout.to)}</>
        ) : payout.source === "demo" ? (
          "demo"
        ) : (
          "to your balance"
        )}
        {", "}
        <time dateTime={payout.createdAt} title={fullTime(payout.createdAt)} className="num">
          {shortTime(payout.createdAt)}
        </time>
      </span>
      <span className={classes.payoutHash}>
        {payout.txHash !== null && <OnChain kind="tx" value={payout.txHash} what="transaction hash" />}
      </span>
    </li>
  );
}
