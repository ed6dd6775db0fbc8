import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const SYSTEM_CHROMIUM = "/usr/bin/chromium";
/** Nothing that talks to the outside or that a test did not ask for. */
const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--hide-scrollbars",
  "--force-color-profile=srgb",
];

/** A Chromium without a window: CHROMIUM_PATH, else the system's, else the one that npm brings. */
export async function launchBrowser(): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: await findChromium(),
    // Chromium has no sandbox for root and would rather not start.
    args: isRoot ? [...FLAGS, "--no-sandbox"] : FLAGS,
  });
}

async function findChromium(): Promise<string> {
  const named = process.env.CHROMIUM_PATH ?? "";
  if (named !== "") return named;
  if (existsSync(SYSTEM_CHROMIUM)) return SYSTEM_CHROMIUM;
  const { default: packaged } = await import("@sparticuz/chromium");
  return packaged.executablePath();
}
