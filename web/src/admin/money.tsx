import { Text } from "@mantine/core";
import { useAsset } from "../api/queries.ts";
import { splitTag } from "../chain/rails.ts";
import { formatAmount } from "../lib/amount.ts";
import classes from "./admin.module.css";

/** An amount as it is, whole, with the raw figure that is signed and sent below it. */
export function ExactAmount({ asset, amount }: { asset: string; amount: string }) {
  const { code, scale } = useAsset(asset);
  return (
    <span className={classes.exact}>
      <strong className="num">
        {formatAmount(amount, scale, { maxFraction: 18 })} {code}
      </strong>
      <Text span size="sm" c="dimmed" className="mono">
        {amount} minor units
      </Text>
    </span>
  );
}

/** What is about to happen with which amount and which address, in the words of the dialogs that ask for it. */
export function PaymentStatement({ asset, amount, to }: { asset: string; amount: string; to: string }) {
  const { address, tag } = splitTag(to);
  return (
    <div className={classes.statement}>
      <ExactAmount asset={asset} amount={amount} />
      <span className={classes.statementTo}>
        to <span className="mono">{address}</span>
        {tag !== null && (
          <>
            , destination tag <span className="mono">{tag}</span>
          </>
        )}
      </span>
    </div>
  );
}

/** The amount in a few words, for buttons and titles. */
export function useAmountWords(asset: string, amount: string): string {
  const { code, scale } = useAsset(asset);
  return `${formatAmount(amount, scale, { maxFraction: 18 })} ${code}`;
}
