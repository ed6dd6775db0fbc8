import { Button } from "@mantine/core";
import { EmptyState } from "../ui/states.tsx";
import { openSignIn } from "./sign-in-dialog.ts";

/** In the place of what only a player can see. */
export function SignInFirst({ what }: { what: string }) {
  return (
    <div className="panel">
      <EmptyState title={`Sign in to ${what}`} action={<Button onClick={openSignIn}>Sign in</Button>}>
        With a wallet, or just to try it. Nothing is sent to the chain by signing in.
      </EmptyState>
    </div>
  );
}
