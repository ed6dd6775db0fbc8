import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { sentenceOf } from "../api/problem.ts";
import { receiptQuery, useConfig } from "../api/queries.ts";
import type { Payout } from "../api/types.ts";
import { walletFor } from "../chain/connect.ts";
import { evmAddressOf, usePlayer } from "../session/session.ts";
import { AmountText } from "../ui/amount.tsx";
import { Copyable } from "../ui/copyable.tsx";
import { Facts } from "../ui/facts.tsx";
import { Panel } from "../ui/page.tsx";
import { Note } from "../ui/states.tsx";
import { ToyGasNote } from "./toy-gas-note.tsx";

/** The address refused its payment, so the vault owes it. Only that address can pull it, to wherever it likes. */
export function CreditPanel({ payout }: { payout: Payout }) {
  const config = useConfig();
  const { data: receipt } = useQuery(receiptQuery(payout.id));
  const player = usePlayer();
  const chain = config.chains.flare;
  const vault = chain?.vault;
  const pull = useMutation({
    mutationFn: async () => {
      if (receipt === undefined || chain === undefined)
        throw new Error("The receipt is not loaded yet. Try again.");
      const calls = await import("../chain/vault-calls.ts");
      const isObedient = calls.isLocalRefusingPayee(chain.chainId, payout.to);
      const wallet = await walletFor(isObedient ? (evmAddressOf(player) ?? payout.to) : payout.to, config);
      const call = calls.withdrawCreditCall(chain.vault, receipt.assetAddress, wallet.address);
      return calls.sendCall(wallet, isObedient ? calls.throughRefusingPayee(call) : call);
    },
  });
  return (
    <Panel title="Pull what you are owed">
      <Text mb="sm">
        The receiving address did not take the payment, as contracts without a payable function do. Nothing is
        lost: the vault keeps <AmountText asset={payout.asset} amount={payout.amount} maxFraction={18} /> for{" "}
        <Copyable value={payout.to} what="address" />, and only that address can take it out.
      </Text>
      <ToyGasNote />
      {pull.data === undefined ? (
        <Group mb="md">
          <Button onClick={() => pull.mutate()} loading={pull.isPending} disabled={receipt === undefined}>
            Pull it with my wallet
          </Button>
        </Group>
      ) : (
        <Note tone="good" title="Sent to the chain">
          <div>
            Transaction <Copyable value={pull.data} what="transaction hash" />. This page changes when its
            block is final.
          </div>
        </Note>
      )}
      <div role="alert">{pull.error !== null && <Note tone="bad">{sentenceOf(pull.error)}</Note>}</div>
      {receipt !== undefined && vault !== undefined && (
        <>
          <Text size="sm" c="dimmed" mt="md">
            If the address is a contract, such as a multi-signature wallet, let it make this call:
          </Text>
          <Facts
            facts={[
              ["Contract", <Copyable key="c" value={vault} what="vault address" whole />],
              [
                "Function",
                <Copyable key="f" value="withdrawCredit(address asset, address to)" what="function" whole />,
              ],
              ["asset", <Copyable key="a" value={receipt.assetAddress} what="asset address" whole />],
              ["to", "any address that takes the coins"],
            ]}
          />
        </>
      )}
    </Panel>
  );
}
