import { Writable } from "node:stream";
import { expect, it } from "vitest";
import { createLogger } from "../../src/platform/log.ts";

function capture(write: (log: ReturnType<typeof createLogger>) => void): string {
  let text = "";
  const sink = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  write(createLogger({ level: "info" }, sink));
  return text;
}

it("writes nothing that is named like a secret, at the top or inside what is logged", () => {
  const secret = "0xdeadbeefcafe";
  for (const name of [
    "token",
    "refreshToken",
    "signature",
    "signatures",
    "privateKey",
    "secret",
    "authorization",
    "cookie",
  ]) {
    const text = capture((log) => {
      log.info({ [name]: secret }, "top");
      log.info({ body: { [name]: secret } }, "inside");
      log.info({ request: { headers: { [name]: secret } } }, "deep");
    });
    expect(text.match(/\[redacted\]/g)).toHaveLength(3);
    expect(text).not.toContain(secret);
  }
});

it("writes one JSON record a line, with what else it was given", () => {
  const record = JSON.parse(capture((log) => log.info({ payoutId: "p1" }, "requested"))) as Record<
    string,
    unknown
  >;
  expect(record).toMatchObject({ payoutId: "p1", msg: "requested", name: "coinclicker" });
});
