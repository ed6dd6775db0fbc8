import { Wallet } from "ethers";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import {
  agree,
  payoutId,
  purse,
  reviewCashOut,
  signInAsDemoApprover,
  signInWithExtension,
  signInWithToyWallet,
  step,
  tap,
} from "./kit/acts.ts";
import { approverKey, createWorld } from "./kit/world.ts";

/** One COIN is ten FLR, so twenty taps make a payout that two have to sign. */
const world = createWorld({ WEI_PER_COIN: String(10n ** 19n) });

async function playerAsks(coins: number): Promise<{ page: Page; id: string }> {
  const { page } = await world.visit();
  await signInWithToyWallet(page);
  await tap(page, coins);
  await reviewCashOut(page, coins);
  return { page, id: await agree(page) };
}

/** In a browser of its own, with an extension that holds the key of one of the approvers. */
async function approverWithExtension(index: 1 | 2 | 3 | 4) {
  const visitor = await world.visit({ wallet: approverKey(index) });
  await signInWithExtension(visitor.page);
  await visitor.page.getByRole("link", { name: "Approvals" }).first().click();
  await visitor.page.getByRole("heading", { name: "Queue" }).waitFor();
  return visitor;
}

/** The same with the toy wallet, as the page offers it on the local chain. */
async function demoApprover(index: 1 | 2 | 3 | 4): Promise<Page> {
  const { page } = await world.visit({ path: "/admin" });
  await signInAsDemoApprover(page, index);
  await page.getByRole("heading", { name: "Queue" }).waitFor();
  return page;
}

const waitsForYou = (page: Page) => page.getByRole("region", { name: "Waits for you" });

/** From the queue to what is signed. */
async function open(page: Page, id: string): Promise<void> {
  await waitsForYou(page).locator(`a[href="/admin/payouts/${id}"]`).click();
  await page.getByRole("button", { name: "Approve…" }).waitFor();
}

async function sign(page: Page, words: string): Promise<void> {
  await page.getByRole("button", { name: "Approve…" }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: `Sign for ${words}` })
    .click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

describe("a large payout", () => {
  it("is paid when two approvers in two browsers have signed, and its player sees it happen", async () => {
    const player = await playerAsks(20);
    await step(player.page, "Approved, 0 of 2", "under way").waitFor();
    const [first, second] = await Promise.all([approverWithExtension(1), demoApprover(2)]);
    await open(first.page, player.id);
    await sign(first.page, "200 FLR");
    await first.page.getByText("1 of 2 signed").waitFor();
    await first.page.getByText("You have signed. It waits for others.").waitFor();
    await step(player.page, "Approved, 1 of 2", "under way").waitFor();

    await open(second, player.id);
    await second.getByText("1 of 2 signed").waitFor();
    await second.getByRole("button", { name: "Approve…" }).click();
    await second.getByRole("dialog").getByText("Yours is the last signature that it needs").waitFor();
    await second.getByRole("button", { name: "Sign for 200 FLR" }).click();

    // Nobody reloaded anything.
    await player.page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    await step(player.page, "Approved, 2 of 2", "done").waitFor();
    for (const { page } of [first, { page: second }]) await step(page, "Confirmed", "done").waitFor();
    expect(first.wallet?.asked).toContain("eth_signTypedData_v4");
  });

  it("is not signed when its approver declines in the wallet", async () => {
    const player = await playerAsks(20);
    const { page, wallet } = await approverWithExtension(1);
    await open(page, player.id);
    wallet?.declineNext("eth_signTypedData_v4");
    await page.getByRole("button", { name: "Approve…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Sign for 200 FLR" }).click();
    await dialog.getByText("You declined in Test Wallet. Nothing was signed.").waitFor();
    await dialog.getByRole("button", { name: "Back" }).click();
    await page.getByText("0 of 2 signed").waitFor();
  });

  it("is rejected with a reason that its player reads, and what it held comes back", async () => {
    const player = await playerAsks(20);
    const page = await demoApprover(3);
    await open(page, player.id);
    await page.getByRole("button", { name: "Reject…" }).click();
    const dialog = page.getByRole("dialog");
    const reject = dialog.getByRole("button", { name: "Reject 200 FLR" });
    expect(await reject.isDisabled()).toBe(true);
    await dialog.getByLabel("Reason").fill("The address is on our list of stolen wallets");
    await reject.click();
    await step(player.page, "Rejected", "ended here").waitFor();
    await player.page.getByText("The address is on our list of stolen wallets").first().waitFor();
    await player.page.getByText("What was held is back in your balance.").waitFor();
    await player.page.getByRole("link", { name: "CoinClicker, play" }).click();
    await purse(player.page, 20).waitFor();
    await page.getByText("Nothing is left to decide here.").waitFor();
  });

  it("waits again when a signature is taken back", async () => {
    const player = await playerAsks(20);
    const page = await demoApprover(4);
    await open(page, player.id);
    await sign(page, "200 FLR");
    await page.getByText("1 of 2 signed").waitFor();
    await page.getByRole("button", { name: "Take back my signature…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Take it back for 200 FLR" }).click();
    await page.getByText("0 of 2 signed").waitFor();
    await page.getByRole("button", { name: "Approve…" }).waitFor();
  });
});

