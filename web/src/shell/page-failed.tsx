import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { whenServerIsBack } from "../api/server-status.ts";
import { ErrorState } from "../ui/states.tsx";

/** A page that could not be shown at all; it tries again by itself when a lost server is back. */
export function PageFailed({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter();
  const queries = useQueryErrorResetBoundary();
  const retry = (): void => {
    queries.reset();
    reset();
    void router.invalidate();
  };
  useEffect(() => whenServerIsBack(retry));
  return (
    <main style={{ maxWidth: "40rem", margin: "2rem auto" }}>
      <div className="panel">
        <ErrorState what="This page" error={error} onRetry={retry} />
      </div>
    </main>
  );
}
