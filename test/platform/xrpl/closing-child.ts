import { systemClock } from "../../../src/platform/clock.ts";
import { createXrplClient } from "../../../src/platform/xrpl/client.ts";
import { silentLog } from "../../kit/log.ts";

/** Uses a client on the URLs that it is given, closes it with a request on its way, and must then end by itself. */
const client = createXrplClient({
  urls: process.argv.slice(2),
  networkId: 0,
  clock: systemClock,
  log: silentLog,
  // Far longer than a test waits: a timer that is left shows.
  timeoutMs: 600_000,
});
const { index } = await client.validated();
const waiting = client.request({ command: "never_answered" }).catch((error: { code: string }) => error.code);
await client.request({ command: "who" });
await client.close();
process.stdout.write(`${index} ${await waiting}`);
