import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseEther, Wallet } from "ethers";
import type { Browser, Locator, Page } from "playwright-core";
import { Wallet as XrplWallet } from "xrpl";
import { hardhatWallets, loadConfig, localXrplAccounts } from "../src/config.ts";
import { createLogger } from "../src/platform/log.ts";
import { startServer } from "../src/server.ts";
import { buildWeb } from "./build-web.ts";
import { ApiClient, type PayoutView } from "./local/api-client.ts";
import { launchBrowser } from "./local/browser.ts";
import { freePort } from "./local/postgres.ts";
import { startStack } from "./local/stack.ts";

const ROOT = join(import.meta.dirname, "..");
const IMAGES = join(ROOT, "docs/images");
const MOST_BYTES = 200_000;
const TAPS_AT_ONCE = 50;

type View = { width: number; height: number; scale?: number; colorScheme?: "light" | "dark" };
const WIDE: View = { width: 1_280, height: 800 };
const PHONE: View = { width: 390, height: 780, scale: 1.25 };

const began = performance.now();
function say(text: string): void {
  process.stdout.write(`${((performance.now() - began) / 1_000).toFixed(1).padStart(5)} s  ${text}\n`);
}

/** Plays, pays and approves in the real product, and keeps pictures of it for the README and docs/approvals.md. */
async function main(): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  await buildWeb(say);
  const dataDir = mkdtempSync(join(tmpdir(), "coinclicker-screenshots-"));
  const stack = await startStack({ dataDir, blockTimeMs: 500 });
  const settings = { ...stack.env, PORT: String(await freePort()), LOG_LEVEL: "error" };
  const server = await startServer(loadConfig(settings), createLogger({ level: "error" }, process.stderr));
  const browser = await launchBrowser();
  try {
    const player = Wallet.createRandom();
    await fillTheFeed(server.url);
    await picturesOfPlayer(browser, server.url, player);
    await picturesOfApprover(browser, server.url);
    await picturesOfXrplApprover(browser, server.url);
  } finally {
    await browser.close();
    await server.stop();
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function tapByApi(api: ApiClient, taps: number): Promise<void> {
  for (let done = 0; done < taps; done += TAPS_AT_ONCE) {
    await api.post("/click", { clientNonce: `tap-${done}`, count: Math.min(TAPS_AT_ONCE, taps - done) });
  }
}

async function untilConfirmed(api: ApiClient, id: string): Promise<void> {
  while ((await api.get<PayoutView>(`/payouts/${id}`)).status !== "confirmed") await sleep(200);
}

/** Others have played before. */
async function fillTheFeed(url: string): Promise<void> {
  // An account that exists: so little would not create another.
  const inXrp = { payAs: "XRP", to: localXrplAccounts().player.address };
  for (const [index, coins] of [240, 610, 85, 900, 330].entries()) {
    const isXrp = index % 2 === 1;
    const client = new ApiClient(url);
    const api = await (isXrp
      ? client.signInXrpl(XrplWallet.generate())
      : client.signIn(Wallet.createRandom()));
    await tapByApi(api, coins);
    await untilConfirmed(api, (await api.requestPayout(BigInt(coins), isXrp ? inXrp : {})).id);
  }
  say("the feed has something to show");
}

async function picturesOfPlayer(
  browser: Browser,
  url: string,
  player: { privateKey: string },
): Promise<void> {
  const api = await new ApiClient(url).signIn(new Wallet(player.privateKey));
  await tapByApi(api, 750);
  const page = await openPage(browser, url, WIDE, player.privateKey);
  await signInWithToyWallet(page);
  await tapAround(page);
  await shoot(page, "play-light");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Cash out" }).click();
  await page.getByLabel("Amount in COIN").fill("500");
  await page.getByText("Needs none").waitFor();
  await page.getByRole("button", { name: "Review" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cash out" }).click();
  await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
  await page.getByRole("region", { name: "Receipt" }).getByText("Check it yourself").waitFor();
  await shoot(page, "payout");
  await page.context().close();

  for (const [name, view] of [
    ["play-dark", { ...WIDE, colorScheme: "dark" }],
    ["play-phone", { ...PHONE, colorScheme: "dark" }],
  ] as const) {
    const other = await openPage(browser, url, view, player.privateKey);
    await signInWithToyWallet(other);
    await tapAround(other);
    await shoot(other, name);
    await other.context().close();
  }
}

async function picturesOfApprover(browser: Browser, url: string): Promise<void> {
  const [first, second, third] = [1, 2, 3].map(
    (index) => new Wallet(hardhatWallets()[index]?.privateKey ?? ""),
  );
  if (first === undefined || second === undefined || third === undefined) throw new Error("no approvers");
  const propose = async (by: ApiClient, flr: string, why: string): Promise<string> => {
    const to = Wallet.createRandom().address;
    const body = { to, asset: "FLR", amount: String(parseEther(flr)), metadata: { why } };
    return (await by.post<PayoutView>("/admin/payout", body, crypto.randomUUID())).id;
  };
  const [api2, api3] = await Promise.all([second, third].map((key) => new ApiClient(url).signIn(key)));
  if (api2 === undefined || api3 === undefined) throw new Error("no approvers");
  await propose(api2, "12000", "Sponsor's share of the season");
  const prize = await propose(api2, "250", "Prize of the spring tournament");
  await api3.approve(third, prize);

  const page = await openPage(browser, url, { ...WIDE, height: 900 });
  await page.goto("/admin");
  await page.getByRole("button", { name: "Sign in as approver 1", exact: true }).click();
  await page.getByRole("button", { name: "Sign and go on" }).click();
  await page.getByRole("region", { name: "Waits for you" }).getByText("250 FLR").waitFor();
  await shoot(page, "approvals-queue");
  await page.locator(`a[href="/admin/payouts/${prize}"]`).first().click();
  await page.getByRole("button", { name: "Approve…" }).waitFor();
  await page.setViewportSize({ width: WIDE.width, height: 1_180 });
  await shoot(page, "approvals-payout");
  await page.setViewportSize({ width: WIDE.width, height: 900 });
  await page.getByRole("button", { name: "Approve…" }).click();
  await page.getByRole("button", { name: "Sign for 250 FLR" }).waitFor();
  await shoot(page, "approvals-sign");
  await page.getByRole("button", { name: "Sign for 250 FLR" }).click();
  await page
    .getByText("Confirmed, done")
    .or(page.getByRole("listitem").filter({ hasText: "Confirmed, done" }))
    .first()
    .waitFor();
  await page.getByText("2 of 2 signed").waitFor();
  await shoot(page, "approvals-paid");
  await page.getByRole("link", { name: "Treasury" }).click();
  for (const rail of ["Flare", "XRP Ledger"]) {
    const books = page.getByRole("region", { name: rail, exact: true }).getByText("Our books say the same");
    await books.first().waitFor();
  }
  await page.setViewportSize({ width: WIDE.width, height: 1_730 });
  await shoot(page, "treasury");
  await page.context().close();
}

/** The same where approvers sign the payment itself. */
async function picturesOfXrplApprover(browser: Browser, url: string): Promise<void> {
  const proposer = await new ApiClient(url).signIn(new Wallet(hardhatWallets()[2]?.privateKey ?? ""));
  const body = {
    to: localXrplAccounts().player.address,
    destinationTag: 4_711,
    asset: "XRP",
    amount: "250000000",
    metadata: { why: "Prize of the autumn tournament" },
  };
  const { id } = await proposer.post<PayoutView>("/admin/payout", body, crypto.randomUUID());
  const page = await openPage(browser, url, { ...WIDE, height: 1_800 });
  await page.goto("/admin");
  await page.getByRole("button", { name: "Sign in as XRPL approver 1" }).click();
  await page.getByRole("button", { name: "Sign and go on" }).click();
  await page.locator(`a[href="/admin/payouts/${id}"]`).first().click();
  const signed = page.getByRole("region", { name: "Exactly what is signed" });
  await signed.getByText("LastLedgerSequence", { exact: true }).waitFor();
  await shoot(page, "approvals-xrpl", signed);
  await page.context().close();
}

async function openPage(browser: Browser, url: string, view: View, toyKey?: string): Promise<Page> {
  const { width, height, scale = 1, colorScheme = "light" } = view;
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width, height },
    deviceScaleFactor: scale,
    colorScheme,
    locale: "en-GB",
  });
  if (toyKey !== undefined) await context.addInitScript(`localStorage.setItem("cc.toy-key", "${toyKey}")`);
  const page = await context.newPage();
  await page.goto("/");
  return page;
}

