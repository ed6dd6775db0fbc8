import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { sentenceOf, Unreachable } from "../api/problem.ts";
import { Note } from "../ui/states.tsx";

/**
 * The second step before anything that moves money or stops it: says again what will happen, and for the gravest wants a
 * word typed. The way back has the focus, so that a hurried Enter does nothing.
 */
export function ConfirmDialog(props: {
  title: string;
  children: ReactNode;
  action: string;
  /** `bad` takes something away from somebody. */
  tone?: "plain" | "bad";
  /** The word that has to be typed. */
  typed?: string;
  ready?: boolean;
  isPending: boolean;
  error: unknown;
  /** What to say when no answer came. */
  whenUnreachable?: string;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { typed, tone = "plain", ready = true, isPending, error } = props;
  const [word, setWord] = useState("");
  const isReady = ready && (typed === undefined || word.trim() === typed);
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (isReady && !isPending) props.onConfirm();
  }
  return (
    <Modal
      opened
      onClose={isPending ? () => undefined : props.onClose}
      title={props.title}
      size="lg"
      closeOnClickOutside={false}
    >
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          {props.children}
          {typed !== undefined && (
            <TextInput
              label={
                <>
                  To confirm, type <span className="mono">{typed}</span>
                </>
              }
              value={word}
              onChange={(event) => setWord(event.currentTarget.value)}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
            />
          )}
          <div role="alert">
            {error !== null && error !== undefined && (
              <Note tone="bad" title={error instanceof Unreachable ? "No answer came" : "This was refused"}>
                {error instanceof Unreachable && props.whenUnreachable !== undefined
                  ? props.whenUnreachable
                  : sentenceOf(error)}
              </Note>
            )}
          </div>
          <Group justify="space-between">
            <Button variant="default" onClick={props.onClose} disabled={isPending} data-autofocus>
              Back
            </Button>
            <Button
              type="submit"
              loading={isPending}
              disabled={!isReady}
              color={tone === "bad" ? "red.8" : undefined}
              autoContrast
            >
              {props.action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
