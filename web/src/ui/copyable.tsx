import { ActionIcon, CopyButton, Group, Text, Tooltip } from "@mantine/core";
import { shorten } from "../lib/shorten.ts";
import { CheckIcon, CopyIcon } from "./icons.tsx";

export function CopyAction({ value, what }: { value: string; what: string }) {
  return (
    <CopyButton value={value} timeout={1_600}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : `Copy ${what}`}>
          <ActionIcon
            variant="subtle"
            color={copied ? "teal" : "gray"}
            size="md"
            onClick={copy}
            aria-label={copied ? `Copied ${what}` : `Copy ${what}`}
          >
            {copied ? <CheckIcon size={16} /> : <CopyIcon size={16} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** A hash or an address: shortened unless `whole`, copied whole. `href` opens it where the chain has an explorer. */
export function Copyable(props: { value: string; what: string; whole?: boolean; href?: string | null }) {
  const { value, what, whole = false, href = null } = props;
  const shown = whole ? value : shorten(value);
  return (
    <Group gap={2} wrap="nowrap" component="span" display="inline-flex" align="center" maw="100%">
      {href === null ? (
        <span className="mono" title={value}>
          {shown}
        </span>
      ) : (
        <Text component="a" href={href} target="_blank" rel="noreferrer" className="mono" title={value}>
          {shown}
        </Text>
      )}
      <CopyAction value={value} what={what} />
    </Group>
  );
}
