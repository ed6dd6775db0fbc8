import { Group, SegmentedControl, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "../api/http.ts";
import { useConfig } from "../api/queries.ts";
import type { Payout, Player } from "../api/types.ts";
import { LOCAL_XRPL_NETWORK_ID } from "../chain/networks.ts";
import { CopyAction } from "../ui/copyable.tsx";
import { ExactText } from "../ui/exact-text.tsx";
import { Note } from "../ui/states.tsx";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { PaymentStatement, useAmountWords } from "./money.tsx";
import { refreshConsole } from "./queries.ts";
import type { ApprovalState, ApprovalView } from "./types.ts";

/** Where a signature comes from: a wallet here, or a blob that was signed on another machine. */
type Source = "wallet" | "elsewhere";

/** Names amount and address again, then asks for the signature of whoever is signed in, and hands it in. */
export function ApproveDialog(props: {
  payout: Payout;
  view: ApprovalView;
  player: Player;
  onClose: () => void;
}) {
  const { payout, player, onClose } = props;
  const config = useConfig();
  const { chains } = config;
  // What was read when the dialog opened is what is signed, whatever the page hears meanwhile.
  const [view] = useState(props.view);
  const [blob, setBlob] = useState("");
  // No extension signs for an account of several signers; the toy does, and what others sign can be brought here.
  const isXrpl = view.multisign !== null;
  const hasToy = chains.xrpl?.networkId === LOCAL_XRPL_NETWORK_ID;
  const [source, setSource] = useState<Source>(isXrpl && !hasToy ? "elsewhere" : "wallet");
  const words = useAmountWords(payout.asset, payout.amount);
  const address = player.address ?? player.account;
  const isLast = view.given + 1 >= view.required;
  const approve = useMutation({
    mutationFn: async () => {
      const submission =
        source === "elsewhere"
          ? { blob: blob.replace(/\s/g, "") }
          : await (await import("./sign-approval.ts")).signApproval(view, address, config);
      return post<ApprovalState>(`/admin/payouts/${payout.id}/approvals`, submission);
    },
    onSuccess: onClose,
    onSettled: () => refreshConsole(payout.id),
  });
  return (
    <ConfirmDialog
      title={`Approve ${words}?`}
      action={source === "elsewhere" ? `Hand in for ${words}` : `Sign for ${words}`}
      ready={source === "wallet" || /^\s*([0-9a-f]{2}\s*)+$/i.test(blob)}
      isPending={approve.isPending}
      error={approve.error}
      whenUnreachable="It is not known whether your signature arrived. Look who has signed before you sign again; signing twice changes nothing."
      onConfirm={() => approve.mutate()}
      onClose={onClose}
    >
      <PaymentStatement asset={payout.asset} amount={payout.amount} to={payout.to} />
      <Text>
        {isLast
          ? "Yours is the last signature that it needs: it is paid right after, and a payment cannot be called back."
          : `It then has ${view.given + 1} of ${view.required} signatures, and is paid when the others have signed.`}
      </Text>
      {view.summary.firstPaymentToAddress && (
        <Note tone="warn">
          This address was never paid before. Compare it, letter by letter, with where you know it from.
        </Note>
      )}
      {isXrpl && hasToy && (
        <SegmentedControl
          aria-label="How to sign"
          value={source}
          onChange={(next) => setSource(next === "elsewhere" ? "elsewhere" : "wallet")}
          data={[
            { value: "wallet", label: "With the toy wallet" },
            { value: "elsewhere", label: "Signed elsewhere" },
          ]}
        />
      )}
      {source === "elsewhere" ? (
        <SignedElsewhere view={view} address={address} blob={blob} onBlob={setBlob} />
      ) : (
        <Text size="sm" c="dimmed">
          {isXrpl ? "The toy wallet signs" : "Your wallet opens next, and signs"} as{" "}
          <span className="mono">{address}</span>
          {isXrpl
            ? ", exactly the transaction that the page shows."
            : ". It should show the same amount and address."}
        </Text>
      )}
    </ConfirmDialog>
  );
}

function SignedElsewhere(props: {
  view: ApprovalView;
  address: string;
  blob: string;
  onBlob: (blob: string) => void;
}) {
  const text = JSON.stringify(props.view.multisign?.transaction, null, 2);
  return (
    <>
      <Text size="sm">
        Sign this transaction for multi-signing as <span className="mono">{props.address}</span>, where your
        key is (in xrpl.js <span className="mono">wallet.sign(transaction, true)</span>), without changing
        anything.
      </Text>
      <Group justify="space-between">
        <Text className="label">The transaction</Text>
        <CopyAction value={text} what="the transaction" />
      </Group>
      <ExactText text={text} label="Transaction to sign" low />
      <Textarea
        label="Signed blob"
        description="Hex digits, as your wallet gave them."
        value={props.blob}
        onChange={(event) => props.onBlob(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        minRows={3}
        size="md"
        classNames={{ input: "mono" }}
      />
    </>
  );
}
