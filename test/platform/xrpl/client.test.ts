import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import {
  createXrplClient,
  type XrplClient,
  XrplNodesDisagree,
  XrplRpcError,
  XrplUnavailable,
} from "../../../src/platform/xrpl/client.ts";
import { ManualClock } from "../../kit/clock.ts";
import { silentLog } from "../../kit/log.ts";
import { ServerDouble } from "./server-double.ts";

const TIMEOUT_MS = 800;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Options = { clock?: ManualClock; decorate?: (url: string) => string };

async function pool(count: number, { clock, decorate = (url) => url }: Options = {}) {
  const servers = Array.from({ length: count }, () => new ServerDouble());
  const urls = await Promise.all(servers.map((server) => server.start()));
  const client = createXrplClient({
    urls: urls.map(decorate),
    networkId: 0,
    clock: clock ?? systemClock,
    log: silentLog,
    timeoutMs: TIMEOUT_MS,
  });
  closers.push(async () => {
    await client.close();
    for (const server of servers) await server.stop();
  });
  for (const [index, server] of servers.entries()) server.replies.who = { result: { server: index } };
  return {
    client,
    urls,
    servers: servers as [ServerDouble, ...ServerDouble[]],
    second: servers[1] ?? new ServerDouble(),
    third: servers[2] ?? new ServerDouble(),
  };
}

const who = async (client: XrplClient): Promise<unknown> =>
  (await client.request<{ server: number }>({ command: "who" })).server;
const problems = (client: XrplClient) => client.status().map(({ problem }) => problem);
const untilRested = () => new Promise((done) => setTimeout(done, 250));

