import { Button, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ApiProblem, sentenceOf } from "../api/problem.ts";
import { payoutQuery } from "../api/queries.ts";
import type { Payout, Player } from "../api/types.ts";
import { splitTag } from "../chain/rails.ts";
import { fullTime, shortTime } from "../lib/time.ts";
import { StatusTag } from "../payout/status.tsx";
import { Tracker } from "../payout/tracker.tsx";
import { isOver } from "../payout/tracker-steps.ts";
import { hasRole, usePlayer } from "../session/session.ts";
import { Copyable } from "../ui/copyable.tsx";
import { Facts } from "../ui/facts.tsx";
import { OnChain } from "../ui/on-chain.tsx";
import { Page, Panel } from "../ui/page.tsx";
import { Payee } from "../ui/payee.tsx";
import { EmptyState, ErrorState, LoadingRows, Note } from "../ui/states.tsx";
import { actorWords } from "./actor-words.ts";
import classes from "./admin.module.css";
import { DecisionPanel } from "./decision-panel.tsx";
import { ExactAmount, useAmountWords } from "./money.tsx";
import { MultisignPanel } from "./multisign-panel.tsx";
import { approvalQuery } from "./queries.ts";
import { SimulationPanel } from "./simulation-panel.tsx";
import { hasEnded } from "./standing.ts";
import { statusName } from "./status-names.ts";
import { SummaryPanel } from "./summary-panel.tsx";
import { TypedDataPanel } from "./typed-data-panel.tsx";

const LOOK_AGAIN_MS = 3_000;

/** One payout, with all that somebody who decides about it should know. */
export function ApprovalPage() {
  const { id } = useParams({ from: "/admin/payouts/$id" });
  const player = usePlayer();
  const payout = useQuery({
    ...payoutQuery(id),
    refetchInterval: ({ state }) =>
      state.data !== undefined && isOver(state.data.status) ? false : LOOK_AGAIN_MS,
  });
  if (payout.data === undefined || player == null) {
    const isUnknown = payout.error instanceof ApiProblem && [400, 404].includes(payout.error.status);
    return (
      <Page title="Payout">
        <div className="panel">
          {isUnknown ? (
            <EmptyState
              title="There is no such payout"
              action={
                <Button component={Link} to="/admin" variant="default">
                  To the queue
                </Button>
              }
            >
              The link may be old, or a letter of it was lost on the way.
            </EmptyState>
          ) : payout.error !== null ? (
            <ErrorState what="The payout" error={payout.error} onRetry={() => void payout.refetch()} />
          ) : (
            <LoadingRows rows={5} />
          )}
        </div>
      </Page>
    );
  }
  return <Decide payout={payout.data} player={player} />;
}

