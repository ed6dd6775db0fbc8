import { Text } from "@mantine/core";
import { sentenceOf } from "../api/problem.ts";
import { railWords } from "../chain/rails.ts";
import { fullTime } from "../lib/time.ts";
import { AmountText } from "../ui/amount.tsx";
import { Note } from "../ui/states.tsx";
import classes from "./admin.module.css";
import { driftLines } from "./treasury.ts";
import type { SettlementStatus } from "./types.ts";

/** Whether our books and the chain agreed when they were last compared; what differs, in red, with by how much. */
export function DriftNote({ rail, settlement }: { rail: string; settlement: SettlementStatus }) {
  const { vault, block } = railWords(rail);
  const drift = driftLines(settlement.drift);
  const { reconciledAt } = settlement;
  if (drift === null) {
    return (
      <Note tone={reconciledAt === null ? "plain" : "good"}>
        {reconciledAt === null
          ? `Our books and the ${vault} have not been compared yet.`
          : `Our books and the ${vault} agree. Compared ${fullTime(reconciledAt)}.`}
      </Note>
    );
  }
  return (
    <div role="alert">
      <Note tone="bad" title={`Our books and the ${vault} differ`}>
        <ul className={classes.warnings}>
          {drift.lines.map((line) => (
            <li key={line.message}>
              {sentenceOf(line.message)}
              {line.difference !== null && line.asset !== null && (
                <dl className={classes.drift}>
                  <div>
                    <dt>Books</dt>
                    <dd>
                      <AmountText asset={line.asset} amount={line.ledger ?? 0n} maxFraction={18} />
                    </dd>
                  </div>
                  <div>
                    <dt>On chain</dt>
                    <dd>
                      <AmountText asset={line.asset} amount={line.vault ?? 0n} maxFraction={18} />
                    </dd>
                  </div>
                  <div className={classes.short}>
                    <dt>Difference</dt>
                    <dd>
                      <AmountText asset={line.asset} amount={line.difference} maxFraction={18} signed />
                    </dd>
                  </div>
                </dl>
              )}
            </li>
          ))}
        </ul>
        <Text size="sm">
          {drift.block === null ? "" : `At ${block} ${drift.block}. `}
          {reconciledAt === null ? "" : `Compared ${fullTime(reconciledAt)}. `}
          Payouts stay paused until it is explained.
        </Text>
      </Note>
    </div>
  );
}
