import { Button, Group, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { get } from "../api/http.ts";
import { sentenceOf } from "../api/problem.ts";
import { payoutQuery, queryClient, useConfig } from "../api/queries.ts";
import type { Payout, Voucher } from "../api/types.ts";
import { walletFor } from "../chain/connect.ts";
import { fullTime } from "../lib/time.ts";
import { evmAddressOf, usePlayer } from "../session/session.ts";
import { Copyable } from "../ui/copyable.tsx";
import { Panel } from "../ui/page.tsx";
import { Note } from "../ui/states.tsx";
import { ToyGasNote } from "./toy-gas-note.tsx";

/** Brings the voucher to the vault. Whoever brings it pays the gas; it always pays the address that it names. */
export function ClaimPanel({ payout }: { payout: Payout }) {
  const config = useConfig();
  const player = usePlayer();
  const claim = useMutation({
    mutationFn: async () => {
      // The wallet first: a voucher that is given out can no longer be taken back.
      const wallet = await walletFor(evmAddressOf(player) ?? payout.to, config);
      const voucher = await get<Voucher>(`/payouts/${payout.id}/voucher`);
      void queryClient.invalidateQueries({ queryKey: payoutQuery(payout.id).queryKey });
      const { claimCall, sendCall } = await import("../chain/vault-calls.ts");
      return { hash: await sendCall(wallet, claimCall(voucher)), deadline: voucher.deadline };
    },
  });
  return (
    <Panel title="Claim it">
      <Text mb="sm">
        The vault pays{" "}
        {payout.status === "approved"
          ? "against a voucher that we sign"
          : "against the voucher that you were given"}
        . Your wallet brings it there and pays the gas. Once the voucher is given out, this payout cannot be
        taken back; if it is not used before it expires, the amount returns to your balance.
      </Text>
      <ToyGasNote />
      {claim.data === undefined ? (
        <Group>
          <Button onClick={() => claim.mutate()} loading={claim.isPending}>
            Claim with my wallet
          </Button>
        </Group>
      ) : (
        <Note tone="good" title="Sent to the chain">
          <div>
            Transaction <Copyable value={claim.data.hash} what="transaction hash" />
          </div>
          <div>
            This page shows it confirmed when its block is final. The voucher holds until{" "}
            {fullTime(claim.data.deadline)}.
          </div>
        </Note>
      )}
      <div role="alert">{claim.error !== null && <Note tone="bad">{sentenceOf(claim.error)}</Note>}</div>
    </Panel>
  );
}
