import { Loader } from "@mantine/core";
import type { Payout } from "../api/types.ts";
import { fullTime, shortTime } from "../lib/time.ts";
import { CheckIcon, CrossIcon, WalletIcon } from "../ui/icons.tsx";
import classes from "./tracker.module.css";
import { type StepState, type TrackerStep, trackerSteps } from "./tracker-steps.ts";

const SPOKEN: Record<StepState, string> = {
  done: "done",
  current: "under way",
  waiting: "not yet",
  attention: "waits for you",
  stopped: "ended here",
};

/** How far it is, top to bottom on phones and left to right where there is room. */
export function Tracker({ payout }: { payout: Payout }) {
  const steps = trackerSteps(payout);
  const now = steps.findLast(({ state }) => state !== "waiting");
  return (
    <>
      <ol className={classes.tracker} data-steps={steps.length}>
        {steps.map((step) => (
          <Step key={step.key} step={step} />
        ))}
      </ol>
      <span className="only-spoken" role="status">
        {now === undefined ? "" : `${now.title}, ${SPOKEN[now.state]}`}
      </span>
    </>
  );
}

function Step({ step }: { step: TrackerStep }) {
  return (
    <li
      className={classes.step}
      data-state={step.state}
      aria-current={step.state === "current" || step.state === "attention" ? "step" : undefined}
    >
      <span className={classes.mark} aria-hidden="true">
        <Mark state={step.state} />
      </span>
      <span className={classes.words}>
        <span className={`${classes.title} num`}>
          {step.title}
          <span className="only-spoken">, {SPOKEN[step.state]}</span>
        </span>
        {step.detail !== null && <span className={classes.detail}>{sentenceCase(step.detail)}</span>}
        {step.at !== null && (
          <time className={`${classes.at} num`} dateTime={step.at} title={fullTime(step.at)}>
            {shortTime(step.at)}
          </time>
        )}
      </span>
    </li>
  );
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function Mark({ state }: { state: StepState }) {
  switch (state) {
    case "done":
      return <CheckIcon size={16} />;
    case "current":
      return <Loader size={16} color="currentColor" />;
    case "attention":
      return <WalletIcon size={16} />;
    case "stopped":
      return <CrossIcon size={16} />;
    case "waiting":
      return null;
  }
}
