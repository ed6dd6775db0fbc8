import { Text } from "@mantine/core";
import { useRef } from "react";
import { railWords } from "../chain/rails.ts";
import { AmountText } from "../ui/amount.tsx";
import { CopyAction, Copyable } from "../ui/copyable.tsx";
import { ExactText } from "../ui/exact-text.tsx";
import { FieldList } from "../ui/field-list.tsx";
import { Panel } from "../ui/page.tsx";
import { Note } from "../ui/states.tsx";
import classes from "./admin.module.css";
import { readAmount } from "./multisign-payload.ts";
import type { Multisign } from "./types.ts";

/** The payment that is signed, field by field and then as it is, for those who sign it elsewhere. */
export function MultisignPanel(props: { multisign: Multisign; digest: string; isOpen: boolean }) {
  const { multisign, digest, isOpen } = props;
  const { transaction, ticket, lastLedgerSequence, feeDrops } = multisign;
  const first = useRef(digest);
  const text = JSON.stringify(transaction, null, 2);
  const amount = readAmount(transaction.Amount);
  const fields: [string, string][] = [
    ["Account", String(transaction.Account)],
    ["Destination", String(transaction.Destination)],
    ...(transaction.DestinationTag === undefined
      ? []
      : [["DestinationTag", String(transaction.DestinationTag)] as [string, string]]),
    [
      "Amount",
      amount === null ? "?" : `${amount.value} ${amount.issuer === null ? "drops of XRP" : amount.currency}`,
    ],
    ...(amount?.issuer == null ? [] : [["issuer", amount.issuer] as [string, string]]),
    ["TicketSequence", ticket],
    ["LastLedgerSequence", lastLedgerSequence],
  ];
  return (
    <Panel title="Exactly what is signed" aside={<CopyAction value={text} what="the transaction" />}>
      {isOpen && first.current !== digest && (
        <Note tone="warn" title="This is another transaction than the one that you saw first">
          The one before can no longer be included in any {railWords("xrpl").block}, so it was replaced, and
          signatures over it count no more. It pays the same: read it again, then sign this one.
        </Note>
      )}
      <Text size="sm" c="dimmed">
        A payment of the XRP Ledger, which each approver signs as it is. Its ticket lets it be included once,
        however often it is sent. It costs <AmountText asset="XRP" amount={feeDrops} maxFraction={6} /> in
        fees, which the treasury pays.
      </Text>
      <FieldList fields={fields} />
      {isOpen && (
        <Text size="sm" c="dimmed">
          After ledger <span className="num">{lastLedgerSequence}</span> nobody can bring it to the ledger any
          more. If it was not paid by then, it is offered anew with more time, and everybody signs again.
        </Text>
      )}
      <Text size="sm" c="dimmed">
        Digest <Copyable value={digest} what="digest" whole />
      </Text>
      <details className={classes.details}>
        <summary>The whole transaction as JSON</summary>
        <ExactText text={text} label="Transaction to sign" />
      </details>
    </Panel>
  );
}
