import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { freePort } from "./postgres.ts";

/** It comes from the system: no npm package carries it. */
export const hasRedisServer = spawnSync("redis-server", ["--version"]).status === 0;

/** A real redis-server that keeps nothing on disk and can be stopped, frozen and started again on its port. */
export async function createRedisServer() {
  const port = await freePort();
  let child: ChildProcess | undefined;

  return {
    url: `redis://127.0.0.1:${port}`,
    /** A second call while it runs does nothing. */
    async start(): Promise<void> {
      if (child !== undefined && child.exitCode === null && child.signalCode === null) return;
      const started = spawn("redis-server", ["--port", String(port), "--save", "", "--bind", "127.0.0.1"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      child = started;
      await new Promise<void>((resolve, reject) => {
        started.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
        started.stdout.on("data", (data: Buffer) => {
          if (data.includes("Ready to accept connections")) resolve();
        });
      });
    },
    signal(name: "SIGSTOP" | "SIGCONT"): void {
      child?.kill(name);
    },
    async kill(): Promise<void> {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child?.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}