describe("a proposal", () => {
  it("shows what it needs, cannot be signed by its proposer, and is paid when two others sign", async () => {
    const to = Wallet.createRandom().address;
    const page = await demoApprover(1);
    await page.getByRole("link", { name: "Propose" }).click();
    await page.getByLabel("Amount").fill("150");
    await page.getByLabel("To", { exact: true }).fill(to);
    await page.getByLabel("What it is for").fill("Prize of the spring tournament");
    await page.getByText("Needs 2 of 4 signatures").waitFor();
    await page.getByRole("button", { name: "Review" }).click();
    await page.getByRole("dialog").getByText(to).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Propose 150 FLR" }).click();
    const id = await payoutId(page);
    await page
      .getByText("You proposed this payout, so you cannot approve it. Other approvers have to.")
      .waitFor();
    expect(await page.getByRole("button", { name: "Approve…" }).count()).toBe(0);

    for (const index of [2, 3] as const) {
      const approver = await demoApprover(index);
      await open(approver, id);
      await approver.getByText("Prize of the spring tournament").first().waitFor();
      await sign(approver, "150 FLR");
    }
    await step(page, "Confirmed", "done").waitFor();
  });
});

describe("the console", () => {
  it("is not shown to a player, whose page does not even ask for it", async () => {
    const { page } = await world.visit();
    await signInWithToyWallet(page);
    const asked: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/api/v1/admin")) asked.push(request.url());
    });
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Wallet" }).waitFor();
    expect(await page.getByRole("link", { name: "Approvals" }).count()).toBe(0);
    for (const path of ["/admin", "/admin/treasury", "/admin/audit", "/admin/propose"]) {
      await page.goto(path);
      await page.getByText("Your account is not an approver or admin").waitFor();
    }
    expect(asked).toEqual([]);
  });

  it("pauses and resumes only for somebody who types the word, and the audit log tells of it", async () => {
    const page = await demoApprover(1);
    await page.getByRole("link", { name: "Treasury" }).click();
    const rail = (name: string) => page.getByRole("region", { name, exact: true });
    for (const name of ["Flare", "XRP Ledger"]) {
      await rail(name).getByText("Our books say the same").first().waitFor();
    }
    for (const [id, name, other] of [
      ["flare", "Flare", "XRP Ledger"],
      ["xrpl", "XRP Ledger", "Flare"],
    ] as const) {
      for (const word of ["pause", "resume"]) {
        await rail(name)
          .getByRole("button", { name: new RegExp(`^${word} ${name}…`, "i") })
          .click();
        const dialog = page.getByRole("dialog");
        const confirm = dialog.getByRole("button", { name: new RegExp(`^${word} ${name}$`, "i") });
        await dialog.getByLabel("Reason").fill("A drill");
        // The word alone could be meant for the other rail.
        await dialog.getByLabel(/^To confirm, type/).fill(word);
        expect(await confirm.isDisabled()).toBe(true);
        await dialog.getByLabel(/^To confirm, type/).fill(`${word} ${id}`);
        await confirm.click();
        await dialog.waitFor({ state: "detached" });
        if (word === "pause") await rail(name).getByText("are paused").waitFor();
        await rail(other)
          .getByRole("button", { name: `Pause ${other}…` })
          .waitFor();
      }
      await rail(name)
        .getByRole("button", { name: `Pause ${name}…` })
        .waitFor();
    }
    await page.getByRole("link", { name: "Audit" }).click();
    const entries = page.getByRole("region", { name: "Entries" }).getByRole("listitem");
    await entries.first().waitFor();
    expect((await entries.allTextContents()).slice(0, 2).join(" ").toLowerCase()).toMatch(/resume.*pause/s);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export CSV" }).click();
    expect((await download).suggestedFilename()).toMatch(/\.csv$/);
  });
});
