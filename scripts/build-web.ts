import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { claimDataDir, DataDirInUse } from "./local/data-dir.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const DIST = join(ROOT, "web/dist");
const STAMP = join(DIST, ".built");
/** Whoever builds holds this, so that starts and tests at the same time do not build over one another. */
const TURN = join(ROOT, "node_modules/.cache/coinclicker-web");
/** What the page is made of, besides its own folder. */
const ALSO = ["scripts/build-web.ts", "package-lock.json", "src/generated/contracts.ts"];
const COMPRESSIBLE = /\.(js|css|html|svg|json)$/;

/** Builds the page into web/dist unless what is there was built from the same sources. */
export async function buildWeb(onProgress: (text: string) => void = () => undefined): Promise<void> {
  const wanted = sourcesHash();
  if (isBuilt(wanted)) return;
  const release = await takeTurn();
  try {
    if (isBuilt(wanted)) return;
    onProgress("building the page");
    await runVite();
    // Compressed once here rather than for every visitor.
    for (const path of globSync("**/*", { cwd: DIST })) {
      if (!COMPRESSIBLE.test(path)) continue;
      writeFileSync(join(DIST, `${path}.gz`), gzipSync(readFileSync(join(DIST, path)), { level: 9 }));
    }
    writeFileSync(STAMP, wanted);
  } finally {
    release();
  }
}

function isBuilt(hash: string): boolean {
  return existsSync(STAMP) && readFileSync(STAMP, "utf8") === hash;
}

async function takeTurn(): Promise<() => void> {
  for (;;) {
    try {
      return claimDataDir(TURN);
    } catch (error) {
      if (!(error instanceof DataDirInUse)) throw error;
      await sleep(100);
    }
  }
}

/** In a process of its own: its memory is not the server's, and React takes its production build by NODE_ENV alone. */
async function runVite(): Promise<void> {
  const vite = join(ROOT, "node_modules/vite/bin/vite.js");
  const argv = [vite, "build", join(ROOT, "web"), "--logLevel", "warn"];
  const child = spawn(process.execPath, argv, {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error("the page could not be built; vite's messages are above");
}

function sourcesHash(): string {
  const hash = createHash("sha256");
  const own = globSync(["web/{src,public}/**/*.*", "web/*.*"], { cwd: ROOT });
  for (const path of [...own, ...ALSO].sort()) {
    hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
  }
  return hash.digest("hex");
}

if (import.meta.main) await buildWeb((text) => process.stdout.write(`${text}\n`));
