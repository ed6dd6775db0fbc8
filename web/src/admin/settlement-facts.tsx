import { Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { sentenceOf } from "../api/problem.ts";
import { railWords } from "../chain/rails.ts";
import { AmountText } from "../ui/amount.tsx";
import { OnChain } from "../ui/on-chain.tsx";
import { Note } from "../ui/states.tsx";
import classes from "./admin.module.css";
import type { RailTreasury, SettlementStatus } from "./types.ts";

const STATES: Readonly<Record<string, string>> = {
  off: "Off: this installation settles nothing on a chain",
  stopped: "Stopped",
  standby: "Standing by: another process settles",
  running: "Running",
  unreachable: "Waiting for the chain, which does not answer",
  blocked: "Blocked",
  paused: "Paused",
};

/** Who pays on a rail, from where, and how the worker that does it is doing. */
export function SettlementFacts({ treasury }: { treasury: RailTreasury }) {
  const { rail, chain, settlement } = treasury;
  const { operator, vault } = chain;
  const { state, problems, head, finalBlock, scannedBlock } = settlement;
  const { blocks, coin } = railWords(rail);
  const isXrpl = rail === "xrpl";
  return (
    <div className={classes.books}>
      <Title order={3}>Settlement</Title>
      {problems.length > 0 && (
        <Note tone="bad" title="In the way">
          <ul className={classes.warnings}>
            {problems.map((problem) => (
              <li key={problem}>{sentenceOf(problem)}</li>
            ))}
          </ul>
        </Note>
      )}
      <dl className={`${classes.cells} ${classes.wideCells}`}>
        <Cell name="State">{STATES[state] ?? state}</Cell>
        {head !== null && (
          <Cell name={blocks.charAt(0).toUpperCase() + blocks.slice(1)}>
            <span className="num">
              head {head}, final {finalBlock ?? "?"}, read up to {scannedBlock ?? "?"}
            </span>
          </Cell>
        )}
        <Cell name={isXrpl ? "Payments under way" : "Batches"}>
          <Batches batches={settlement.batches} />
        </Cell>
        {vault !== null && (
          <Cell name={isXrpl ? "Treasury account" : "Vault"}>
            <OnChain kind="address" value={vault} what={railWords(rail).vault} />
          </Cell>
        )}
        {operator !== null && operator.address !== vault && (
          <Cell name="Signed by">
            <OnChain kind="address" value={operator.address} what="operator" />
          </Cell>
        )}
        {/* On the XRP Ledger fees come out of the treasury itself. */}
        {operator !== null && !isXrpl && (
          <Cell name="Operator's gas money">
            {operator.balance === null ? (
              "Not known"
            ) : (
              <AmountText asset={coin} amount={operator.balance} maxFraction={4} />
            )}
          </Cell>
        )}
        {settlement.endpoints.length > 0 && (
          <Cell name={isXrpl ? "Servers" : "Nodes"}>
            <Endpoints endpoints={settlement.endpoints} />
          </Cell>
        )}
      </dl>
    </div>
  );
}

function Cell({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Batches({ batches }: Pick<SettlementStatus, "batches">) {
  if (batches.length === 0) return "None under way";
  return (
    <ul className={classes.plainList}>
      {batches.map((batch) => (
        <li key={batch.id}>
          {batch.size} {batch.size === 1 ? "payout" : "payouts"},{" "}
          <AmountText asset={batch.asset} amount={batch.total} maxFraction={4} />, {batch.status}
          {batch.note !== null && (
            <Text size="sm" c="dimmed">
              {sentenceOf(batch.note)}
            </Text>
          )}
        </li>
      ))}
    </ul>
  );
}

function Endpoints({ endpoints }: Pick<SettlementStatus, "endpoints">) {
  return (
    <ul className={classes.plainList}>
      {endpoints.map(({ url, healthy, problem }) => (
        <li key={url}>
          <span className="mono">{url}</span>{" "}
          <span className={healthy ? classes.good : classes.short}>
            {healthy ? "answers" : (problem ?? "does not answer")}
          </span>
        </li>
      ))}
    </ul>
  );
}
