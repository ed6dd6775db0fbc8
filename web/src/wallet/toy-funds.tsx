import { Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { sentenceOf } from "../api/problem.ts";
import { queryClient, useConfig } from "../api/queries.ts";
import { useXrplToyAddress } from "../chain/use-xrpl-toy.ts";

/** A new account of the XRP Ledger must be created by a payment; on the local ledger there is somebody who pays it. */
export function ToyFunds({ address }: { address: string }) {
  const { chains } = useConfig();
  const toy = useXrplToyAddress();
  const fund = useMutation({
    mutationFn: async () => {
      if (chains.xrpl === undefined) throw new Error("The server names no XRP Ledger.");
      await (await import("../chain/local-ledger.ts")).fundToy(chains.xrpl);
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["quote"] }),
  });
  if (toy !== address || chains.xrpl?.url === undefined) return null;
  return (
    <span>
      <Button variant="default" size="xs" onClick={() => fund.mutate()} loading={fund.isPending}>
        Fund it on the local ledger
      </Button>
      <Text span size="sm" role="status">
        {fund.isSuccess ? " 50 XRP came from the genesis account." : ""}
      </Text>
      <Text span size="sm" c="var(--cc-bad)" role="alert">
        {fund.error !== null && ` ${sentenceOf(fund.error)}`}
      </Text>
    </span>
  );
}
