import { Button, Group, Text, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { get } from "../api/http.ts";
import { sentenceOf } from "../api/problem.ts";
import { fullTime, shortTime } from "../lib/time.ts";
import { AmountText } from "../ui/amount.tsx";
import { Copyable } from "../ui/copyable.tsx";
import { FieldList } from "../ui/field-list.tsx";
import { MoreButton } from "../ui/more-button.tsx";
import { Page } from "../ui/page.tsx";
import { EmptyState, ErrorState, LoadingRows, Note } from "../ui/states.tsx";
import { actorWords } from "./actor-words.ts";
import classes from "./admin.module.css";
import { actionName, KNOWN_ACTIONS } from "./audit-actions.ts";
import { type AuditFilter, auditFilterFault, auditQueryString, parseAuditFilter } from "./audit-filter.ts";
import { NeedsAdmin } from "./layout.tsx";
import { auditQuery } from "./queries.ts";
import type { AuditEntry } from "./types.ts";

export function AuditPage() {
  return (
    <NeedsAdmin what="The audit log">
      <AuditLog />
    </NeedsAdmin>
  );
}

function AuditLog() {
  const filter = useSearch({ from: "/admin/audit" });
  const fault = auditFilterFault(filter);
  const query = useInfiniteQuery({ ...auditQuery(filter), enabled: fault === null });
  const items = query.data?.pages.flatMap((page) => page.items);
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <Page
      title="Audit"
      lead="Who did what, and when. Nothing here can be changed: each entry's hash covers the one before it."
      aside={<ExportButton filter={filter} disabled={fault !== null} />}
    >
      {/* Another address, as from a payout's page, is another form. */}
      <FilterForm key={JSON.stringify(filter)} filter={filter} />
      <section className="panel" aria-label="Entries">
        {fault !== null ? (
          <EmptyState title="This filter can match nothing">{fault}</EmptyState>
        ) : items === undefined ? (
          query.error === null ? (
            <LoadingRows rows={6} />
          ) : (
            <ErrorState what="The audit log" error={query.error} onRetry={() => void query.refetch()} />
          )
        ) : items.length === 0 ? (
          <EmptyState
            title={isFiltered ? "No entry matches" : "Nothing was done yet"}
            action={
              isFiltered && (
                <Button component={Link} to="/admin/audit" variant="default" size="sm">
                  Show everything
                </Button>
              )
            }
          >
            {isFiltered
              ? "Actor, action and subject must be written exactly as in the log."
              : "Approvals, rejections, proposals and pauses appear here."}
          </EmptyState>
        ) : (
          <ul className={classes.list}>
            {items.map((entry) => (
              <EntryRow key={entry.id} entry={entry} />
            ))}
          </ul>
        )}
        <MoreButton query={query} what="entries" />
      </section>
    </Page>
  );
}

function FilterForm({ filter }: { filter: AuditFilter }) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState(filter);
  const field = (name: keyof AuditFilter) => ({
    value: draft[name] ?? "",
    onChange: (event: { currentTarget: { value: string } }) =>
      setDraft({ ...draft, [name]: event.currentTarget.value }),
  });
  function apply(event: FormEvent): void {
    event.preventDefault();
    void navigate({ to: "/admin/audit", search: parseAuditFilter(draft) });
  }
  return (
    <search>
      <form className={`panel ${classes.filter}`} onSubmit={apply}>
        <TextInput
          label="Actor"
          placeholder="0x… or r…"
          autoComplete="off"
          spellCheck={false}
          size="sm"
          {...field("actor")}
        />
        <TextInput
          label="Action"
          placeholder="payout_approved"
          list="audit-actions"
          size="sm"
          {...field("action")}
        />
        <datalist id="audit-actions">
          {KNOWN_ACTIONS.map((action) => (
            <option key={action} value={action}>
              {actionName(action)}
            </option>
          ))}
        </datalist>
        <TextInput
          label="Subject"
          placeholder="payout:…"
          autoComplete="off"
          spellCheck={false}
          size="sm"
          {...field("subject")}
        />
        <TextInput label="From (UTC)" type="date" size="sm" {...field("from")} />
        <TextInput label="Until, included" type="date" size="sm" {...field("until")} />
        <Group gap="sm" className={classes.filterEnd}>
          <Button type="submit" size="sm">
            Filter
          </Button>
          {Object.keys(filter).length > 0 && (
            <Button component={Link} to="/admin/audit" variant="default" size="sm">
              Clear
            </Button>
          )}
        </Group>
      </form>
    </search>
  );
}

/** Everything that the filter leaves, not only what is shown. */
function ExportButton({ filter, disabled }: { filter: AuditFilter; disabled: boolean }) {
  const save = useMutation({
    mutationFn: async () => {
      // A download cannot renew an expired session by itself; this does it first.
      await get("/auth/session");
      const query = auditQueryString(filter);
      query.set("format", "csv");
      location.assign(`/api/v1/admin/audit?${query}`);
    },
  });
  return (
    <div>
      <Button variant="default" onClick={() => save.mutate()} loading={save.isPending} disabled={disabled}>
        Export CSV
      </Button>
      <div role="alert">{save.error !== null && <Note tone="bad">{sentenceOf(save.error)}</Note>}</div>
    </div>
  );
}

function EntryRow({ entry }: { entry: AuditEntry }) {
  const { actor, action, subject, details, createdAt, hash } = entry;
  const words = Object.entries(details).map(([name, value]) => [name, wordsOf(value)] as const);
  const payoutId = /^payout:([0-9a-f-]{36})$/.exec(subject)?.[1];
  return (
    <li className={classes.entry}>
      <time dateTime={createdAt} title={fullTime(createdAt)} className={`${classes.entryTime} num`}>
        {shortTime(createdAt)}
      </time>
      <div className={classes.entryBody}>
        <Text fw={620}>{actionName(action)}</Text>
        <Text size="sm">
          <span title={actor}>{actorWords(actor)}</span>
          {", "}
          {payoutId === undefined ? (
            <span className="mono">{subject}</span>
          ) : (
            <Link className={classes.link} to="/admin/payouts/$id" params={{ id: payoutId }}>
              payout {payoutId.slice(0, 8)}
            </Link>
          )}
        </Text>
        <EntryNote details={details} />
        <details className={classes.details}>
          <summary>
            Details<span className="only-spoken"> of entry {entry.id}</span>
          </summary>
          <FieldList
            fields={[["action", action], ["actor", actor], ["subject", subject], ...words, ["at", createdAt]]}
          />
          <Text size="sm" c="dimmed">
            Hash <Copyable value={hash} what="hash" />
          </Text>
        </details>
      </div>
    </li>
  );
}

/** How much and why, where the entry says so. */
function EntryNote({ details }: { details: Record<string, unknown> }) {
  const { asset, amount, reason } = details;
  const isMoney = typeof asset === "string" && typeof amount === "string" && /^-?[0-9]+$/.test(amount);
  if (!isMoney && typeof reason !== "string") return null;
  return (
    <Text size="sm" c="dimmed">
      {isMoney && <AmountText asset={asset} amount={amount} />}
      {isMoney && typeof reason === "string" && ": "}
      {typeof reason === "string" && reason}
    </Text>
  );
}

function wordsOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
