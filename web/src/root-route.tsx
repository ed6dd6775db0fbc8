import { createRootRoute } from "@tanstack/react-router";
import { NotFound } from "./shell/not-found.tsx";
import { PageFailed } from "./shell/page-failed.tsx";
import { Shell } from "./shell/shell.tsx";

export const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: PageFailed,
});
