import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("npm run demo does the whole job and finds ledger and both chains equal to the last unit", async () => {
  const script = resolve(import.meta.dirname, "../../scripts/demo.ts");
  const demo = promisify(execFile)(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
    timeout: 150_000,
  });
  const { stdout } = await demo.catch(({ stdout, stderr, code, signal }) => {
    throw new Error(`the demo ended with ${code ?? signal}:\n${stdout}\n${stderr}`);
  });
  expect(stdout.match(/ confirmed /g)).toHaveLength(46);
  expect(stdout.match(/ credited /g)).toHaveLength(1);
  expect(stdout.match(/ rejected /g)?.length).toBeGreaterThanOrEqual(1);
  expect(stdout).toContain(
    "chains and ledger agree to the wei and to the drop; every confirmation reached the feed exactly once",
  );
});
