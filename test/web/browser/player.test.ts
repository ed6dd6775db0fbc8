import { JsonRpcProvider, Wallet } from "ethers";
import { describe, expect, it } from "vitest";
import {
  agree,
  anyPurse,
  coin,
  fact,
  openSignIn,
  purse,
  reviewCashOut,
  signInWith,
  signInWithExtension,
  signInWithToyWallet,
  step,
  tap,
} from "./kit/acts.ts";
import { createWorld } from "./kit/world.ts";

/** One COIN is ten FLR, so that a few taps make a large payout. */
const world = createWorld({
  WEI_PER_COIN: String(10n ** 19n),
  CLICK_MAX_ENERGY: "60",
  CLICK_ENERGY_PER_SECOND: "1",
});

describe("signing in", () => {
  it("with the toy wallet shows what is signed, and says that it is a toy", async () => {
    const { page } = await world.visit();
    await openSignIn(page);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Toy wallet/ }).click();
    const message = dialog.getByRole("region", { name: "Message to sign" });
    expect(await message.textContent()).toContain(`${new URL(world.url).host} wants you to sign in`);
    await dialog.getByText("the key of this wallet lies unprotected in this browser").waitFor();
    await dialog.getByRole("button", { name: "Sign and play" }).click();
    await purse(page, 0).waitFor();
    // The session is in cookies that no script can read, and lasts over a reload.
    expect(await page.evaluate("document.cookie")).toBe("");
    await page.reload();
    await purse(page, 0).waitFor();
  });

  it("with an announced extension uses its address; declining signs nothing", async () => {
    const key = Wallet.createRandom();
    const { page, wallet } = await world.visit({ wallet: key });
    wallet?.declineNext("personal_sign");
    await openSignIn(page);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Test Wallet/ }).click();
    await dialog.getByRole("button", { name: "Sign and play" }).click();
    await dialog.getByText("You declined in Test Wallet. Nothing was signed.").waitFor();
    await dialog.getByRole("button", { name: "Sign and play" }).click();
    await purse(page, 0).waitFor();
    await page.getByRole("button", { name: key.address.slice(0, 6) }).click();
    await page.getByRole("menu").getByText(key.address).waitFor();
    expect(wallet?.asked.filter((method) => method === "personal_sign")).toHaveLength(2);
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in to play" }).waitFor();
  });

  it("just to try plays for nothing, and says so", async () => {
    const { page } = await world.visit();
    await openSignIn(page);
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Just try/ })
      .click();
    await page.getByText("Demo session: you play, nothing is paid out.").waitFor();
    await tap(page, 5);
    await purse(page, 5).waitFor();
    await reviewCashOut(page, 5);
    await page.getByRole("dialog").getByText("the COIN is taken, and nothing is paid").waitFor();
    await agree(page);
    await page.getByRole("heading", { name: "Demo payout" }).waitFor();
    await step(page, "Done, as a demo", "done").waitFor();
    expect(await fact(page, "Transaction").count()).toBe(0);
  });
});

describe("tapping", () => {
  it("counts at once, before the server has answered, and sends several taps in one request", async () => {
    const { page } = await world.visit();
    await signInWithToyWallet(page);
    const counts: number[] = [];
    let answer = (): void => undefined;
    const held = new Promise<void>((release) => {
      answer = release;
    });
    await page.route("**/api/v1/click", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      counts.push((route.request().postDataJSON() as { count: number }).count);
      await held;
      await route.continue();
    });
    await tap(page, 12);
    await purse(page, 12).waitFor();
    expect(counts.length).toBeLessThanOrEqual(1);
    answer();
    await expect.poll(() => counts.reduce((sum, count) => sum + count, 0)).toBe(12);
    expect(counts.length).toBeLessThan(5);
    await page.reload();
    await purse(page, 12).waitFor();
  });

  it("is corrected by the server when the energy was spent elsewhere", async () => {
    const key = Wallet.createRandom();
    const { page } = await world.visit({ wallet: key });
    await signInWithExtension(page);
    const elsewhere = await world.api(key);
    let answer = (): void => undefined;
    const held = new Promise<void>((release) => {
      answer = release;
    });
    await page.route("**/api/v1/click", async (route) => {
      if (route.request().method() === "POST") await held;
      await route.continue();
    });
    await tap(page, 30);
    await purse(page, 30).waitFor();
    await elsewhere.post("/click", { clientNonce: "a", count: 50 });
    const { balance } = await elsewhere.post<{ balance: string }>("/click", { clientNonce: "b", count: 10 });
    expect(balance).toBe("60");
    answer();
    await expect
      .poll(async () => (await elsewhere.get<{ energy: number }>("/click")).energy)
      .toBeLessThan(60);
    const word = async (): Promise<number> => {
      const state = await elsewhere.get<{ balance: string }>("/click");
      return purse(page, BigInt(state.balance)).count();
    };
    await expect.poll(word).toBe(1);
    // Thirty would have been too many.
    const state = await elsewhere.get<{ balance: string }>("/click");
    expect(BigInt(state.balance)).toBeLessThan(90n);
  });

  it("works with the keyboard alone, from the address bar to the first coin", async () => {
    const { page } = await world.visit();
    await signInWithToyWallet(page);
    await page.reload();
    await purse(page, 0).waitFor();
    const focused = (): Promise<string> =>
      page.evaluate(
        "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''",
      );
    for (let presses = 0; !(await focused()).startsWith("Tap the coin"); presses++) {
      expect(presses).toBeLessThan(30);
      await page.keyboard.press("Tab");
    }
    for (let presses = 0; presses < 3; presses++) await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    await purse(page, 4).waitFor();
  });

  it("stops when there is no energy, and says that it comes back", async () => {
    const { page } = await world.visit();
    await signInWithToyWallet(page);
    await tap(page, 75);
    await page
      .getByText("resting, 1 a second come back")
      .or(page.getByText(/^full again in/))
      .first()
      .waitFor();
    const shown = await anyPurse(page).textContent();
    expect(Number.parseInt(shown ?? "", 10)).toBeGreaterThanOrEqual(60);
    expect(await coin(page).isEnabled()).toBe(true);
  });
});