async function signInWithToyWallet(page: Page): Promise<void> {
  await page.getByRole("banner").getByRole("button", { name: "Sign in", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: /^Toy wallet/ }).click();
  await dialog.getByRole("button", { name: "Sign and play" }).click();
  await dialog.waitFor({ state: "detached" });
}

/** Leaves a few +1s in the air. */
async function tapAround(page: Page): Promise<void> {
  const coin = page.getByRole("button", { name: /^Tap the coin/ });
  await coin.waitFor();
  await page.getByText("Paid just now").waitFor();
  await page.evaluate("document.fonts.ready.then(() => undefined)");
  const box = await coin.boundingBox();
  if (box === null) throw new Error("the coin cannot be seen");
  for (const [x, y] of [
    [0.36, 0.3],
    [0.64, 0.36],
    [0.5, 0.46],
  ] as const) {
    await page.mouse.click(box.x + box.width * x, box.y + box.height * y);
    await sleep(90);
  }
}

/** The window, or one part of the page. */
async function shoot(page: Page, name: string, part?: Locator): Promise<void> {
  const path = join(IMAGES, `${name}.png`);
  await page.evaluate("document.fonts.ready.then(() => undefined)");
  await (part ?? page).screenshot({ path });
  const { size } = statSync(path);
  say(`${relative(ROOT, path)}, ${Math.round(size / 1_000)} kB`);
  if (size > MOST_BYTES) throw new Error(`${name} has ${size} bytes, more than ${MOST_BYTES}`);
}

await main();
