import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { randomIp } from "./players.ts";
import type { FuzzRequest } from "./request.ts";
import type { Exchange, World } from "./world.ts";

/** Beyond this nobody waits: an answer that takes longer is none. Far beyond what a busy machine takes, too. */
const ANSWER_TIMEOUT_MS = 30_000;

const HAS_BODY = new Set(["POST", "PUT", "PATCH", "DELETE"]);

export type Answer = {
  status: number;
  headers: ReadonlyMap<string, string>;
  body: string;
};

/** A request with everything filled in, as it went over the wire. */
export type Sent = {
  url: string;
  method: string;
  target: string;
  headers: [string, string][];
  body: string | null;
};

/** No answer: `hang` when none came in time, `cut` when the connection ended instead. */
export type NoAnswer = { failed: "hang" | "cut"; detail: string };

export function createSender(url: string, world: World) {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });

  /** Puts in what only the world knows, and who asks. */
  async function prepare(request: FuzzRequest): Promise<Sent> {
    const { role, carriage, method } = request;
    const exchange: Exchange = new Map();
    const put = (text: string, encode: (value: string) => string) =>
      fill(text, (name) => world.fill(name, role, exchange), encode);
    const target = await put(request.target, encodeURIComponent);
    const body =
      request.body === null ? null : await put(request.body, (value) => JSON.stringify(value).slice(1, -1));
    const token = world.tokenOf(role);
    const identity: [string, string][] =
      token === null
        ? []
        : carriage === "bearer"
          ? [["authorization", `Bearer ${token}`]]
          : [
              ["cookie", `cc_access=${token}`],
              ["origin", carriage === "own cookie" ? url : "https://evil.example"],
            ];
    const headers = new Map<string, string>([
      ["x-forwarded-for", randomIp()],
      ...identity,
      ...request.headers,
    ]);
    return {
      url,
      method,
      target: onTheWire(target),
      headers: [...headers].map(([name, value]) => [name, headerValue(value)]),
      body,
    };
  }

  async function send(sent: Sent): Promise<Answer | NoAnswer> {
    const first = await exchange(sent, agent);
    // A kept connection may be closed by the server just as it is used again; that is no answer to this request.
    return "failed" in first && first.failed === "cut" ? exchange(sent, undefined) : first;
  }

  return { prepare, send, close: () => agent.destroy() };
}

function exchange(sent: Sent, agent: Agent | undefined): Promise<Answer | NoAnswer> {
  return new Promise((done) => {
    const { hostname, port } = new URL(sent.url);
    const body = sent.body === null ? null : Buffer.from(sent.body, "utf8");
    const request = httpRequest({
      hostname,
      port,
      method: sent.method,
      path: sent.target,
      agent: agent ?? false,
      headers: [
        ...sent.headers,
        ["host", `${hostname}:${port}`],
        ...(body === null && !HAS_BODY.has(sent.method)
          ? []
          : [["content-length", String(body?.length ?? 0)]]),
      ].flat(),
    });
    const timer = setTimeout(() => {
      request.destroy();
      done({ failed: "hang", detail: `no answer within ${ANSWER_TIMEOUT_MS} ms` });
    }, ANSWER_TIMEOUT_MS);
    const settle = (outcome: Answer | NoAnswer): void => {
      clearTimeout(timer);
      done(outcome);
    };
    request.on("error", (error) => settle({ failed: "cut", detail: String(error) }));
    request.on("response", (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => settle({ failed: "cut", detail: String(error) }));
      response.on("end", () =>
        settle({
          status: response.statusCode ?? 0,
          headers: new Map(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    request.end(body ?? undefined);
  });
}

async function fill(
  text: string,
  lookUp: (name: string) => Promise<string>,
  encode: (value: string) => string,
): Promise<string> {
  const parts = text.split(/@@([\w.]+)@@/);
  const filled = await Promise.all(
    parts.map(async (part, index) => (index % 2 === 0 ? part : encode(await lookUp(part)))),
  );
  return filled.join("");
}

/** The client refuses to write anything else into a request line; other bytes go percent-encoded. */
function onTheWire(target: string): string {
  return target.replace(/[^\x21-\x7e]/g, (character) => encodeURIComponent(character.toWellFormed()));
}

/** The client refuses line breaks and control characters itself; `test/security/raw-requests.test.ts` sends them raw. */
function headerValue(value: string): string {
  return value.replace(/[^\t\x20-\x7e\x80-\xff]/g, "?");
}
