import { Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { ApiProblem, sentenceOf } from "../api/problem.ts";
import { useConfig } from "../api/queries.ts";
import { useXrplToyAddress } from "../chain/use-xrpl-toy.ts";
import { Note } from "../ui/states.tsx";

/** What a toy wallet lacks to be paid, and can have on the local ledger for the asking. */
const HELP: Readonly<Record<string, { what: string; action: string }>> = {
  destination_unfunded: { what: "fund", action: "Create it on the local ledger" },
  destination_not_found: { what: "fund", action: "Create it on the local ledger" },
  trust_line_missing: { what: "trust", action: "Open the trust line" },
};

/** The way on where a chain does not let a payee be paid as things are. */
export function PayeeHelp(props: { payee: string; asset: string; error: unknown; onAskAgain: () => void }) {
  const { error } = props;
  // What is wrong with the address itself stays wrong.
  if (!(error instanceof ApiProblem) || error.status !== 422 || error.code === "no_wallet_on_rail")
    return null;
  return (
    <>
      <ToyHelp payee={props.payee} asset={props.asset} code={error.code} onHelped={props.onAskAgain} />
      <div>
        <Button variant="default" size="xs" onClick={props.onAskAgain}>
          It is mended, ask again
        </Button>
      </div>
    </>
  );
}

/** On the local ledger a toy wallet's account is created, and its trust line opened, from here. */
function ToyHelp(props: { payee: string; asset: string; code: string; onHelped: () => void }) {
  const { xrpl } = useConfig().chains;
  const toy = useXrplToyAddress();
  const help = Object.hasOwn(HELP, props.code) ? HELP[props.code] : undefined;
  const act = useMutation({
    mutationFn: async () => {
      if (xrpl === undefined) throw new Error("The server names no XRP Ledger.");
      const ledger = await import("../chain/local-ledger.ts");
      if (help?.what === "trust") await ledger.openToyTrustLine(xrpl, props.asset);
      else await ledger.fundToy(xrpl);
    },
    onSuccess: props.onHelped,
  });
  if (help === undefined || xrpl?.url === undefined || toy !== props.payee) return null;
  return (
    <Note tone="plain">
      <Text size="sm">
        {help.what === "trust"
          ? `This is your toy wallet: it can open a trust line for ${props.asset} by itself.`
          : "This is your toy wallet. On the local ledger the genesis account, whose key is public, can create it with a payment of 50 XRP."}
      </Text>
      <Button variant="default" size="xs" onClick={() => act.mutate()} loading={act.isPending}>
        {help.action}
      </Button>
      {act.error !== null && (
        <Text size="sm" c="var(--cc-bad)" role="alert">
          {sentenceOf(act.error)}
        </Text>
      )}
    </Note>
  );
}
