import { Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { post } from "../api/http.ts";
import { payoutQuery, queryClient } from "../api/queries.ts";
import type { Payout } from "../api/types.ts";
import { joinTag } from "../chain/rails.ts";
import { Note } from "../ui/states.tsx";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { PaymentStatement, useAmountWords } from "./money.tsx";
import { refreshConsole } from "./queries.ts";
import type { Proposal } from "./types.ts";

/** One wish to pay. `key` stays the same however often it is sent, so it is paid once. */
export type ProposalIntent = { proposal: Proposal; required: number; key: string };

export function ProposeDialog({ intent, onClose }: { intent: ProposalIntent; onClose: () => void }) {
  const { proposal, required, key } = intent;
  const payee = joinTag(proposal.to, proposal.destinationTag);
  const navigate = useNavigate();
  const words = useAmountWords(proposal.asset, proposal.amount);
  const propose = useMutation({
    mutationFn: () => post<Payout>("/admin/payout", proposal, { idempotencyKey: key }),
    onSuccess: (payout) => {
      queryClient.setQueryData(payoutQuery(payout.id).queryKey, payout);
      refreshConsole();
      void navigate({ to: "/admin/payouts/$id", params: { id: payout.id } });
    },
  });
  return (
    <ConfirmDialog
      title={`Propose ${words}?`}
      action={required === 0 ? `Pay ${words} now` : `Propose ${words}`}
      tone={required === 0 ? "bad" : "plain"}
      typed={required === 0 ? "pay" : undefined}
      isPending={propose.isPending}
      error={propose.error}
      whenUnreachable="It is not known whether the proposal arrived. Send it again: it is the same proposal, so it is paid once at most."
      onConfirm={() => propose.mutate()}
      onClose={onClose}
    >
      <PaymentStatement asset={proposal.asset} amount={proposal.amount} to={payee} />
      {required === 0 ? (
        <Note tone="warn" title="Nobody else has to agree">
          It is below the first tier, so it is sent as soon as the rules allow. A payment cannot be called
          back.
        </Note>
      ) : (
        <Text>
          {required} approvers other than you have to sign it. Until then the amount is held from the rewards
          account.
        </Text>
      )}
      {proposal.metadata?.why !== undefined && (
        <Text size="sm" c="dimmed">
          For: {String(proposal.metadata.why)}
        </Text>
      )}
    </ConfirmDialog>
  );
}
