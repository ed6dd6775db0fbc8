import { Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { request } from "../api/http.ts";
import type { Payout } from "../api/types.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { PaymentStatement, useAmountWords } from "./money.tsx";
import { refreshConsole } from "./queries.ts";
import type { ApprovalState } from "./types.ts";

/** Possible until the payout is in a batch. */
export function RevokeDialog({ payout, onClose }: { payout: Payout; onClose: () => void }) {
  const words = useAmountWords(payout.asset, payout.amount);
  const revoke = useMutation({
    mutationFn: () => request<ApprovalState>("DELETE", `/admin/payouts/${payout.id}/approvals/mine`),
    onSuccess: onClose,
    onSettled: () => refreshConsole(payout.id),
  });
  return (
    <ConfirmDialog
      title="Take back your signature?"
      action={`Take it back for ${words}`}
      tone="bad"
      isPending={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    >
      <PaymentStatement asset={payout.asset} amount={payout.amount} to={payout.to} />
      <Text>
        The payout waits again until enough others have signed. You can sign it once more while it waits. Once
        it is in a batch, nothing can be taken back.
      </Text>
    </ConfirmDialog>
  );
}
