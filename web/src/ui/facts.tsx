import type { ReactNode } from "react";
import classes from "./facts.module.css";

/** Names and what they stand for. Entries that are false are left out. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode] | false)[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map((fact) =>
        fact === false ? null : (
          <div key={fact[0]} className={classes.fact}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
