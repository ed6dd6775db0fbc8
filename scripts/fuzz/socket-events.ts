import fc from "fast-check";
import { io, type Socket } from "socket.io-client";
import { hostileJson, hostileText } from "./hostile.ts";
import { type Fault, leaks } from "./judge.ts";
import { randomIp } from "./players.ts";
import type { Role } from "./request.ts";
import type { World } from "./world.ts";

const CONNECT_TIMEOUT_MS = 30_000;
const ACK_TIMEOUT_MS = 30_000;
const SPEAKERS = ["nobody", "demo", "player", "other"] as const satisfies readonly Role[];
/** Names that the client library keeps for itself. */
const RESERVED = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);

export type SocketEvent = { role: (typeof SPEAKERS)[number]; event: string; payload: unknown[] };

const channel = fc.oneof(
  fc.constantFrom(
    "feed",
    "account:@@account.own@@",
    "account:@@account.victim@@",
    "account:@@account.demo@@",
  ),
  fc.constantFrom("account:@@wallet.linked@@", "account:", "session:", "admin", "feed ", "FEED", "*"),
  hostileText,
);
const since = fc.oneof(fc.constantFrom("0", "1", "999999999999999999", "-1", "00", 1, null), hostileJson);
const known = fc.oneof(
  fc.tuple(fc.constant("subscribe"), fc.record({ channel, since }, { requiredKeys: ["channel"] })),
  fc.tuple(fc.constant("unsubscribe"), fc.record({ channel })),
  fc.tuple(
    fc.constant("authenticate"),
    fc.record({ token: fc.oneof(fc.constantFrom("@@token.own@@", "a.b.c", ""), hostileText) }),
  ),
  fc.tuple(
    fc.constant("click"),
    fc.record(
      {
        clientNonce: fc.oneof(fc.uuid(), hostileText),
        count: fc.oneof(fc.integer({ min: 1, max: 3 }), hostileJson),
      },
      { requiredKeys: ["clientNonce"] },
    ),
  ),
);
const unknown = fc.tuple(
  fc.oneof(hostileText, fc.constantFrom("subscribe", "click", "error", "authenticate")),
  hostileJson,
);

export const socketEvent: fc.Arbitrary<SocketEvent> = fc
  .record({
    role: fc.constantFrom(...SPEAKERS),
    said: fc.oneof({ weight: 3, arbitrary: known }, { weight: 1, arbitrary: unknown }),
    more: fc.array(hostileJson, { maxLength: 2 }),
    spoil: fc.boolean(),
  })
  .map(({ role, said: [event, payload], more, spoil }) => ({
    role,
    event,
    payload: spoil ? [payload, ...more] : [payload],
  }))
  .filter(({ event }) => !RESERVED.has(event));

type Line = { socket: Socket; seen: string[] };

/** Sockets of each role on one server, opened again when they are cut off. */
export function createSpeakers(url: string, world: World) {
  const lines = new Map<Role, Line>();

  /** The role's open socket, or a new one; null when the server turns its token away, which is renewed then. */
  async function lineOf(role: Role): Promise<Line | null> {
    const open = lines.get(role);
    if (open?.socket.connected === true) return open;
    const line = connect(role);
    lines.set(role, line);
    const failure = await new Promise<(Error & { data?: unknown }) | null>((done) => {
      line.socket.once("connect", () => done(null));
      line.socket.once("connect_error", done);
    });
    if (failure === null) return line;
    line.socket.disconnect();
    if (failure.data === undefined) throw failure;
    await world.renew(role);
    return null;
  }

  function connect(role: Role): Line {
    const token = world.tokenOf(role);
    const socket = io(url, {
      path: "/ws",
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
      timeout: CONNECT_TIMEOUT_MS,
      extraHeaders: { "x-forwarded-for": randomIp() },
      ...(token === null ? {} : { auth: { token } }),
    });
    const line: Line = { socket, seen: [] };
    // What is public says much of everybody; anything else is meant for this socket.
    socket.onAny((name: string, ...args: unknown[]) => {
      if (name !== "feed") line.seen.push(JSON.stringify(args));
    });
    return line;
  }

  async function say({ role, event, payload }: SocketEvent): Promise<Fault[]> {
    const where = `socket ${JSON.stringify(event.slice(0, 20))}`;
    const text = JSON.stringify(payload);
    const names = [...new Set([...text.matchAll(/@@([\w.]+)@@/g)].map((match) => match[1] ?? ""))];
    const values = await Promise.all(names.map((name) => world.fill(name, role, new Map())));
    const filled = names.reduce((so, name, index) => so.replaceAll(`@@${name}@@`, values[index] ?? ""), text);
    const line = await lineOf(role).catch((error: unknown) => String(error));
    if (typeof line === "string") return [{ kind: "no connection", where: "socket", detail: line }];
    if (line === null) return [];
    const answer = await emit(line.socket, event, JSON.parse(filled) as unknown[]);
    const seen = [...line.seen.splice(0), JSON.stringify(answer)].join("\n");
    const faults: Fault[] = leaks(world.victims.secrets, role, filled, seen).map(({ what }) => ({
      kind: "somebody else's data",
      where,
      detail: `${what} was shown to ${role}`,
    }));
    if (answer === "hang") faults.push({ kind: "hang", where, detail: `no ack within ${ACK_TIMEOUT_MS} ms` });
    // Too much at once ends the connection, and so does a session that ended: that is an answer, too.
    if (answer === "hang" || answer === "cut") {
      if (role !== "nobody") await world.renew(role);
      return faults;
    }
    const { ok, problem } = answer;
    if (ok !== true && (typeof problem?.code !== "string" || problem.detail === ""))
      faults.push({ kind: "no problem", where, detail: JSON.stringify(answer).slice(0, 300) });
    if (problem?.code === "internal")
      faults.push({ kind: "server error", where, detail: JSON.stringify(answer).slice(0, 300) });
    const { account, demoAccount } = world.victims;
    const isVictims =
      event === "subscribe" && [account, demoAccount].some((name) => filled.includes(`account:${name}`));
    if (ok === true && isVictims) faults.push({ kind: "open door", where, detail: `${filled} for ${role}` });
    return faults;
  }

  return {
    say,
    close() {
      for (const { socket } of lines.values()) socket.disconnect();
    },
  };
}

type Ack = { ok?: unknown; problem?: { code?: unknown; detail?: unknown } };

function emit(socket: Socket, event: string, payload: unknown[]): Promise<Ack | "hang" | "cut"> {
  // Ended in the very moment in which it began, as with its session: the client would keep the event for ever.
  if (!socket.connected) return Promise.resolve("cut");
  return new Promise((done) => {
    const cut = (): void => done("cut");
    socket.once("disconnect", cut);
    socket.timeout(ACK_TIMEOUT_MS).emit(event, ...payload, (error: Error | null, ack: Ack) => {
      socket.off("disconnect", cut);
      done(error === null ? ack : "hang");
    });
  });
}
