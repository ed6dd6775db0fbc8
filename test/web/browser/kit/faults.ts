import type { BrowserContext } from "playwright-core";

/** Where a browser says that something is wrong with a page, whether or not anybody sees it. */
export type FaultWatch = {
  /** From now on what matches is expected, such as failed requests while a server is down. */
  allow(pattern: RegExp): void;
  /** What was wrong and not expected. */
  found(): string[];
};

/** Collects console errors, uncaught errors and breaches of the content policy from every page of a context. */
export async function watchFaults(context: BrowserContext): Promise<FaultWatch> {
  const faults: string[] = [];
  const allowed: RegExp[] = [];
  await context.exposeFunction("reportPolicyBreach", (text: string) => {
    faults.push(`content policy: ${text}`);
  });
  // The console tells of most breaches, but not of those that a report-only policy or a worker has.
  await context.addInitScript(`addEventListener("securitypolicyviolation", (event) => {
    window.reportPolicyBreach(event.effectiveDirective + " blocked " + event.blockedURI);
  });`);
  context.on("console", (message) => {
    if (message.type() !== "error") return;
    faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  context.on("weberror", (error) => {
    faults.push(`uncaught: ${error.error().stack ?? String(error.error())}`);
  });
  return {
    allow: (pattern) => allowed.push(pattern),
    found: () => faults.filter((fault) => !allowed.some((pattern) => pattern.test(fault))),
  };
}
