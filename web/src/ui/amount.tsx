import { useAsset } from "../api/queries.ts";
import { formatAmount, formatUnits } from "../lib/amount.ts";

/** An amount with its asset, in digits of one width; the exact figure is in the title. */
export function AmountText(props: {
  asset: string;
  amount: string | bigint;
  maxFraction?: number;
  minFraction?: number;
  signed?: boolean;
}) {
  const { code, scale } = useAsset(props.asset);
  const { maxFraction, minFraction, signed } = props;
  const text = formatAmount(props.amount, scale, { maxFraction, minFraction, signed });
  return (
    <span className="num" title={`${formatUnits(BigInt(props.amount), scale)} ${code}`}>
      {text}&nbsp;{code}
    </span>
  );
}
