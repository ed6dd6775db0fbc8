import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StepName } from "../../src/modules/settlement/index.ts";
import { freePort } from "../local/postgres.ts";
import type { Order, Report } from "./process.ts";

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

/** An api process or a worker: started again on its port and into its log as often as it ends. */
export class Child {
  readonly name: string;
  readonly role: "api" | "worker";
  readonly url: string;
  readonly logFile: string;
  /** Called when it ends without having been told to. */
  onFall: (how: string) => void = () => undefined;
  onReached: (step: StepName) => void = () => undefined;
  readonly #env: Record<string, string>;
  #process: ChildProcess | null = null;
  #exited: Promise<unknown> = Promise.resolve();
  #mayEnd = false;

  static async create(options: {
    name: string;
    role: "api" | "worker";
    dir: string;
    env: Record<string, string>;
  }): Promise<Child> {
    return new Child(options, await freePort());
  }

  private constructor(
    {
      name,
      role,
      dir,
      env,
    }: { name: string; role: "api" | "worker"; dir: string; env: Record<string, string> },
    port: number,
  ) {
    this.name = name;
    this.role = role;
    this.url = `http://127.0.0.1:${port}`;
    this.logFile = join(dir, `${name.replace(" ", "-")}.log`);
    this.#env = {
      ...env,
      PATH: process.env.PATH ?? "",
      NODE_COMPILE_CACHE: join(tmpdir(), "coinclicker-compile-cache"),
      ROLE: role,
      PORT: String(port),
    };
  }

  get isRunning(): boolean {
    const child = this.#process;
    return child !== null && child.exitCode === null && child.signalCode === null;
  }

  /** Resolves once it listens. A database that is not there yet ends a starting process: then it is started again. */
  async start(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await this.#startOnce())) {
      if (performance.now() > deadline) throw new Error(`${this.name} does not start: see ${this.logFile}`);
      await sleep(250);
    }
  }

  async #startOnce(): Promise<boolean> {
    if (this.isRunning) return true;
    const log = openSync(this.logFile, "a");
    const child = fork(join(import.meta.dirname, "process.ts"), {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      env: this.#env,
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    this.#process = child;
    this.#mayEnd = false;
    this.#exited = once(child, "exit");
    let isUp = false;
    const up = Promise.withResolvers<boolean>();
    child.on("message", (report: Report) => {
      if (report.report === "reached") this.onReached(report.step);
      else {
        isUp = true;
        up.resolve(true);
      }
    });
    child.once("exit", (code, signal) => {
      up.resolve(false);
      // While it starts it may end because the database is away; a SIGKILL is always ours.
      if (isUp && !this.#mayEnd && signal !== "SIGKILL")
        this.onFall(`${this.name} ended with ${code ?? signal}`);
    });
    return up.promise;
  }

  order(order: Order): void {
    if (this.#process?.connected === true) this.#process.send(order, () => undefined);
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    if (this.isRunning) this.#process?.kill(signal);
  }

  async kill(): Promise<void> {
    this.#mayEnd = true;
    if (this.isRunning) this.#process?.kill("SIGKILL");
    await this.#exited;
  }

  /** As an orchestrator does it; gives the exit code, null when it had to be killed. */
  async stop(): Promise<number | null> {
    this.#mayEnd = true;
    if (!this.isRunning) return this.#process?.exitCode ?? null;
    this.#process?.kill("SIGTERM");
    const gaveUp = new AbortController();
    const timer = sleep(STOP_TIMEOUT_MS, undefined, { signal: gaveUp.signal }).then(
      () => this.#process?.kill("SIGKILL"),
      () => undefined,
    );
    await this.#exited;
    gaveUp.abort();
    await timer;
    return this.#process?.exitCode ?? null;
  }

  /** Resolves when it has ended, whoever ended it. */
  async ended(): Promise<void> {
    await this.#exited;
  }
}
