import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { sentenceOf } from "../api/problem.ts";
import type { Payout } from "../api/types.ts";
import { AmountText } from "../ui/amount.tsx";
import { Panel } from "../ui/page.tsx";
import classes from "./admin.module.css";
import { houseName } from "./house-names.ts";
import type { OnChain, Simulation } from "./types.ts";

/** What paying would do, on the ledger and on chain, as both are now. */
export function SimulationPanel({ payout, simulation }: { payout: Payout; simulation: Simulation }) {
  const { funds, vault } = simulation;
  const amount = (value: string): ReactNode => <Money asset={payout.asset} value={value} />;
  return (
    <Panel title="Before and after">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={classes.scroll} tabIndex={0} aria-label="Before and after paying">
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Account</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{houseName(funds.owner)}</th>
              <td>{amount(funds.before)}</td>
              <td>{amount(funds.after)}</td>
            </tr>
            <tr>
              <th scope="row">{payout.rail === "xrpl" ? "Treasury account" : "Vault on chain"}</th>
              <td>
                <Known answer={vault.balanceBefore} show={amount} />
              </td>
              <td>
                <Known answer={vault.balanceAfter} show={amount} />
              </td>
            </tr>
          </tbody>
        </table>
      </section>
      <ul className={classes.checks}>
        {payout.rail === "xrpl" ? (
          <XrplChecks simulation={simulation} />
        ) : (
          <VaultChecks simulation={simulation} />
        )}
      </ul>
    </Panel>
  );
}

function VaultChecks({ simulation }: { simulation: Simulation }) {
  const { vault, requiredApprovals, payeeIsContract } = simulation;
  return (
    <>
      <Check
        isGood={requiredApprovals.agree}
        text={
          requiredApprovals.agree === true
            ? `The vault asks for ${requiredApprovals.ours} signatures, as we do`
            : `We ask for ${requiredApprovals.ours} signatures, the vault for ${requiredApprovals.onChain.value}`
        }
        note={requiredApprovals.onChain.note}
      />
      <Check
        isGood={vault.numberConsumed.value === null ? null : !vault.numberConsumed.value}
        text={
          vault.numberConsumed.value === true
            ? "The vault has paid or closed this number already"
            : "The vault has not paid this number"
        }
        note={vault.numberConsumed.note}
      />
      <Check
        isGood={vault.paused.value === null ? null : !vault.paused.value}
        text={vault.paused.value === true ? "The vault is paused" : "The vault is not paused"}
        note={vault.paused.note}
      />
      <Check
        isGood={payeeIsContract.value === null ? null : !payeeIsContract.value}
        text={
          payeeIsContract.value === true
            ? "The payee is a contract, which may refuse the money"
            : "The payee is an ordinary account"
        }
        note={payeeIsContract.note}
      />
    </>
  );
}

/** The XRP Ledger has neither numbers nor a pause: a ticket is used once, and the payee's account says what it takes. */
function XrplChecks({ simulation }: { simulation: Simulation }) {
  const { requiredApprovals, payeeProblem } = simulation;
  return (
    <>
      <Check
        isGood={requiredApprovals.agree}
        text={
          requiredApprovals.agree === true
            ? `The treasury account asks for ${requiredApprovals.onChain.value} signatures, we ask for ${requiredApprovals.ours}`
            : `The treasury account asks for ${requiredApprovals.onChain.value} signatures, we ask for ${requiredApprovals.ours} only`
        }
        note={requiredApprovals.onChain.note}
      />
      <Check
        isGood={payeeProblem.value !== null ? false : payeeProblem.note === null ? true : null}
        text={payeeProblem.value === null ? "The payee takes this payment" : sentenceOf(payeeProblem.value)}
        note={payeeProblem.note}
      />
    </>
  );
}

function Money({ asset, value }: { asset: string; value: string }) {
  const isShort = value.startsWith("-");
  return (
    <span className={isShort ? classes.short : undefined}>
      <AmountText asset={asset} amount={value} maxFraction={4} />
    </span>
  );
}

function Known({ answer, show }: { answer: OnChain<string>; show: (value: string) => ReactNode }) {
  if (answer.value !== null) return show(answer.value);
  return (
    <Text span c="dimmed">
      {answer.note ?? "not known"}
    </Text>
  );
}

function Check({ isGood, text, note }: { isGood: boolean | null; text: string; note: string | null }) {
  const tone = isGood === null ? "unknown" : isGood ? "good" : "bad";
  return (
    <li data-tone={tone}>
      <span aria-hidden="true">{isGood === null ? "?" : isGood ? "✓" : "!"}</span>
      <span>
        {isGood === null ? <>Not known: {note ?? "the chain did not answer"}</> : text}
        {isGood === false && <span className="only-spoken"> (attention)</span>}
      </span>
    </li>
  );
}
