import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Somebody else runs on this data directory. */
export class DataDirInUse extends Error {
  constructor(dataDir: string, pid: number) {
    super(`${dataDir} is in use by process ${pid}: stop it, or set DATA_DIR to another folder`);
    this.name = "DataDirInUse";
  }
}

/** Takes a data directory for this process; gives the function that lets it go. A dead holder's claim is void. */
export function claimDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, "pid");
  const mine = `${path}.${process.pid}`;
  for (let attempt = 0; ; attempt++) {
    try {
      // Linked rather than written in place, so nobody reads a claim that has no holder yet.
      writeFileSync(mine, String(process.pid));
      linkSync(mine, path);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 0) throw error;
      const holder = Number(readFileSync(path, "utf8"));
      if (isAlive(holder)) throw new DataDirInUse(dataDir, holder);
      rmSync(path, { force: true });
    } finally {
      rmSync(mine, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    // A number is reused after a reboot: only another Node process can be one of ours.
    return /node/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    return true;
  }
}