function Decide({ payout, player }: { payout: Payout; player: Player }) {
  const needsPeople = payout.approvals.required > 0 && payout.source === "onchain";
  const approval = useQuery({
    ...approvalQuery(payout.id),
    // Its number, and with it what is signed, exists once it no longer waits for its address.
    // A payment of the XRP Ledger that was made or given up is not there to be signed any more.
    enabled: needsPeople && !(payout.rail === "xrpl" && hasEnded(payout.status)),
    refetchInterval: payout.status === "pending_approval" ? LOOK_AGAIN_MS : false,
  });
  const code = approval.error instanceof ApiProblem ? approval.error.code : null;
  // On the XRP Ledger the transaction to sign needs a free ticket first; once it ended there is none any more.
  const isPrepared = code === "payload_not_ready" && payout.status === "pending_approval";
  const nothingToSign = code === "nothing_to_sign" || code === "payload_not_ready";
  const view = approval.error === null || !nothingToSign ? (approval.data ?? null) : null;
  return (
    <Page
      title={useAmountWords(payout.asset, payout.amount)}
      lead={
        <>
          to <span className="mono">{splitTag(payout.to).address}</span>
          {splitTag(payout.to).tag !== null && <>, destination tag {splitTag(payout.to).tag}</>}
        </>
      }
      aside={<StatusTag payout={payout} />}
    >
      <div className="panel" style={{ padding: "1.5rem var(--cc-pad)" }}>
        <Tracker payout={payout} />
      </div>
      <div className={classes.columns}>
        <Stack gap="lg" className={`${classes.column} ${classes.what}`}>
          {view !== null ? (
            <SummaryPanel payout={payout} view={view} />
          ) : needsPeople && !nothingToSign && approval.isEnabled ? (
            <div className="panel">
              {approval.error === null ? (
                <LoadingRows rows={5} />
              ) : (
                <ErrorState
                  what="What to sign"
                  error={approval.error}
                  onRetry={() => void approval.refetch()}
                />
              )}
            </div>
          ) : (
            <>
              {isPrepared && (
                <Note tone="plain" title="The transaction to sign is being prepared">
                  It needs a free ticket of the treasury. It appears here by itself, usually within seconds.
                  Where approvers signed one that could not be included any more, they sign the new one again.
                </Note>
              )}
              <PlainSummary payout={payout} />
            </>
          )}
        </Stack>
        <Stack gap="lg" className={`${classes.column} ${classes.side}`}>
          <DecisionPanel payout={payout} view={view} player={player} />
          <HistoryPanel payout={payout} player={player} />
        </Stack>
        {view !== null && (
          <Stack gap="lg" className={`${classes.column} ${classes.more}`}>
            {/* Of what has ended there is no "before" any more. */}
            {!hasEnded(payout.status) && <SimulationPanel payout={payout} simulation={view.simulation} />}
            {view.typedData !== null && <TypedDataPanel typedData={view.typedData} digest={view.digest} />}
            {view.multisign !== null && (
              <MultisignPanel
                multisign={view.multisign}
                digest={view.digest}
                isOpen={payout.status === "pending_approval"}
              />
            )}
          </Stack>
        )}
      </div>
    </Page>
  );
}

/** Where nobody has to sign, or not yet. */
function PlainSummary({ payout }: { payout: Payout }) {
  return (
    <Panel title="What it is">
      <Facts
        facts={[
          ["Pays", <ExactAmount key="p" asset={payout.asset} amount={payout.amount} />],
          payout.spent.asset !== payout.asset && [
            "Spent for it",
            <ExactAmount key="s" asset={payout.spent.asset} amount={payout.spent.amount} />,
          ],
          ["To", <Payee key="t" value={payout.to} />],
          payout.account !== payout.to && [
            "For",
            <Copyable key="a" value={payout.account} what="account" whole />,
          ],
          [
            "Signatures",
            payout.approvals.required === 0
              ? "None needed"
              : `${payout.approvals.given} of ${payout.approvals.required} given`,
          ],
          ["Why so", sentenceOf(payout.reason)],
          payout.txHash !== null && [
            "Transaction",
            <OnChain kind="tx" key="h" value={payout.txHash} what="transaction hash" whole />,
          ],
        ]}
      />
    </Panel>
  );
}

function HistoryPanel({ payout, player }: { payout: Payout; player: Player }) {
  return (
    <Panel title="What happened">
      <ol className={classes.history}>
        {payout.history.map((step) => (
          <li key={`${step.to} ${step.at}`}>
            <Text fw={620} component="span">
              {statusName(step.to)}
            </Text>
            <time dateTime={step.at} title={fullTime(step.at)} className="num">
              {shortTime(step.at)}
            </time>
            <Text size="sm" c="dimmed">
              {sentenceOf(step.reason)} <span title={step.actor}>By {actorWords(step.actor)}.</span>
            </Text>
          </li>
        ))}
      </ol>
      {hasRole(player, "admin") && (
        <Text size="sm" mt="sm">
          <Link className={classes.link} to="/admin/audit" search={{ subject: `payout:${payout.id}` }}>
            Its entries in the audit log
          </Link>
        </Text>
      )}
    </Panel>
  );
}
