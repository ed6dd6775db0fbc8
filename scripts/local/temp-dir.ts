import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A new directory under the system's temporary one. Others may pass through it, though not read it: run as root, the
 * database works as another user, and would otherwise have to put its files elsewhere.
 */
export function makeTempDir(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `coinclicker-${name}-`));
  chmodSync(path, 0o711);
  return path;
}
