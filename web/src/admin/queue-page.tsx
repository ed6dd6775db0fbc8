import { NativeSelect, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { PayoutStatus } from "../api/types.ts";
import { railOf, railWords } from "../chain/rails.ts";
import { shorten } from "../lib/shorten.ts";
import { fullTime, shortTime } from "../lib/time.ts";
import { useNow } from "../lib/use-now.ts";
import { StatusTag } from "../payout/status.tsx";
import { hasRole, usePlayer } from "../session/session.ts";
import { AmountText } from "../ui/amount.tsx";
import { MoreButton } from "../ui/more-button.tsx";
import { Page, Panel } from "../ui/page.tsx";
import { payeeWords } from "../ui/payee.tsx";
import { EmptyState, ErrorState, LoadingRows } from "../ui/states.tsx";
import classes from "./admin.module.css";
import { Countdown } from "./countdown.tsx";
import { adminPayoutsQuery, waitingQuery } from "./queries.ts";
import { expiresSoon, type Queue, sortQueue } from "./queue.ts";
import { STATUS_NAMES } from "./status-names.ts";
import type { QueuedPayout } from "./types.ts";

export function QueuePage() {
  const player = usePlayer();
  const pending = useQuery(waitingQuery("pending_approval"));
  const requested = useQuery(waitingQuery("requested"));
  const nowMs = useNow(10_000);
  const isApprover = hasRole(player, "approver");
  const error = pending.error ?? requested.error;
  const queue =
    pending.data === undefined || requested.data === undefined
      ? null
      : sortQueue([...pending.data, ...requested.data], {
          isApprover,
          address: player?.address ?? null,
          nowMs,
        });
  return (
    <Page title="Queue" lead="Payouts that people decide. Nothing here leaves before enough have signed.">
      {queue === null ? (
        <div className="panel">
          {error === null ? (
            <LoadingRows rows={3} height={64} />
          ) : (
            <ErrorState
              what="The queue"
              error={error}
              onRetry={() => void Promise.all([pending.refetch(), requested.refetch()])}
            />
          )}
        </div>
      ) : (
        <Waiting queue={queue} isApprover={isApprover} address={player?.address ?? null} nowMs={nowMs} />
      )}
      <AllPayouts />
    </Page>
  );
}

function Waiting(props: { queue: Queue; isApprover: boolean; address: string | null; nowMs: number }) {
  const { queue, isApprover, address, nowMs } = props;
  const rail = address === null ? null : railOf(address);
  const row = (payout: QueuedPayout): ReactNode => (
    <WaitingRow
      key={payout.id}
      payout={payout}
      isSoon={expiresSoon(payout, nowMs)}
      isElsewhere={isApprover && payout.rail !== rail}
    />
  );
  return (
    <>
      <dl className={classes.figures} aria-label="What waits">
        <Figure
          name="Wait for you"
          count={queue.mine.length}
          tone={queue.mine.length > 0 ? "accent" : "plain"}
        />
        <Figure name="Wait for others" count={queue.others.length} tone="plain" />
        <Figure
          name="Expire within 2 hours"
          count={queue.expiringSoon}
          tone={queue.expiringSoon > 0 ? "bad" : "plain"}
        />
      </dl>
      {isApprover && (
        <Panel title="Waits for you" padded={false}>
          {queue.mine.length === 0 ? (
            <EmptyState title="Nothing waits for your signature">
              Payouts that need you appear here by themselves; leave the page open.
            </EmptyState>
          ) : (
            <ul className={classes.list}>{queue.mine.map(row)}</ul>
          )}
        </Panel>
      )}
      <Panel title="Waits for others" padded={false}>
        {queue.others.length === 0 ? (
          <EmptyState title="Nothing waits for others">
            What you signed or proposed stays here until others have signed it too.
          </EmptyState>
        ) : (
          <ul className={classes.list}>{queue.others.map(row)}</ul>
        )}
      </Panel>
      {queue.delayed.length > 0 && (
        <Panel title="Waits before it goes on" padded={false}>
          <Text size="sm" c="dimmed" px="var(--cc-pad)" pb="xs">
            Held back for a while by the rules. Approvers can reject these meanwhile.
          </Text>
          <ul className={classes.list}>{queue.delayed.map(row)}</ul>
        </Panel>
      )}
    </>
  );
}

function Figure({ name, count, tone }: { name: string; count: number; tone: "plain" | "accent" | "bad" }) {
  return (
    <div className={classes.figure} data-tone={tone}>
      <dt>{name}</dt>
      <dd className="num">{count}</dd>
    </div>
  );
}

function WaitingRow(props: { payout: QueuedPayout; isSoon: boolean; isElsewhere: boolean }) {
  const { payout, isSoon, isElsewhere } = props;
  const { approvals, waitsUntil } = payout;
  return (
    <li className={classes.row} data-soon={isSoon}>
      <Link to="/admin/payouts/$id" params={{ id: payout.id }} className={classes.rowAmount}>
        <AmountText asset={payout.asset} amount={payout.amount} maxFraction={6} />
      </Link>
      <span className={classes.rowWhom}>
        to <span className="mono">{payeeWords(payout.to)}</span>
        {payout.account !== payout.to && (
          <>
            {" "}
            for <span className="mono">{shorten(payout.account)}</span>
          </>
        )}
        <span className={classes.rowWhy}>
          {payout.proposedByMe
            ? "You proposed it, so others sign"
            : payout.signedByMe
              ? "You have signed"
              : isElsewhere
                ? `Leaves ${railWords(payout.rail).on}, and is signed with wallets there`
                : payout.proposedBy === payout.account
                  ? "Asked for by the player"
                  : `Proposed by ${shorten(payout.proposedBy)}`}
        </span>
      </span>
      <span className={classes.rowSigned}>
        <Signed given={approvals.given} required={approvals.required} />
      </span>
      <span className={classes.rowExpiry}>
        {waitsUntil !== null ? (
          <Countdown until={waitsUntil} verb="Goes on" />
        ) : approvals.expiresAt === null ? null : (
          <Countdown until={approvals.expiresAt} />
        )}
      </span>
    </li>
  );
}

function Signed({ given, required }: { given: number; required: number }) {
  return (
    <span className={classes.signed}>
      <span aria-hidden="true" className={classes.marks}>
        {Array.from({ length: required }, (_unused, mark) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: marks are told apart by their place alone
          <span key={mark} data-given={mark < given} />
        ))}
      </span>
      <span className="num">
        {given} of {required} signed
      </span>
    </span>
  );
}

