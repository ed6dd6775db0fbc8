import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { receiptQuery } from "../api/queries.ts";
import type { Payout } from "../api/types.ts";
import { networkName } from "../chain/networks.ts";
import { fullTime } from "../lib/time.ts";
import { Facts } from "../ui/facts.tsx";
import { OnChain } from "../ui/on-chain.tsx";
import { Panel } from "../ui/page.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";
import classes from "./receipt.module.css";

/** What anybody needs to check the payout without asking us. */
export function ReceiptPanel({ payout }: { payout: Payout }) {
  const { data: receipt, error, refetch } = useQuery(receiptQuery(payout.id));
  if (receipt === undefined) {
    return (
      <Panel title="Receipt" padded={false}>
        {error === null ? (
          <LoadingRows rows={3} height={28} />
        ) : (
          <ErrorState what="The receipt" error={error} onRetry={() => void refetch()} />
        )}
      </Panel>
    );
  }
  const { chain } = receipt;
  const download = (): void => {
    const url = URL.createObjectURL(
      new Blob([JSON.stringify(receipt, null, 2)], { type: "application/json" }),
    );
    const link = document.createElement("a");
    link.href = url;
    link.download = `coinclicker-receipt-${receipt.id}.json`;
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <Panel
      title="Receipt"
      aside={
        <Button variant="default" size="xs" onClick={download}>
          Save as JSON
        </Button>
      }
    >
      <Facts
        facts={[
          ["Settled", fullTime(receipt.settledAt)],
          chain !== null && ["Chain", `${networkName(receipt.rail, chain.chainId)} (${chain.chainId})`],
          chain !== null && [
            receipt.rail === "xrpl" ? "Paid from" : "Vault",
            <OnChain kind="address" key="v" value={chain.vault} what="address that paid" whole />,
          ],
        ]}
      />
      <Text fw={620} mt="md" mb={4}>
        Check it yourself
      </Text>
      <ul className={classes.checks}>
        {receipt.verify.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </Panel>
  );
}
