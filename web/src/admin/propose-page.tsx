import { Button, Group, NativeSelect, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { sentenceOf } from "../api/problem.ts";
import { quoteQuery, useConfig } from "../api/queries.ts";
import { refusedField } from "../api/refusal-field.ts";
import type { Asset } from "../api/types.ts";
import { readPayee } from "../chain/payee-text.ts";
import { railOfAsset, railWords } from "../chain/rails.ts";
import { parseAmount } from "../lib/amount.ts";
import { useDebounced } from "../lib/use-debounced.ts";
import { Page } from "../ui/page.tsx";
import { PayeeFields } from "../ui/payee-fields.tsx";
import { EmptyState, Note } from "../ui/states.tsx";
import { NeedsAdmin } from "./layout.tsx";
import { approvalsFor, treasuryEffect } from "./proposal.ts";
import { ProposalPreview } from "./proposal-preview.tsx";
import { type ProposalIntent, ProposeDialog } from "./propose-dialog.tsx";
import { treasuryQuery } from "./queries.ts";

export function ProposePage() {
  const settled = useConfig().assets.filter(({ kind }) => kind === "settled");
  return (
    <NeedsAdmin what="Proposing">
      <Page
        title="Propose a payout"
        narrow
        lead="Paid from the rewards account. You see what it needs before you propose it, and you cannot approve it yourself."
      >
        {settled.length === 0 ? (
          <div className="panel">
            <EmptyState title="There is nothing to pay with">
              This server pays no asset on a chain.
            </EmptyState>
          </div>
        ) : (
          <ProposeForm assets={settled} />
        )}
      </Page>
    </NeedsAdmin>
  );
}

function ProposeForm({ assets }: { assets: readonly Asset[] }) {
  const [code, setCode] = useState(assets[0]?.code ?? "");
  const [text, setText] = useState("");
  const [to, setTo] = useState("");
  const [tag, setTag] = useState("");
  const [why, setWhy] = useState("");
  const [isPressed, setPressed] = useState(false);
  const [intent, setIntent] = useState<ProposalIntent | null>(null);
  const treasury = useQuery(treasuryQuery);
  const asset = assets.find((candidate) => candidate.code === code) ?? assets[0];
  const amount = asset === undefined ? null : parseAmount(text, asset.scale);
  const isAmount = amount !== null && amount > 0n;
  const rested = useDebounced(isAmount ? amount : null, 250);
  const payee = readPayee(railOfAsset(code), to, tag);
  const restedPayee = readPayee(railOfAsset(code), useDebounced(to, 400), useDebounced(tag, 400)).value;
  // Of the quote only what holds for everybody is used: how many approvers there are, and what the day has left. It
  // is asked for the payee, because an admin need not have a wallet on this rail.
  const quote = useQuery({
    ...quoteQuery({ asset: code, amount: rested ?? 0n, payAs: code, ...restedPayee }),
    enabled: rested !== null && restedPayee !== null,
  });
  if (asset === undefined) return null;

  const isAnswered = quote.isEnabled && !quote.isFetching;
  const refused = isAnswered ? refusedField(quote.error) : null;
  const needs = isAmount ? approvalsFor(asset, amount) : null;
  const rail = treasury.data?.rails.find(({ chain }) => chain.assets.some((entry) => entry.asset === code));
  const books = rail?.chain.assets.find((entry) => entry.asset === code);
  const effect =
    needs === null || books === undefined || !isAmount ? null : treasuryEffect(books, amount, needs.required);
  const amountFault = isAmount
    ? effect?.isShort === true
      ? "The rewards account has less than this."
      : null
    : text.trim() === ""
      ? "Say how much."
      : amount === 0n
        ? "Say more than zero."
        : `Write a number with at most ${asset.scale} digits after the point.`;

  function review(event: FormEvent): void {
    event.preventDefault();
    setPressed(true);
    if (!isAmount || needs === null || amountFault !== null || payee.fault !== null || refused !== null)
      return;
    setIntent({
      proposal: {
        ...payee.value,
        asset: code,
        amount: String(amount),
        ...(why.trim() === "" ? {} : { metadata: { why: why.trim() } }),
      },
      required: needs.required,
      key: crypto.randomUUID(),
    });
  }

  const pause = rail?.pause ?? null;
  return (
    <>
      {pause !== null && (
        <Note tone="warn" title={`Payouts ${railWords(railOfAsset(code)).on} are paused`}>
          {sentenceOf(pause.reason)} Nothing can be proposed until an admin resumes them, on the treasury's
          page.
        </Note>
      )}
      <form className="panel" onSubmit={review} noValidate>
        <Stack gap="lg" p={{ base: "md", sm: "xl" }}>
          <Group align="flex-start" gap="sm" wrap="nowrap">
            <TextInput
              label="Amount"
              size="lg"
              inputMode="decimal"
              autoComplete="off"
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              error={(text !== "" || isPressed) && amountFault}
              classNames={{ input: "num" }}
              style={{ flex: 1 }}
            />
            <NativeSelect
              label="Asset"
              size="lg"
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              data={assets.map((entry) => entry.code)}
            />
          </Group>
          <PayeeFields
            rail={railOfAsset(code)}
            label="To"
            description="A payment cannot be called back. Paste the address, and compare it with where you have it from."
            to={to}
            onTo={setTo}
            tag={tag}
            onTag={setTag}
            shapeFault={payee.fault}
            refused={{
              to: refused === "to" ? sentenceOf(quote.error) : null,
              tag: refused === "tag" ? sentenceOf(quote.error) : null,
            }}
            isPressed={isPressed}
          />
          <Textarea
            label="What it is for"
            description="Approvers read this, and it stays with the payout."
            value={why}
            onChange={(event) => setWhy(event.currentTarget.value)}
            minRows={2}
            maxLength={500}
            size="md"
          />
          <ProposalPreview
            asset={asset}
            amount={isAmount ? amount : null}
            needs={needs}
            effect={effect}
            quote={quote}
            treasury={treasury}
          />
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              You can read it all again before you propose.
            </Text>
            <Button type="submit" size="lg" disabled={pause !== null}>
              Review
            </Button>
          </Group>
        </Stack>
      </form>
      {intent !== null && <ProposeDialog intent={intent} onClose={() => setIntent(null)} />}
    </>
  );
}
