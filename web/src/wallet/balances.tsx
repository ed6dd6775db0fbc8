import { useQuery } from "@tanstack/react-query";
import { balancesQuery, useAsset } from "../api/queries.ts";
import type { Balance } from "../api/types.ts";
import { formatAmount } from "../lib/amount.ts";
import { ErrorState, LoadingRows } from "../ui/states.tsx";
import classes from "./wallet.module.css";

export function Balances({ account }: { account: string }) {
  const { data, error, refetch } = useQuery(balancesQuery(account));
  if (data === undefined) {
    return (
      <div className="panel">
        {error === null ? (
          <LoadingRows rows={1} height={72} />
        ) : (
          <ErrorState what="Your balances" error={error} onRetry={() => void refetch()} />
        )}
      </div>
    );
  }
  const shown = data.filter(
    ({ asset, available, held }) => asset === "COIN" || available !== "0" || held !== "0",
  );
  return (
    <section className={`panel ${classes.balances}`} aria-label="Balances">
      {shown.map((balance) => (
        <BalanceOf key={balance.asset} balance={balance} />
      ))}
    </section>
  );
}

function BalanceOf({ balance }: { balance: Balance }) {
  const { code, scale } = useAsset(balance.asset);
  return (
    <div>
      <p className={`${classes.figure} num wide`}>
        {formatAmount(balance.available, scale)} <span className={classes.unit}>{code}</span>
      </p>
      <p className={`${classes.held} num`}>
        available
        {balance.held === "0"
          ? ", nothing held"
          : `, and ${formatAmount(balance.held, scale)} ${code} held for payouts under way`}
      </p>
    </div>
  );
}
