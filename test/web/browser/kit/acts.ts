import type { Locator, Page } from "playwright-core";

/** What people do on the pages, in the words that they see. */

export const coin = (page: Page): Locator => page.getByRole("button", { name: /^Tap the coin/ });

/** The big figure over the coin, which is said to screen readers once more when tapping has paused. */
export const anyPurse = (page: Page): Locator =>
  page
    .getByRole("main")
    .locator("p")
    .filter({ hasText: /^[0-9,]+\s*COIN$/ });

export const purse = (page: Page, coins: number | bigint): Locator =>
  anyPurse(page).filter({ hasText: new RegExp(`^${coins.toLocaleString("en")}\\s*COIN$`) });

export async function openSignIn(page: Page): Promise<void> {
  await page.getByRole("banner").getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Chooses a wallet by its name and signs what it shows. */
export async function signInWith(page: Page, wallet: string | RegExp): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: wallet }).click();
  await dialog.getByRole("button", { name: "Sign and play" }).click();
  await dialog.waitFor({ state: "detached" });
  // It covers the page a little longer than the dialog itself is there.
  await page.locator(".mantine-Modal-overlay").waitFor({ state: "detached" });
}

export async function signInWithToyWallet(page: Page): Promise<void> {
  await openSignIn(page);
  await signInWith(page, /^Toy wallet/);
}

export async function signInWithXrplToy(page: Page): Promise<void> {
  await openSignIn(page);
  await signInWith(page, /^Toy XRPL wallet/);
}

export async function signInWithExtension(page: Page): Promise<void> {
  await openSignIn(page);
  await signInWith(page, /^Test Wallet/);
}

/** With a mouse, one press after another. */
export async function tap(page: Page, times: number): Promise<void> {
  // Not the coin that asks to sign in, which stays until the session has come.
  const mine = page.getByRole("button", { name: /^Tap the coin: earns/ });
  await mine.waitFor();
  const box = await mine.boundingBox();
  if (box === null) throw new Error("the coin cannot be seen");
  for (let press = 0; press < times; press++) {
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  }
}

export async function goTo(page: Page, label: string): Promise<void> {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: label }).click();
}

/** Fills in the form and looks at the summary; `agree` sends it. */
export async function reviewCashOut(
  page: Page,
  coins: number,
  more: { payAs?: string; to?: string; tag?: string; claim?: boolean } = {},
): Promise<void> {
  await goTo(page, "Cash out");
  await page.getByLabel("Amount in COIN").fill(String(coins));
  if (more.payAs !== undefined) await payIn(page, more.payAs);
  if (more.to !== undefined) {
    await page.getByRole("radio", { name: "Another address" }).check();
    await page.getByLabel("Receiving address").fill(more.to);
  }
  if (more.tag !== undefined) await page.getByLabel("Destination tag").fill(more.tag);
  if (more.claim === true) await page.getByRole("radio", { name: "You claim it" }).check();
  // Waits for the quote of exactly this amount.
  await page
    .getByRole("region", { name: "Quote" })
    .and(page.locator("[aria-busy=false]"))
    .getByText("Rate")
    .waitFor();
  await page.getByRole("button", { name: "Review" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cash out" }).waitFor();
}

export async function payIn(page: Page, asset: string): Promise<void> {
  await page.getByRole("radio", { name: asset, exact: true }).click();
}

/** Gives the payout's id, from the address of its page. */
export async function agree(page: Page): Promise<string> {
  await page.getByRole("dialog").getByRole("button", { name: "Cash out" }).click();
  return payoutId(page);
}

export async function payoutId(page: Page): Promise<string> {
  await page.waitForURL(/\/payouts\/[0-9a-f-]{36}$/);
  return page.url().split("/").at(-1) ?? "";
}

/** A step of the tracker in a state, as a screen reader says it. */
export const step = (
  page: Page,
  title: string,
  state: "done" | "under way" | "not yet" | "waits for you" | "ended here",
): Locator => page.getByRole("listitem").filter({ hasText: `${title}, ${state}` });

/** The words of a row of facts, such as "Transaction". */
export const fact = (page: Page, name: string): Locator =>
  page
    .locator("dl > div")
    .filter({ has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) })
    .locator("dd");

/** As the console offers it to somebody who may not enter yet: "approver 1", "XRPL approver 1". */
export async function signInAsDemoApprover(page: Page, who: number | string): Promise<void> {
  const name = typeof who === "number" ? `approver ${who}` : who;
  await page.getByRole("button", { name: `Sign in as ${name}`, exact: true }).click();
  await page.getByRole("button", { name: "Sign and go on" }).click();
}
