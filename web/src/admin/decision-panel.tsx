import { Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useAsset, useConfig } from "../api/queries.ts";
import type { Payout, Player } from "../api/types.ts";
import { fullTime, shortTime } from "../lib/time.ts";
import { useNow } from "../lib/use-now.ts";
import { Copyable } from "../ui/copyable.tsx";
import { Panel } from "../ui/page.tsx";
import { Note } from "../ui/states.tsx";
import classes from "./admin.module.css";
import { ApproveDialog } from "./approve-dialog.tsx";
import { Countdown } from "./countdown.tsx";
import { hasDemoApprovers } from "./demo-accounts.ts";
import { SwitchApprover } from "./demo-approvers.tsx";
import { payloadFaults } from "./payload.ts";
import { RejectDialog } from "./reject-dialog.tsx";
import { RevokeDialog } from "./revoke-dialog.tsx";
import { standingOf } from "./standing.ts";
import type { ApprovalView } from "./types.ts";

type Open = "approve" | "reject" | "revoke" | null;

/** Who has signed, how long there is, and what the viewer may do. */
export function DecisionPanel(props: { payout: Payout; view: ApprovalView | null; player: Player }) {
  const { payout, view, player } = props;
  const { chains } = useConfig();
  const { scale } = useAsset(payout.asset);
  const nowMs = useNow(1_000);
  const [open, setOpen] = useState<Open>(null);
  const close = (): void => setOpen(null);
  const signatures = view?.signatures ?? [];
  const expiresAt = view?.summary.expiresAt ?? payout.approvals.expiresAt;
  const standing = standingOf(
    payout,
    {
      proposedBy: view?.summary.proposedBy ?? null,
      signedBy: signatures.map(({ signer }) => signer),
      expiresAt,
    },
    player,
    nowMs,
  );
  const faults = view === null ? [] : payloadFaults(view, { ...payout, scale }, chains);
  const isPending = payout.status === "pending_approval";
  const isLocal = hasDemoApprovers(chains);
  return (
    <Panel title="Decision">
      <Stack gap="md">
        {payout.approvals.required > 0 && (
          <div>
            <p className={`${classes.tally} num`}>
              {payout.approvals.given} of {payout.approvals.required} signed
            </p>
            {isPending && expiresAt !== null && (
              <Text size="sm">
                <Countdown until={expiresAt} />, at {fullTime(expiresAt)}
              </Text>
            )}
          </div>
        )}
        {signatures.length > 0 && (
          <ul className={classes.signers} aria-label="Who signed">
            {signatures.map(({ signer, at }) => (
              <li key={signer}>
                <Copyable value={signer} what="signer" />
                {signer === player.address && <Text span>you</Text>}
                <time dateTime={at} title={fullTime(at)} className="num">
                  {shortTime(at)}
                </time>
              </li>
            ))}
          </ul>
        )}
        {faults.length > 0 && (
          <Note tone="bad" title="Do not sign: the payload is not what this page shows">
            <ul className={classes.warnings}>
              {faults.map((fault) => (
                <li key={fault}>{fault}</li>
              ))}
            </ul>
          </Note>
        )}
        {!standing.approve.may && (isPending || payout.status === "requested") && (
          <Note tone="plain">
            {standing.approve.why}
            {isLocal && isPending && (
              <div>
                <SwitchApprover player={player} label="Go on as another demo approver" />
              </div>
            )}
          </Note>
        )}
        {standing.approve.may && (
          <Button
            size="lg"
            fullWidth
            onClick={() => setOpen("approve")}
            disabled={view === null || faults.length > 0}
          >
            Approve…
          </Button>
        )}
        {(standing.mayReject || standing.mayRevoke) && (
          <div className={classes.decisions}>
            {standing.mayRevoke && (
              <Button variant="default" onClick={() => setOpen("revoke")}>
                Take back my signature…
              </Button>
            )}
            {standing.mayReject && (
              <Button variant="default" className={classes.bad} onClick={() => setOpen("reject")}>
                Reject…
              </Button>
            )}
          </div>
        )}
        {!standing.approve.may && !standing.mayReject && !standing.mayRevoke && (
          <Text c="dimmed">Nothing is left to decide here.</Text>
        )}
      </Stack>
      {open === "approve" && view !== null && (
        <ApproveDialog payout={payout} view={view} player={player} onClose={close} />
      )}
      {open === "reject" && <RejectDialog payout={payout} onClose={close} />}
      {open === "revoke" && <RevokeDialog payout={payout} onClose={close} />}
    </Panel>
  );
}