/** What became of the others. */
function AllPayouts() {
  const [status, setStatus] = useState<PayoutStatus | null>(null);
  const query = useInfiniteQuery({ ...adminPayoutsQuery(status), refetchInterval: 8_000 });
  const items = query.data?.pages.flatMap((page) => page.items);
  return (
    <Panel
      title="All payouts"
      padded={false}
      aside={
        <NativeSelect
          aria-label="Status"
          size="sm"
          value={status ?? ""}
          onChange={(event) => setStatus((event.currentTarget.value || null) as PayoutStatus | null)}
          data={[
            { value: "", label: "Every status" },
            ...Object.entries(STATUS_NAMES).map(([value, label]) => ({ value, label })),
          ]}
        />
      }
    >
      {items === undefined ? (
        query.error === null ? (
          <LoadingRows rows={3} />
        ) : (
          <ErrorState what="The payouts" error={query.error} onRetry={() => void query.refetch()} />
        )
      ) : items.length === 0 ? (
        <EmptyState title={status === null ? "No payouts yet" : "No payouts with this status"}>
          {status === null
            ? "The first appears here when a player cashes out or an admin proposes one."
            : "Choose another status to see the rest."}
        </EmptyState>
      ) : (
        <ul className={classes.list}>
          {items.map((payout) => (
            <li key={payout.id} className={classes.row}>
              <Link to="/admin/payouts/$id" params={{ id: payout.id }} className={classes.rowAmount}>
                <AmountText asset={payout.asset} amount={payout.amount} maxFraction={6} />
              </Link>
              <span className={classes.rowWhom}>
                to <span className="mono">{payeeWords(payout.to)}</span>
              </span>
              <span className={classes.rowSigned}>
                <StatusTag payout={payout} />
              </span>
              <span className={classes.rowExpiry}>
                <time dateTime={payout.createdAt} title={fullTime(payout.createdAt)} className="num">
                  {shortTime(payout.createdAt)}
                </time>
              </span>
            </li>
          ))}
        </ul>
      )}
      <MoreButton query={query} what="payouts" />
    </Panel>
  );
}
