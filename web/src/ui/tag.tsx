import type { ReactNode } from "react";
import classes from "./tag.module.css";

export type Tone = "good" | "wait" | "warn" | "bad";

/** A state in a word or two. */
export function Tag({ tone = "wait", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className={classes.tag} data-tone={tone}>
      {children}
    </span>
  );
}