describe("cashing out", () => {
  it("a small amount is confirmed on the page without a reload, with its transaction", async () => {
    const key = Wallet.createRandom();
    const { page } = await world.visit({ wallet: key });
    await signInWithExtension(page);
    await tap(page, 8);
    await reviewCashOut(page, 3);
    const summary = page.getByRole("dialog");
    await summary.getByText("30 FLR").waitFor();
    await summary.getByText(key.address).waitFor();
    await page.evaluate("window.sameDocument = true");
    await agree(page);
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    for (const title of ["Requested", "Approved", "Sent", "Confirmed"])
      await step(page, title, "done").waitFor();
    expect(await page.evaluate("window.sameDocument")).toBe(true);
    const hash = /0x[0-9a-f]{64}/.exec((await fact(page, "Transaction").textContent()) ?? "")?.[0] ?? "";
    const node = new JsonRpcProvider(world.rpcUrl, 31_337, { staticNetwork: true });
    expect((await node.getTransactionReceipt(hash))?.status).toBe(1);
    expect(await node.getBalance(key.address)).toBe(30n * 10n ** 18n);
    node.destroy();
    await page.getByRole("button", { name: "Copy transaction hash" }).first().click();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(hash);
    await page.getByRole("banner").getByText("5 COIN").waitFor();
  });

  it("is paid once although the answer was lost and it was sent again", async () => {
    const key = Wallet.createRandom();
    const { page, faults } = await world.visit({ wallet: key });
    faults.allow(/ERR_FAILED/);
    await signInWithExtension(page);
    await tap(page, 4);
    await reviewCashOut(page, 2);
    await page.route(
      "**/api/v1/payouts",
      async (route) => {
        await route.fetch();
        await route.abort();
      },
      { times: 1 },
    );
    await page.getByRole("dialog").getByRole("button", { name: "Cash out" }).click();
    await page.getByRole("dialog").getByText("No answer came").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Send it again" }).click();
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    const api = await world.api(key);
    expect((await api.get<{ items: unknown[] }>("/payouts?limit=20")).items).toHaveLength(1);
  });

  it("by voucher waits for its player, whose wallet brings it to the vault", async () => {
    const { page } = await world.visit();
    await signInWithToyWallet(page);
    await tap(page, 2);
    await reviewCashOut(page, 2, { claim: true });
    await agree(page);
    await page.getByRole("heading", { name: "Yours to claim" }).waitFor();
    await page.getByRole("button", { name: "Claim with my wallet" }).click();
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    await step(page, "Claimed", "done").waitFor();
  });

  it("to an address that refuses it becomes a credit, which is pulled from the page", async () => {
    const { page } = await world.visit();
    await signInWithToyWallet(page);
    await tap(page, 2);
    await reviewCashOut(page, 2, { to: world.refusingPayee });
    await agree(page);
    await page.getByRole("heading", { name: "Yours to pull" }).waitFor();
    await page.getByRole("button", { name: "Pull it with my wallet" }).click();
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    await page.getByText("Pulled from the vault").waitFor();
  });

  it("refuses more than there is, with words instead of a request", async () => {
    const { page } = await world.visit();
    await signInWithToyWallet(page);
    await tap(page, 2);
    await purse(page, 2).waitFor();
    await page.getByRole("main").getByRole("link", { name: "Cash out" }).click();
    const amount = page.getByLabel("Amount in COIN");
    await amount.fill("3");
    await page.getByText("You have 2 COIN.").waitFor();
    await amount.fill("1.5");
    await page.getByText("COIN has no fractions: write a whole number.").waitFor();
    await page.getByRole("button", { name: "Review" }).click();
    expect(await page.getByRole("dialog").count()).toBe(0);
  });
});

describe("a large payout", () => {
  it("waits for approvers, and can be taken back until it is sent", async () => {
    const { page } = await world.visit();
    await openSignIn(page);
    await signInWith(page, /^Toy wallet/);
    await tap(page, 20);
    await reviewCashOut(page, 20);
    await agree(page);
    await step(page, "Approved, 0 of 2", "under way").waitFor();
    await page.getByRole("button", { name: "Take it back" }).click();
    await page.getByRole("heading", { name: "Not paid" }).waitFor();
    await step(page, "Taken back", "ended here").waitFor();
    await page.getByRole("banner").getByText("20 COIN").waitFor();
  });
});
