import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { JsonRpcProvider } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiClient, type ApiProblem } from "../../scripts/local/api-client.ts";
import { freePort } from "../../scripts/local/postgres.ts";
import { type Stack, startStack } from "../../scripts/local/stack.ts";
import { makeTempDir } from "../../scripts/local/temp-dir.ts";
import { randomWallet } from "../kit/app.ts";
import { createRedisServer, hasRedisServer } from "../kit/redis-server.ts";
import { untilPaid } from "../kit/until-paid.ts";

const ROOT = resolve(import.meta.dirname, "../..");

type Process = { url: string; child: ChildProcess; output: () => string };

/** Two api processes and two workers over one database, one Redis and one chain, as a deployment has them. */
describe.skipIf(!hasRedisServer)("several processes", () => {
  const running: Process[] = [];
  let dataDir: string;
  let stack: Stack;
  let redis: Awaited<ReturnType<typeof createRedisServer>>;
  let apis: Process[];
  let workers: Process[];

  async function serve(role: "api" | "worker"): Promise<Process> {
    const port = await freePort();
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "src/server.ts"], {
      cwd: ROOT,
      // One origin for all of them, as behind a load balancer.
      env: {
        PATH: process.env.PATH,
        ...stack.env,
        ROLE: role,
        PORT: String(port),
        PUBLIC_URL: "http://127.0.0.1:3000",
        REDIS_URL: redis.url,
        LOG_LEVEL: "warn",
        FLARE_POLL_MS: "100",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => (output += data.toString()));
    const started = { url: `http://127.0.0.1:${port}`, child, output: () => output };
    running.push(started);
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${role} ended: ${output}`);
      const up = await fetch(`${started.url}/health`).then(
        (response) => response.ok,
        () => false,
      );
      if (up) return started;
      await sleep(50);
    }
  }

  async function end(one: Process | undefined, signal: NodeJS.Signals): Promise<number | null> {
    if (one === undefined) throw new Error("no such process");
    if (one.child.exitCode === null && one.child.signalCode === null) {
      const exited = new Promise((done) => one.child.once("exit", done));
      one.child.kill(signal);
      await exited;
    }
    return one.child.exitCode;
  }

  beforeAll(async () => {
    dataDir = makeTempDir("processes");
    redis = await createRedisServer();
    await redis.start();
    stack = await startStack({ dataDir, volatile: true, blockTimeMs: 200 });
    const first = await serve("api");
    const [second, ...rest] = await Promise.all([serve("api"), serve("worker"), serve("worker")]);
    apis = [first, second];
    workers = rest;
  });

  afterAll(async () => {
    await Promise.all(running.map((one) => end(one, "SIGKILL")));
    await redis.kill();
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const api = (index: number): string => apis[index]?.url ?? "";

  it("are one product: signed in here, clicked there, paid by either worker even when one is killed", async () => {
    const wallet = randomWallet();
    const here = await new ApiClient(api(0)).signIn(wallet);
    const there = new ApiClient(api(1));
    there.token = here.token;
    await there.post("/click", { clientNonce: "earn", count: 50 });
    // The same click at the other process is the same click.
    expect(await here.post("/click", { clientNonce: "earn", count: 50 })).toMatchObject({
      clicks: 50,
      accepted: 50,
    });

    const socket = there.socket();
    const seen: string[] = [];
    socket.on("feed", (event: { type: string; payload: { id?: string } }) => {
      if (event.type === "payout" && event.payload.id !== undefined) seen.push(event.payload.id);
    });
    expect(await socket.timeout(5_000).emitWithAck("subscribe", { channel: "feed" })).toMatchObject({
      ok: true,
    });

    const first = await untilPaid(here, (await here.requestPayout(10n)).id);
    // Whichever worker holds the lease, killing one and then starting another leaves exactly one that settles.
    await end(workers[0], "SIGKILL");
    const second = await untilPaid(here, (await here.requestPayout(11n)).id);
    workers.push(await serve("worker"));
    await end(workers[1], "SIGTERM");
    const third = await untilPaid(here, (await here.requestPayout(12n)).id);

    const provider = new JsonRpcProvider(stack.chain?.url ?? "", 31_337, { staticNetwork: true });
    expect(await provider.getBalance(wallet.address)).toBe(33n * 10n ** 15n);
    provider.destroy();
    await expect.poll(() => seen).toEqual([first.id, second.id, third.id]);
    socket.disconnect();
  });

  it("end a session everywhere when it ends anywhere", async () => {
    const here = await new ApiClient(api(0)).signIn(randomWallet());
    const there = new ApiClient(api(1));
    there.token = here.token;
    await there.get("/auth/session");
    await here.post("/auth/logout", {});
    await expect
      .poll(() =>
        there.get("/auth/session").then(
          () => "alive",
          (error: ApiProblem) => error.code,
        ),
      )
      .toBe("session_ended");
  });

  it("go on without Redis: they say so, and limits are counted by each", async () => {
    await redis.kill();
    for (const { url } of apis) {
      await expect
        .poll(async () => ((await (await fetch(`${url}/ready`)).json()) as { status: string }).status)
        .toBe("degraded");
    }
    const player = await new ApiClient(api(1)).signIn(randomWallet());
    expect(await player.post("/click", { clientNonce: "still", count: 5 })).toMatchObject({ accepted: 5 });
    await redis.start();
    for (const { url } of apis) {
      await expect
        .poll(async () => ((await (await fetch(`${url}/ready`)).json()) as { status: string }).status)
        .toBe("ready");
    }
  });

  it("drain on SIGTERM and exit 0", async () => {
    expect(await end(apis[1], "SIGTERM")).toBe(0);
    expect(apis[1]?.output()).not.toMatch(/"level":(50|60)/);
  });
});
