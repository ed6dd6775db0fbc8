import { Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { sentenceOf } from "../api/problem.ts";
import { AlertIcon } from "./icons.tsx";
import classes from "./states.module.css";

/** A list has nothing yet: what it will show, and what to do to get there. */
export function EmptyState(props: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Stack className={classes.state} gap="xs" align="flex-start">
      <Text fw={620}>{props.title}</Text>
      {props.children !== undefined && (
        <Text c="dimmed" maw="34rem">
          {props.children}
        </Text>
      )}
      {props.action}
    </Stack>
  );
}

/** Something could not be loaded: why, in the server's words, and the way on. */
export function ErrorState(props: { what: string; error: unknown; onRetry?: () => void }) {
  return (
    <Stack className={classes.error} gap="xs" align="flex-start" role="alert">
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <span className={classes.errorMark}>
          <AlertIcon />
        </span>
        <div>
          <Text fw={620}>{props.what} could not be loaded</Text>
          <Text size="sm">{sentenceOf(props.error)}</Text>
        </div>
      </Group>
      {props.onRetry !== undefined && (
        <Button variant="default" size="sm" onClick={props.onRetry}>
          Try again
        </Button>
      )}
    </Stack>
  );
}

export function LoadingRows({ rows = 4, height = 44 }: { rows?: number; height?: number }) {
  return (
    <Stack gap="sm" p="md" aria-busy="true">
      <span className="only-spoken">Loading</span>
      {Array.from({ length: rows }, (_unused, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of nothing have no other name
        <Skeleton key={row} height={height} radius="md" />
      ))}
    </Stack>
  );
}

/** Part of a page that says something that one should know, in one of four tones. */
export function Note(props: {
  tone: "plain" | "good" | "warn" | "bad";
  title?: string;
  children: ReactNode;
}) {
  return (
    <div className={classes.note} data-tone={props.tone}>
      {props.title !== undefined && <Text fw={640}>{props.title}</Text>}
      <div className={classes.noteBody}>{props.children}</div>
    </div>
  );
}
