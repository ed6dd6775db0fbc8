import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Page } from "../ui/page.tsx";
import { EmptyState } from "../ui/states.tsx";

export function NotFound() {
  return (
    <Page title="Nothing here" narrow>
      <div className="panel">
        <EmptyState
          title="There is no page at this address"
          action={
            <Button component={Link} to="/">
              Back to the coin
            </Button>
          }
        >
          The link may be old, or a letter of it was lost on the way.
        </EmptyState>
      </div>
    </Page>
  );
}