describe("a pool of XRP Ledger servers", () => {
  it("asks the first while it answers, the next while it does not, and comes back", async () => {
    const { client, servers } = await pool(2);
    const [first] = servers;
    expect(await who(client)).toBe(0);
    await first.stop();
    expect(await who(client)).toBe(1);
    expect(client.status().map(({ healthy }) => healthy)).toEqual([false, true]);
    await first.start();
    await expect.poll(() => who(client)).toBe(0);
    expect(problems(client)).toEqual([null, null]);
  });

  it("speaks api_version 2 and leaves the first connection open for what follows", async () => {
    const { client, servers } = await pool(1);
    await Promise.all(Array.from({ length: 20 }, () => who(client)));
    expect(servers[0].asked.every(({ api_version }) => api_version === 2)).toBe(true);
    expect(servers[0].countOf("who")).toBe(20);
    expect(servers[0].countOf("server_state")).toBe(1);
  });

  it("treats an error of the command as an answer, and gives its details without the request", async () => {
    const { client, servers, second } = await pool(2);
    servers[0].replies.tx = {
      error: "txnNotFound",
      error_code: 29,
      error_message: "Transaction not found.",
      searched_all: true,
    };
    const error = await client.request({ command: "tx", secret: "s…" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(XrplRpcError);
    expect(error).toMatchObject({
      code: "txnNotFound",
      message: "tx: Transaction not found.",
      answer: { searched_all: true },
    });
    expect(JSON.stringify(error)).not.toContain("s…");
    expect(second.countOf("tx")).toBe(0);
    expect(problems(client)).toEqual([null, null]);
  });

  it("asks another server for a ledger that the first does not have", async () => {
    const { client, servers, second } = await pool(2);
    servers[0].replies.account_info = { error: "lgrNotFound", error_message: "ledgerNotFound" };
    second.replies.account_info = { result: { ledger_index: 7 } };
    expect(await client.request({ command: "account_info" })).toEqual({ ledger_index: 7 });
    second.replies.account_info = { error: "lgrNotFound", error_message: "ledgerNotFound" };
    await expect(client.request({ command: "account_info" })).rejects.toMatchObject({ code: "lgrNotFound" });
    expect(problems(client)).toEqual([null, null]);
  });

  it("is back after one lost connection without calling the server ill", async () => {
    const { client, servers } = await pool(1);
    await who(client);
    servers[0].cut();
    expect(await who(client)).toBe(0);
    expect(problems(client)).toEqual([null]);
  });

  it("shows URLs without credentials", async () => {
    const { client, servers } = await pool(1, {
      decorate: (url) => `${url.replace("//", "//user:password@")}/?key=apikey`,
    });
    await servers[0].stop();
    const error = await who(client).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(XrplUnavailable);
    const shown = JSON.stringify([error, String(error), (error as XrplUnavailable).details, client.status()]);
    expect(shown).not.toMatch(/user|password|apikey/);
    expect(shown).toContain("ws://127.0.0.1:");
  });
});

describe("servers that are not used", () => {
  it.each<[string, (server: ServerDouble) => void, RegExp]>([
    ["of another network", (server) => (server.networkId = 1), /^it serves network 1, not 0$/],
    ["amendment blocked", (server) => (server.amendmentBlocked = true), /amendment blocked/],
    ["without the network", (server) => (server.state = "disconnected"), /not in sync.*disconnected/],
    ["still syncing", (server) => (server.state = "syncing"), /not in sync.*syncing/],
    ["only tracking", (server) => (server.state = "tracking"), /not in sync.*tracking/],
    [
      "without a validated ledger",
      (server) => (server.validatedIndex = null),
      /notSynced|no validated ledger/,
    ],
    ["silent", (server) => server.silentTo.add("*"), /^no answer to server_state within 800 ms$/],
    [
      "not synced as Clio says it",
      (server) => (server.replies.server_state = { error: "failedToForward", error_message: "Failed" }),
      /Failed/,
    ],
    ["of nonsense", (server) => (server.replies.server_state = { result: {} }), /says nothing/],
  ])("%s", async (_name, fallIll, problem) => {
    const { client, servers } = await pool(2);
    fallIll(servers[0]);
    expect(await who(client)).toBe(1);
    expect((await client.validated()).index).toBe(7n);
    await expect.poll(() => problems(client)[0]).toMatch(problem);
    expect(servers[0].countOf("who")).toBe(0);
    expect(problems(client)[1]).toBeNull();
  });

  it("says that nobody answers when the only server is ill, with the reason", async () => {
    const { client, servers } = await pool(1);
    servers[0].networkId = 1025;
    for (const attempt of [() => who(client), () => client.validated()]) {
      await expect(attempt()).rejects.toMatchObject({
        code: "xrpl_unavailable",
        kind: "unavailable",
        details: { endpoints: [{ healthy: false, problem: "it serves network 1025, not 0" }] },
      });
    }
  });

  it("takes a server without a network id for one of the main network", async () => {
    const { client, servers } = await pool(1);
    const state = { server_state: "full", load_base: 256, load_factor: 256 };
    const validated_ledger = { seq: 7, base_fee: 10, reserve_base: 1_000_000, reserve_inc: 200_000 };
    servers[0].replies.server_state = { result: { state: { ...state, validated_ledger } } };
    expect(await who(client)).toBe(0);
  });

  it("never believes a URL that comes back as another network", async () => {
    const { client, servers } = await pool(1);
    await who(client);
    await servers[0].stop();
    servers[0].networkId = 2;
    await servers[0].start();
    await expect(who(client)).rejects.toBeInstanceOf(XrplUnavailable);
    expect(problems(client)).toEqual(["it serves network 2, not 0"]);
    expect(servers[0].countOf("who")).toBe(1);
  });

  it("leaves alone who says slowDown, and who closes for the load", async () => {
    const { client, servers, second } = await pool(2);
    servers[0].replies.who = {
      error: "slowDown",
      error_code: 10,
      error_message: "You are placing too much load",
    };
    expect(await who(client)).toBe(1);
    await untilRested();
    expect(await who(client)).toBe(1);
    expect(servers[0].countOf("who")).toBe(1);
    second.isOverloaded = true;
    second.cut();
    await expect(who(client)).rejects.toBeInstanceOf(XrplUnavailable);
    expect(problems(client)[1]).toMatch(/1008 threshold exceeded/);
  });

  it("gives up on a slow command and asks the next", async () => {
    const { client, servers } = await pool(2);
    servers[0].silentTo.add("who");
    expect(await who(client)).toBe(1);
    expect(problems(client)[0]).toBe("no answer to who within 800 ms");
  });

  it("breaks off with a server that sends what is no answer", async () => {
    const { client, servers } = await pool(1);
    servers[0].silentTo.add("who");
    const asked = who(client).catch((thrown: unknown) => thrown);
    await expect.poll(() => servers[0].countOf("who")).toBe(1);
    servers[0].say(JSON.stringify({ error: "jsonInvalid", type: "error", value: "{" }));
    await expect.poll(() => servers[0].countOf("who")).toBe(2);
    servers[0].say("hello");
    expect(await asked).toBeInstanceOf(XrplUnavailable);
    expect(problems(client)).toEqual(["the server sent something that is not an answer"]);
  });
});

describe("servers that are behind", () => {
  it("prefers those that are not, and says by how much", async () => {
    const { client, servers, second } = await pool(2);
    servers[0].validatedIndex = 100;
    second.validatedIndex = 104;
    expect(await who(client)).toBe(1);
    expect((await client.validated()).index).toBe(104n);
    expect(client.status()[0]).toMatchObject({
      healthy: false,
      problem: "it is 4 ledgers behind: at 100 while another is at 104",
    });
  });

  it("uses them while there is no other", async () => {
    const { client, servers, second } = await pool(2);
    servers[0].validatedIndex = 100;
    second.validatedIndex = 104;
    expect(await who(client)).toBe(1);
    await second.stop();
    expect(await who(client)).toBe(0);
    expect((await client.validated()).index).toBe(100n);
  });

  it("takes a few ledgers for nothing", async () => {
    const { client, servers, second } = await pool(2);
    servers[0].validatedIndex = 101;
    second.validatedIndex = 104;
    expect(await who(client)).toBe(0);
    expect(problems(client)).toEqual([null, null]);
  });

  it("does not measure two by a third that runs away alone", async () => {
    const { client, third } = await pool(3);
    third.validatedIndex = 1_000_000;
    expect(await who(client)).toBe(0);
    expect(problems(client)).toEqual([null, null, null]);
  });

  it("prefers those whose ledger is young, and calls unhealthy who stands still", async () => {
    const clock = new ManualClock(new Date());
    const { client, servers } = await pool(2, { clock });
    servers[0].closeTime -= 75;
    expect(await who(client)).toBe(1);
    expect(problems(client)[0]).toMatch(/^its newest validated ledger is 7\d seconds old/);
    expect(problems(client)[1]).toBeNull();
  });
});

describe("the validated ledger", () => {
  it("comes with what a transaction costs", async () => {
    const { client, servers } = await pool(1);
    expect(await client.validated()).toEqual({
      index: 7n,
      hash: "AB".repeat(32),
      closeTime: BigInt(servers[0].closeTime),
      baseFeeDrops: 10n,
      openFeeDrops: 10n,
      reserveBaseDrops: 1_000_000n,
      reserveIncrementDrops: 200_000n,
    });
  });

  it.each([
    // Recorded: the load factor beside the fee that the `fee` command asked for at the same moment.
    [184_320, 7_200n],
    [250_880, 9_800n],
    [162_000, 6_329n],
  ])("costs by the load of the open ledger (%s: %s drops)", async (loadFactor, openFeeDrops) => {
    const { client, servers } = await pool(1);
    servers[0].loadFactor = loadFactor;
    expect((await client.validated()).openFeeDrops).toBe(openFeeDrops);
  });

  it("is read anew each time", async () => {
    const { client, servers } = await pool(1);
    for (const index of [8, 9, 10]) {
      servers[0].validatedIndex = index;
      expect((await client.validated()).index).toBe(BigInt(index));
    }
  });
});

describe("answers that money depends on", () => {
  const pick = (result: { server: number; same: number }) => result.same;
  const command = { command: "who" };

  async function three(...same: number[]) {
    const made = await pool(same.length);
    for (const [index, server] of made.servers.entries())
      server.replies.who = { result: { server: index, same: same[index] } };
    return made;
  }

  it("are believed of one where one is configured", async () => {
    const { client } = await three(5);
    expect(await client.agreed(command, pick)).toEqual({ server: 0, same: 5 });
  });

  it("are believed when two agree, and only two are asked", async () => {
    const { client, third } = await three(5, 5, 6);
    expect(await client.agreed(command, pick)).toEqual({ server: 0, same: 5 });
    expect(third.countOf("who")).toBe(0);
  });

  it("are believed of the two of three that agree", async () => {
    const { client } = await three(5, 6, 6);
    expect(await client.agreed(command, pick)).toEqual({ server: 1, same: 6 });
  });

  it("are not believed while servers disagree", async () => {
    const { client } = await three(5, 6);
    const error = await client.agreed(command, pick).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(XrplNodesDisagree);
    expect(error).toMatchObject({ code: "nodes_disagree", kind: "unavailable" });
  });

  it("are not believed of one alone where two are configured", async () => {
    const { client, second } = await three(5, 5);
    await second.stop();
    await expect(client.agreed(command, pick)).rejects.toMatchObject({ code: "xrpl_unavailable" });
  });

  it("wait for the server that gets a ledger last", async () => {
    const { client, servers, second } = await three(5, 5);
    servers[0].validatedIndex = 8;
    const inLedger8 = { command: "who", ledger_index: 8 };
    second.replies.who = () =>
      second.validatedIndex === 8
        ? { result: { server: 1, same: 5 } }
        : { error: "lgrNotFound", error_message: "ledgerNotFound" };
    const asked = client.agreed(inLedger8, pick);
    await expect.poll(() => second.countOf("who")).toBe(1);
    second.validatedIndex = 8;
    expect(await asked).toMatchObject({ same: 5 });
    // A ledger that it should have is not waited for.
    second.replies.who = { error: "lgrNotFound", error_message: "ledgerNotFound" };
    second.asked.length = 0;
    await expect(client.agreed(inLedger8, pick)).rejects.toMatchObject({ code: "nodes_disagree" });
    expect(second.countOf("who")).toBe(1);
  });

  it("count errors by their code", async () => {
    const { client, servers, second } = await three(5, 5);
    servers[0].replies.who = { error: "actNotFound", error_message: "Account not found." };
    await expect(client.agreed(command, pick)).rejects.toMatchObject({ code: "nodes_disagree" });
    second.replies.who = { error: "actNotFound", error_message: "Account not found.", ledger_index: 9 };
    await expect(client.agreed(command, pick)).rejects.toMatchObject({ code: "actNotFound" });
    second.replies.who = { error: "notSynced", error_message: "Not synced to the network." };
    await expect(client.agreed(command, pick)).rejects.toMatchObject({ code: "xrpl_unavailable" });
  });
});

describe("broadcasts", () => {
  const submit = { command: "submit", tx_blob: "12" };

  it("go to every healthy server, and every outcome is told", async () => {
    const { client, servers, second, third } = await pool(3);
    servers[0].replies.submit = { result: { engine_result: "tesSUCCESS" } };
    second.replies.submit = { error: "invalidTransaction", error_message: "fails local checks" };
    third.state = "syncing";
    expect(await client.broadcast(submit)).toMatchObject([
      { ok: true, result: { engine_result: "tesSUCCESS" } },
      { ok: false, error: { code: "invalidTransaction" }, mayHaveArrived: false },
    ]);
    expect(third.countOf("submit")).toBe(0);
  });

  it("tell of a server that died with the transaction, or kept silent, that it may have it", async () => {
    const { client, servers, second, third } = await pool(3);
    await third.stop();
    servers[0].diesOn.add("submit");
    second.silentTo.add("submit");
    const lost = { ok: false, error: { code: "xrpl_unavailable" }, mayHaveArrived: true };
    expect(await client.broadcast(submit)).toMatchObject([lost, lost]);
    expect(servers[0].countOf("submit")).toBe(1);
    expect(second.countOf("submit")).toBe(1);
  });

  it.each([
    ["internal", true],
    ["internalSubmit", true],
    ["aNewOne", true],
    // Clio: the server behind it may have taken it.
    ["timeout", true],
    ["failedToForward", true],
    ["invalidParams", false],
    ["invalidTransaction", false],
    ["notSynced", false],
    ["tooBusy", false],
  ])("know whether %s leaves open that the server has the transaction: %s", async (code, mayHaveArrived) => {
    const { client, servers } = await pool(1);
    servers[0].replies.submit = { error: code };
    expect(await client.broadcast(submit)).toMatchObject([{ ok: false, error: { code }, mayHaveArrived }]);
  });

  it("throw nothing when nobody can be reached", async () => {
    const { client, servers, second } = await pool(2);
    await Promise.all([servers[0].stop(), second.stop()]);
    for (const _round of [1, 2])
      expect(await client.broadcast(submit)).toMatchObject([
        { ok: false, mayHaveArrived: false },
        { ok: false, mayHaveArrived: false },
      ]);
  });
});

describe("closing", () => {
  it("fails what waits and refuses what comes", async () => {
    const { client, servers } = await pool(2);
    await who(client);
    servers[0].silentTo.add("who");
    const waiting = who(client).catch((thrown: unknown) => thrown);
    await expect.poll(() => servers[0].countOf("who")).toBe(2);
    await client.close();
    expect(await waiting).toBeInstanceOf(XrplUnavailable);
    await expect(who(client)).rejects.toBeInstanceOf(XrplUnavailable);
    await expect(client.validated()).rejects.toBeInstanceOf(XrplUnavailable);
    expect(await client.broadcast({ command: "submit" })).toMatchObject([{ ok: false }, { ok: false }]);
    await client.close();
  });

  it("leaves nothing that keeps a process alive, while the servers live on", async () => {
    const { servers, second, urls } = await pool(2);
    for (const server of [servers[0], second]) server.silentTo.add("never_answered");
    const child = spawn(process.execPath, ["test/platform/xrpl/closing-child.ts", ...urls]);
    onTestFinished(() => {
      child.kill();
    });
    const [out, code] = await Promise.all([
      text(child.stdout),
      new Promise<number | null>((resolve) => child.once("exit", resolve)),
    ]);
    expect(out).toBe("7 xrpl_unavailable");
    expect(code).toBe(0);
  });

  it("ends a connection that is still being made", async () => {
    const client = createXrplClient({
      // TEST-NET-1 (RFC 5737): nobody is there.
      urls: ["ws://192.0.2.1:6006"],
      networkId: 0,
      clock: systemClock,
      log: silentLog,
      timeoutMs: 60_000,
    });
    const asked = client.validated().catch((thrown: unknown) => thrown);
    await client.close();
    expect(await asked).toBeInstanceOf(XrplUnavailable);
  });
});
