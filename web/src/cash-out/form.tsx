import { Button, Group, Radio, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { sentenceOf } from "../api/problem.ts";
import { quoteQuery, useAsset, useConfig, walletsQuery } from "../api/queries.ts";
import { refusedField } from "../api/refusal-field.ts";
import type { Balance, Delivery, Player } from "../api/types.ts";
import { readPayee } from "../chain/payee-text.ts";
import { railOf, railOfAsset, railWords } from "../chain/rails.ts";
import { formatAmount, formatUnits, parseAmount } from "../lib/amount.ts";
import { useDebounced } from "../lib/use-debounced.ts";
import { isDemo } from "../session/session.ts";
import { EmptyState, Note } from "../ui/states.tsx";
import { faultOf, overCap } from "./amount-faults.ts";
import { Confirm, type Intent } from "./confirm.tsx";
import { Destination, type Where } from "./destination.tsx";
import classes from "./form.module.css";
import { ownWallet } from "./own-wallet.ts";
import { payableWith } from "./payable.ts";
import { QuoteView } from "./quote-view.tsx";

/** What to turn into what, to where, and how; nothing is asked for before it has been read back. */
export function CashOutForm({ player, balances }: { player: Player; balances: readonly Balance[] }) {
  const config = useConfig();
  const demo = isDemo(player);
  const onchain = config.payoutMode === "onchain" && !demo;
  const sources = balances.filter(
    ({ asset, available }) =>
      asset === "COIN" || (onchain && available !== "0" && payableWith(config, asset).length > 0),
  );
  const [source, setSource] = useState("COIN");
  // What is paid where the account is at home comes first.
  const [wish, setWish] = useState(railOf(player.account) === "xrpl" && !demo ? "XRP" : "FLR");
  const [text, setText] = useState("");
  const [where, setWhere] = useState<Where>("own");
  const [other, setOther] = useState("");
  const [tag, setTag] = useState("");
  const [delivery, setDelivery] = useState<Delivery>("push");
  const [intent, setIntent] = useState<Intent | null>(null);
  const [isPressed, setPressed] = useState(false);

  const payable = payableWith(config, source);
  const payAs = payable.find(({ code }) => code === wish)?.code ?? payable[0]?.code ?? wish;
  const rail = railOfAsset(payAs);
  const asset = useAsset(source);
  const paid = useAsset(payAs);
  const wallets = useQuery({ ...walletsQuery(player.account), enabled: onchain });
  const own = ownWallet(wallets.data, player, rail);
  const chosenWhere: Where = own === null && wallets.data !== undefined ? "other" : where;
  const payee = chosenWhere === "other" ? readPayee(rail, other, tag) : null;
  const available = BigInt(balances.find((balance) => balance.asset === source)?.available ?? "0");
  const amount = parseAmount(text, asset.scale);
  const amountFault = faultOf(text, amount, available, asset);
  const isAsked = amount !== null && amount > 0n && amountFault === null;
  // Whoever names another address is told about that one, so there is no quote before it is whole.
  const named = !onchain ? {} : payee === null ? (own === null ? null : {}) : payee.value;
  const canAsk = isAsked && named !== null;
  const ask = { asset: source, amount: amount ?? 0n, payAs, ...named };
  const key = canAsk ? quoteQuery(ask).queryKey.join(" ") : null;
  const isAtRest = useDebounced(key, 250) === key;
  const quote = useQuery({ ...quoteQuery(ask), enabled: canAsk && isAtRest });
  const isCurrent = canAsk && isAtRest && quote.data !== undefined && !quote.isPlaceholderData;
  const refusal = canAsk && isAtRest && !quote.isFetching ? quote.error : null;
  const refused = refusal === null ? null : { field: refusedField(refusal), text: sentenceOf(refusal) };
  const about = (field: "amount" | "to" | "tag"): string | null =>
    refused?.field === field ? refused.text : null;

  // Before there is a quote both may be chosen; nothing is asked for without one.
  const mayClaim = rail === "flare" && (quote.data?.delivery.includes("claim") ?? true);
  const chosen: Delivery = mayClaim ? delivery : "push";
  const capFault = isCurrent && quote.data !== undefined ? overCap(quote.data, paid) : null;

  if (sources.every((balance) => balance.available === "0")) {
    return (
      <div className="panel">
        <EmptyState
          title="There is nothing to cash out yet"
          action={
            <Button component={Link} to="/">
              Play
            </Button>
          }
        >
          Every tap that counts earns COIN. Come back with some.
        </EmptyState>
      </div>
    );
  }

  function review(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    setPressed(true);
    const payeeFault = onchain ? (payee?.fault ?? null) : null;
    const hasFault = amountFault !== null || capFault !== null || payeeFault !== null || refused !== null;
    if (hasFault) {
      const form = event.currentTarget;
      requestAnimationFrame(() => form.querySelector<HTMLElement>("[aria-invalid='true']")?.focus());
    }
    if (hasFault || !isCurrent || quote.data === undefined || amount === null) return;
    setIntent({
      request: {
        asset: source,
        amount: String(amount),
        payAs,
        ...named,
        ...(onchain && chosen === "claim" ? { delivery: "claim" } : {}),
      },
      to: chosenWhere === "other" ? other.trim() : (own ?? player.account),
      quote: quote.data,
      key: crypto.randomUUID(),
    });
  }

  return (
    <>
      {(demo || config.payoutMode === "demo") && (
        <Note tone="warn" title={demo ? "A demo session is not paid" : "Nothing is paid here"}>
          You can go through every step; at the end nothing leaves.
          {demo && " Sign in with a wallet to be paid."}
        </Note>
      )}
      <form className="panel" onSubmit={review} noValidate>
        <Stack gap="xl" p={{ base: "md", sm: "xl" }}>
          <Stack gap="xs">
            {sources.length > 1 && (
              <SegmentedControl
                aria-label="What to cash out"
                value={source}
                onChange={(next) => {
                  setSource(next);
                  setText("");
                }}
                data={sources.map((balance) => balance.asset)}
              />
            )}
            <TextInput
              label={`Amount in ${source}`}
              description={`You have ${formatAmount(available, asset.scale)} ${source}`}
              size="lg"
              inputMode={asset.scale === 0 ? "numeric" : "decimal"}
              autoComplete="off"
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              error={capFault ?? about("amount") ?? ((text !== "" || isPressed) && amountFault)}
              classNames={{ input: `${classes.amount} num` }}
              rightSectionWidth={76}
              rightSection={
                <Button
                  variant="default"
                  size="xs"
                  onClick={() => setText(formatUnits(available, asset.scale))}
                  aria-label={`All: ${formatAmount(available, asset.scale)} ${source}`}
                >
                  All
                </Button>
              }
            />
          </Stack>

          {payable.length > 1 && (
            <Radio.Group label="Paid in" value={payAs} onChange={setWish}>
              <div className={classes.assets}>
                {payable.map(({ code }) => (
                  <Radio.Card key={code} value={code} className={classes.asset} aria-label={code}>
                    <Radio.Indicator />
                    <span>
                      <span className={classes.assetCode}>{code}</span>
                      <span className={classes.assetRail}>{railWords(railOfAsset(code)).on}</span>
                    </span>
                  </Radio.Card>
                ))}
              </div>
            </Radio.Group>
          )}

          <QuoteView
            ask={isAsked}
            query={quote}
            stale={canAsk && !isCurrent && refused === null}
            refused={refused}
            estimate={
              isAsked && (!canAsk || (refused !== null && refused.field !== null))
                ? { asset: payAs, amount: amount * (payable.find(({ code }) => code === payAs)?.rate ?? 0n) }
                : null
            }
          />

          {onchain && (
            <Destination
              rail={rail}
              asset={payAs}
              player={player}
              own={own}
              isKnown={wallets.data !== undefined}
              where={chosenWhere}
              onWhere={setWhere}
              to={other}
              onTo={setOther}
              tag={tag}
              onTag={setTag}
              shapeFault={payee?.fault ?? null}
              isPressed={isPressed}
              refused={{ to: about("to"), tag: about("tag"), error: refusal }}
              onAskAgain={() => void quote.refetch()}
            />
          )}

          {onchain && rail === "flare" && (
            <Radio.Group
              label="How"
              value={chosen}
              onChange={(next) => setDelivery(next === "claim" ? "claim" : "push")}
            >
              <Stack gap="sm" mt="xs">
                <Radio
                  value="push"
                  label="We send it"
                  description="We pay the gas. It goes out with the next batch."
                />
                <Radio
                  value="claim"
                  label="You claim it"
                  description={
                    !mayClaim
                      ? "Not for an amount that needs approval."
                      : "You get a voucher, bring it to the vault and pay the gas."
                  }
                  disabled={!mayClaim}
                />
              </Stack>
            </Radio.Group>
          )}

          <Group justify="space-between" align="center" className={classes.end}>
            <Text size="sm" c="dimmed">
              You can read it all again before you agree.
            </Text>
            <Button
              type="submit"
              size="lg"
              loading={canAsk && (!isAtRest || (quote.isFetching && !isCurrent))}
            >
              Review
            </Button>
          </Group>
        </Stack>
      </form>
      {intent !== null && <Confirm intent={intent} onClose={() => setIntent(null)} />}
    </>
  );
}
