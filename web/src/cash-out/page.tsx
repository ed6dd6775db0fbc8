import { useQuery } from "@tanstack/react-query";
import { balancesQuery, useConfig } from "../api/queries.ts";
import type { Player } from "../api/types.ts";
import { usePlayer } from "../session/session.ts";
import { SignInFirst } from "../session/sign-in-first.tsx";
import { Page } from "../ui/page.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";
import { CashOutForm } from "./form.tsx";
import { payableWith } from "./payable.ts";

export function CashOutPage() {
  const player = usePlayer();
  const config = useConfig();
  const codes = payableWith(config, "COIN").map(({ code }) => code);
  return (
    <Page
      title="Cash out"
      narrow
      lead={`Turn what you earned into ${listOf(codes)}. You see what arrives, and when, before you agree.`}
    >
      {player === null ? (
        <SignInFirst what="cash out" />
      ) : player === undefined ? (
        <div className="panel">
          <LoadingRows />
        </div>
      ) : (
        <WithBalances player={player} />
      )}
    </Page>
  );
}

const LIST = new Intl.ListFormat("en", { type: "disjunction" });

function listOf(codes: readonly string[]): string {
  return codes.length === 0 ? "what is paid here" : LIST.format(codes);
}

function WithBalances({ player }: { player: Player }) {
  const { data, error, refetch } = useQuery({ ...balancesQuery(player.account), refetchOnMount: "always" });
  if (data === undefined) {
    return (
      <div className="panel">
        {error === null ? (
          <LoadingRows />
        ) : (
          <ErrorState what="Your balance" error={error} onRetry={() => void refetch()} />
        )}
      </div>
    );
  }
  return <CashOutForm player={player} balances={data} />;
}
