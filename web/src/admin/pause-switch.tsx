import { Button, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "../api/http.ts";
import { sentenceOf } from "../api/problem.ts";
import { railWords } from "../chain/rails.ts";
import { fullTime } from "../lib/time.ts";
import { Note } from "../ui/states.tsx";
import classes from "./admin.module.css";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { refreshConsole } from "./queries.ts";
import type { Pause } from "./types.ts";

const SHORTEST = 3;

type RailPause = { rail: string; pause: Pause | null };

/** Stops one rail's payouts; wants a reason and the words typed. Nothing where they are stopped already. */
export function PauseButton({ rail, pause }: RailPause) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      {pause === null && (
        <Button variant="default" className={classes.bad} onClick={() => setOpen(true)}>
          Pause {railWords(rail).name}…
        </Button>
      )}
      {isOpen && <SwitchDialog what="pause" rail={rail} pause={pause} onClose={() => setOpen(false)} />}
    </>
  );
}

/** Who stopped payouts and why, and the way to let them go on. */
export function StandingPause({ rail, pause }: RailPause) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      {pause !== null && (
        <Note tone="warn" title={`Payouts ${railWords(rail).on} are paused`}>
          {sentenceOf(pause.reason)}
          <Text size="sm">
            By <span className="mono">{pause.actor}</span>, {fullTime(pause.pausedAt)}
          </Text>
          <Button variant="default" size="sm" onClick={() => setOpen(true)}>
            Resume {railWords(rail).name}…
          </Button>
        </Note>
      )}
      {isOpen && <SwitchDialog what="resume" rail={rail} pause={pause} onClose={() => setOpen(false)} />}
    </>
  );
}

function SwitchDialog(props: RailPause & { what: "pause" | "resume"; onClose: () => void }) {
  const { what, rail, pause, onClose } = props;
  const { name, on } = railWords(rail);
  const [reason, setReason] = useState("");
  const act = useMutation({
    mutationFn: () =>
      post(`/admin/${what}`, {
        reason: reason.trim(),
        rail,
        ...(what === "resume" ? { confirm: "resume" } : {}),
      }),
    onSuccess: onClose,
    onSettled: () => refreshConsole(),
  });
  return (
    <ConfirmDialog
      title={what === "pause" ? `Pause payouts ${on}?` : `Resume payouts ${on}?`}
      action={what === "pause" ? `Pause ${name}` : `Resume ${name}`}
      tone="bad"
      typed={`${what} ${rail}`}
      ready={reason.trim().length >= SHORTEST}
      isPending={act.isPending}
      error={act.error}
      whenUnreachable="It is not known whether this arrived. Send it again: doing it twice changes nothing."
      onConfirm={() => act.mutate()}
      onClose={onClose}
    >
      <Text>
        {what === "pause"
          ? `Nothing new is requested, batched or signed ${on} from now on; elsewhere payouts go on. What was sent already is still watched until it is final.`
          : "Payouts leave again at once. Make sure that what they were paused for is understood and mended."}
      </Text>
      {what === "resume" && pause !== null && (
        <Note tone="warn" title="Paused for">
          {sentenceOf(pause.reason)}
        </Note>
      )}
      <TextInput
        label="Reason"
        description="It stays in the audit log."
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        maxLength={500}
        required
      />
    </ConfirmDialog>
  );
}
