import { Button, Group, Text } from "@mantine/core";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { sentenceOf } from "../api/problem.ts";

/** The next page of a list, on demand. */
export function MoreButton({
  query,
  what,
}: {
  query: UseInfiniteQueryResult<InfiniteData<unknown>>;
  what: string;
}) {
  if (!query.hasNextPage) return null;
  return (
    <Group p="md" gap="md">
      <Button
        variant="default"
        size="sm"
        loading={query.isFetchingNextPage}
        onClick={() => void query.fetchNextPage()}
      >
        More {what}
      </Button>
      {query.isFetchNextPageError && (
        <Text size="sm" role="alert">
          {sentenceOf(query.error)}
        </Text>
      )}
    </Group>
  );
}
