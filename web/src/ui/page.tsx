import { Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

/** A page with its title, in the tab too. `narrow` is for forms and single things. */
export function Page(props: {
  title: string;
  lead?: ReactNode;
  aside?: ReactNode;
  narrow?: boolean;
  children: ReactNode;
}) {
  usePageTitle(props.title);
  return (
    <Stack
      gap="lg"
      maw={props.narrow === true ? "40rem" : undefined}
      mx={props.narrow === true ? "auto" : 0}
      w="100%"
    >
      <Group justify="space-between" align="flex-end" gap="sm">
        <div>
          <Title order={1}>{props.title}</Title>
          {props.lead !== undefined && (
            <Text c="dimmed" mt={4} maw="42rem">
              {props.lead}
            </Text>
          )}
        </div>
        {props.aside}
      </Group>
      {props.children}
    </Stack>
  );
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · CoinClicker`;
  }, [title]);
}

export function Panel(props: { title?: string; aside?: ReactNode; children: ReactNode; padded?: boolean }) {
  return (
    <section className="panel" aria-label={props.title}>
      {props.title !== undefined && (
        <Group justify="space-between" px="var(--cc-pad)" pt="md" pb={6} gap="xs">
          <Title order={2}>{props.title}</Title>
          {props.aside}
        </Group>
      )}
      {props.padded === false ? props.children : <div className="panel-body">{props.children}</div>}
    </section>
  );
}
