import { Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "../api/http.ts";
import type { Payout } from "../api/types.ts";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { PaymentStatement, useAmountWords } from "./money.tsx";
import { refreshConsole } from "./queries.ts";
import type { ApprovalState } from "./types.ts";

const SHORTEST = 3;
const LONGEST = 500;

/** One approver's no ends it, so it wants a reason that its owner can read. */
export function RejectDialog({ payout, onClose }: { payout: Payout; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const words = useAmountWords(payout.asset, payout.amount);
  const reject = useMutation({
    mutationFn: () => post<ApprovalState>(`/admin/payouts/${payout.id}/rejection`, { reason: reason.trim() }),
    onSuccess: onClose,
    onSettled: () => refreshConsole(payout.id),
  });
  return (
    <ConfirmDialog
      title={`Reject ${words}?`}
      action={`Reject ${words}`}
      tone="bad"
      ready={reason.trim().length >= SHORTEST}
      isPending={reject.isPending}
      error={reject.error}
      whenUnreachable="It is not known whether this arrived. Look at the payout before you try again."
      onConfirm={() => reject.mutate()}
      onClose={onClose}
    >
      <PaymentStatement asset={payout.asset} amount={payout.amount} to={payout.to} />
      <Text>
        It ends for good and what was held for it goes back. It cannot be taken up again, only asked for anew.
      </Text>
      <Textarea
        label="Reason"
        description="Its owner reads this, and it stays in the audit log."
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        minRows={2}
        maxLength={LONGEST}
        size="md"
        required
      />
    </ConfirmDialog>
  );
}
