import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { post } from "../api/http.ts";
import { ApiProblem, sentenceOf } from "../api/problem.ts";
import { payoutQuery, queryClient } from "../api/queries.ts";
import type { Payout } from "../api/types.ts";
import { railWords } from "../chain/rails.ts";
import { fullTime, relativeTime } from "../lib/time.ts";
import { useNow } from "../lib/use-now.ts";
import { usePlayer } from "../session/session.ts";
import { SignInFirst } from "../session/sign-in-first.tsx";
import { AmountText } from "../ui/amount.tsx";
import { CopyAction, Copyable } from "../ui/copyable.tsx";
import { Facts } from "../ui/facts.tsx";
import { OnChain } from "../ui/on-chain.tsx";
import { Page, Panel } from "../ui/page.tsx";
import { Payee } from "../ui/payee.tsx";
import { EmptyState, ErrorState, LoadingRows, Note } from "../ui/states.tsx";
import { ClaimPanel } from "./claim-panel.tsx";
import { CreditPanel } from "./credit-panel.tsx";
import { ReceiptPanel } from "./receipt-panel.tsx";
import { Tracker } from "./tracker.tsx";
import { endedUnpaid, isCancellable, isOver } from "./tracker-steps.ts";

/** Events tell most changes; signatures of approvers are not among them, and a lost connection tells nothing. */
const LOOK_AGAIN_MS = 3_000;

export function PayoutPage() {
  const { id } = useParams({ from: "/payouts/$id" });
  const player = usePlayer();
  const query = useQuery({
    ...payoutQuery(id),
    enabled: player != null,
    refetchInterval: ({ state }) =>
      state.data !== undefined && isOver(state.data.status) ? false : LOOK_AGAIN_MS,
  });
  if (player === null) {
    return (
      <Page title="Payout" narrow>
        <SignInFirst what="follow a payout" />
      </Page>
    );
  }
  if (query.data === undefined) {
    const isUnknown = query.error instanceof ApiProblem && [400, 404].includes(query.error.status);
    return (
      <Page title="Payout">
        <div className="panel">
          {isUnknown ? (
            <EmptyState
              title="This payout is not among yours"
              action={
                <Button component={Link} to="/wallet" variant="default">
                  Your payouts
                </Button>
              }
            >
              It may belong to another account: sign in with the wallet that asked for it.
            </EmptyState>
          ) : query.error !== null ? (
            <ErrorState what="The payout" error={query.error} onRetry={() => void query.refetch()} />
          ) : (
            <LoadingRows rows={4} />
          )}
        </div>
      </Page>
    );
  }
  return <PayoutView payout={query.data} isMine={query.data.account === player?.account} />;
}

function PayoutView({ payout, isMine }: { payout: Payout; isMine: boolean }) {
  const isOnchain = payout.source === "onchain";
  const words = railWords(payout.rail);
  return (
    <Page
      title={headline(payout)}
      lead={<AmountLine payout={payout} />}
      aside={<CancelButton payout={payout} isMine={isMine} />}
    >
      <div className="panel" style={{ padding: "1.5rem var(--cc-pad)" }}>
        <Tracker payout={payout} />
      </div>
      {payout.source === "demo" && (
        <Note tone="warn">
          A demo payout: it shows how it goes, and nothing is paid. Sign in with a wallet to be paid.
        </Note>
      )}
      {payout.waitsUntil !== null && <Waiting until={payout.waitsUntil} />}
      {payout.status === "pending_approval" && payout.approvals.expiresAt !== null && (
        <Note tone="plain">
          {sentenceOf(payout.reason)} If too few have signed by {fullTime(payout.approvals.expiresAt)}, it
          ends and the amount returns to your balance.
        </Note>
      )}
      {endedUnpaid(payout.status) && (
        <Note tone="bad" title="Nothing was paid">
          What was held is back in your balance.
        </Note>
      )}
      {isMine && isClaimable(payout) && <ClaimPanel payout={payout} />}
      {payout.status === "credited" && <CreditPanel payout={payout} />}
      <Panel title="Details">
        <Facts
          facts={[
            [
              payout.rail === "xrpl" && payout.status === "confirmed" ? "Delivered" : "Pays",
              <AmountText key="a" asset={payout.asset} amount={payout.amount} maxFraction={18} />,
            ],
            [
              "For",
              <AmountText key="s" asset={payout.spent.asset} amount={payout.spent.amount} maxFraction={18} />,
            ],
            isOnchain && ["To", <Payee key="t" value={payout.to} />],
            isOnchain && ["On", words.name],
            isOnchain &&
              payout.rail !== "xrpl" && [
                "Delivery",
                payout.delivery === "push" ? "Sent by us" : "Claimed with a voucher",
              ],
            payout.txHash !== null && [
              "Transaction",
              <OnChain kind="tx" key="h" value={payout.txHash} what="transaction hash" whole />,
            ],
            payout.blockNumber !== null && [
              payout.rail === "xrpl" ? "Ledger" : "Block",
              <span key="b" className="num">
                {payout.blockNumber}
              </span>,
            ],
            payout.number !== null && [
              payout.rail === "xrpl" ? "Number in its memo" : "Vault number",
              <Copyable key="n" value={payout.number} what="payout's number" whole />,
            ],
            ["Why so", sentenceOf(payout.reason)],
            [
              "Link",
              <Group key="l" gap={2} component="span" wrap="nowrap">
                <span className="mono">/payouts/{payout.id}</span>
                <CopyAction value={location.href} what="link to this payout" />
              </Group>,
            ],
          ]}
        />
      </Panel>
      {(payout.status === "confirmed" || payout.status === "credited") && <ReceiptPanel payout={payout} />}
    </Page>
  );
}

function isClaimable({ delivery, status }: Payout): boolean {
  return delivery === "claim" && (status === "approved" || status === "submitted");
}

function headline(payout: Payout): string {
  if (payout.source === "demo") return "Demo payout";
  if (payout.status === "confirmed") return "Paid";
  if (payout.status === "credited") return "Yours to pull";
  if (endedUnpaid(payout.status)) return "Not paid";
  return isClaimable(payout) ? "Yours to claim" : "On its way";
}

function AmountLine({ payout }: { payout: Payout }) {
  return (
    <>
      <AmountText asset={payout.asset} amount={payout.amount} maxFraction={18} /> for{" "}
      <AmountText asset={payout.spent.asset} amount={payout.spent.amount} />
    </>
  );
}

function Waiting({ until }: { until: string }) {
  const now = useNow(1_000);
  return (
    <Note tone="plain">
      This address is new to your account, so its first payment waits, in case somebody else asked for it. It
      goes on <span className="num">{relativeTime(until, now)}</span>, at {fullTime(until)}. Until then you
      can take it back.
    </Note>
  );
}

function CancelButton({ payout, isMine }: { payout: Payout; isMine: boolean }) {
  const cancel = useMutation({
    mutationFn: () => post<Payout>(`/payouts/${payout.id}/cancel`),
    onSuccess: (now) => queryClient.setQueryData(payoutQuery(payout.id).queryKey, now),
    onSettled: () => queryClient.invalidateQueries(),
  });
  if (!isMine || !isCancellable(payout.status) || payout.source !== "onchain") return null;
  return (
    <Stack gap={4} align="flex-end">
      <Button variant="default" size="sm" loading={cancel.isPending} onClick={() => cancel.mutate()}>
        Take it back
      </Button>
      {cancel.error !== null && (
        <Text size="sm" c="var(--cc-bad)" role="alert">
          {sentenceOf(cancel.error)}
        </Text>
      )}
    </Stack>
  );
}
