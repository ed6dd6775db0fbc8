import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { Wallet } from "xrpl";
import type { ApiClient } from "../../../scripts/local/api-client.ts";
import { localXrplAccounts } from "../../../src/config.ts";
import { fact, openSignIn, signInAsDemoApprover, signInWith, signInWithXrplToy, step } from "./kit/acts.ts";
import { approverKey, createWorld, xrplApproverSeed } from "./kit/world.ts";

/** What is offered for signing holds for 400 ledgers: longer than a test takes, and soon jumped over. */
const APPROVAL_LEDGERS = 400;
const world = createWorld({
  DROPS_PER_COIN: "5000000",
  XRPL_APPROVAL_LEDGERS: String(APPROVAL_LEDGERS),
});
/** While the transaction to sign is prepared, and once it is not there any more, there is none to be read. */
const NOT_READY = /status of 409/;

/** A player whose 30 COIN, 150 XRP, need two signatures. */
async function playerAsks(): Promise<{ page: Page; id: string; address: string; api: ApiClient }> {
  const toy = Wallet.generate();
  const api = await world.xrplApi(toy.seed ?? "");
  await api.post("/click", { clientNonce: "a", count: 40 });
  const { id } = await api.post<{ id: string }>(
    "/payouts",
    { asset: "COIN", amount: "30", payAs: "XRP" },
    crypto.randomUUID(),
  );
  const { page } = await world.visit({ toySeed: toy.seed ?? "" });
  await signInWithXrplToy(page);
  await page.goto(`/payouts/${id}`);
  return { page, id, address: toy.address, api };
}

async function demoApprover(index: 1 | 2 | 3): Promise<Page> {
  const { page, faults } = await world.visit({ path: "/admin" });
  faults.allow(NOT_READY);
  await signInAsDemoApprover(page, `XRPL approver ${index}`);
  await page.getByRole("heading", { name: "Queue" }).waitFor();
  return page;
}

async function open(page: Page, id: string): Promise<void> {
  await page.getByRole("region", { name: "Waits for you" }).locator(`a[href="/admin/payouts/${id}"]`).click();
  await page.getByRole("button", { name: "Approve…" }).and(page.locator(":enabled")).waitFor();
}

async function sign(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Approve…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Sign for 150 XRP" }).click();
  await dialog.waitFor({ state: "detached" });
}

/** What the page shows of a field of the transaction. */
const field = (page: Page, name: string) =>
  page
    .getByRole("region", { name: "Exactly what is signed" })
    .locator("dl > div")
    .filter({ has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) })
    .locator("dd");

describe("a large payout on the XRP Ledger", () => {
  it("is paid when two approvers have signed, one here and one elsewhere, and its player sees it", async () => {
    const player = await playerAsks();
    await step(player.page, "Approved, 0 of 2", "under way").waitFor();
    const first = await demoApprover(1);
    await open(first, player.id);
    // What it means, then what exactly is signed.
    await first.getByText("This address was never paid before.").first().waitFor();
    await first.getByText("The payee takes this payment").waitFor();
    const { treasury } = localXrplAccounts();
    expect(await field(first, "Account").textContent()).toBe(treasury.address);
    expect(await field(first, "Destination").textContent()).toBe(player.address);
    expect(await field(first, "Amount").textContent()).toBe("150000000 drops of XRP");
    expect(await field(first, "TicketSequence").textContent()).toMatch(/^[0-9]+$/);
    expect(await field(first, "LastLedgerSequence").textContent()).toMatch(/^[0-9]+$/);
    await sign(first);
    await first.getByText("1 of 2 signed").waitFor();
    await first.getByText("You have signed. It waits for others.").waitFor();
    await step(player.page, "Approved, 1 of 2", "under way").waitFor();

    // The second has the key on another machine: the page gives the transaction, and takes the blob.
    const second = await demoApprover(2);
    await open(second, player.id);
    await second.getByRole("button", { name: "Approve…" }).click();
    const dialog = second.getByRole("dialog");
    await dialog.getByText("Yours is the last signature that it needs").waitFor();
    await dialog.getByText("Signed elsewhere").click();
    const text = await dialog.getByRole("region", { name: "Transaction to sign" }).textContent();
    const signer = Wallet.fromSeed(xrplApproverSeed(2));
    const blob = signer.sign(JSON.parse(text ?? ""), true).tx_blob;
    const handIn = dialog.getByRole("button", { name: "Hand in for 150 XRP" });
    expect(await handIn.isDisabled()).toBe(true);
    await dialog.getByLabel("Signed blob").fill(blob);
    await handIn.click();

    // Nobody reloaded anything.
    await player.page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    expect(world.ledger.balanceOf(player.address)).toBe(150_000_000n);
    await step(player.page, "Approved, 2 of 2", "done").waitFor();
    for (const page of [first, second]) await step(page, "Confirmed", "done").waitFor();
    expect(await fact(second, "Transaction").textContent()).toMatch(/[0-9A-F]{64}/);
  });

  it("refuses a blob of another approver's key, in words, and of anything else", async () => {
    const player = await playerAsks();
    const { page, faults: refusals } = await world.visit({ path: "/admin" });
    refusals.allow(/status of 4(00|09|22)/);
    await signInAsDemoApprover(page, "XRPL approver 1");
    await open(page, player.id);
    await page.getByRole("button", { name: "Approve…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Signed elsewhere").click();
    const text = await dialog.getByRole("region", { name: "Transaction to sign" }).textContent();
    const other = Wallet.fromSeed(xrplApproverSeed(2)).sign(JSON.parse(text ?? ""), true).tx_blob;
    const faults = [
      [other, "blob is signed for"],
      ["ABCD", "blob is not an encoded transaction"],
    ] as const;
    for (const [blob, words] of faults) {
      await dialog.getByLabel("Signed blob").fill(blob);
      await dialog.getByRole("button", { name: "Hand in for 150 XRP" }).click();
      await dialog.getByRole("alert").getByText(words, { exact: false }).waitFor();
    }
    await dialog.getByRole("button", { name: "Back" }).click();
    await page.getByText("0 of 2 signed").waitFor();
  });

  it("is offered anew when it could not be included in time, and the page says so", async () => {
    const player = await playerAsks();
    const page = await demoApprover(1);
    await open(page, player.id);
    const before = await field(page, "LastLedgerSequence").textContent();
    await sign(page);
    await page.getByText("1 of 2 signed").waitFor();
    await world.ledger.accept(APPROVAL_LEDGERS + 10);
    await page.getByText("This is another transaction than the one that you saw first").waitFor();
    await page.getByText("0 of 2 signed").waitFor();
    const after = await field(page, "LastLedgerSequence").textContent();
    expect(BigInt(after ?? "")).toBeGreaterThan(BigInt(before ?? "") + BigInt(APPROVAL_LEDGERS));
    for (const approver of [page, await demoApprover(2)]) {
      if (approver !== page) await open(approver, player.id);
      await sign(approver);
    }
    await player.page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    expect(world.ledger.balanceOf(player.address)).toBe(150_000_000n);
  });

  it("is rejected with a reason that its player reads", async () => {
    const player = await playerAsks();
    const page = await demoApprover(3);
    await open(page, player.id);
    await page.getByRole("button", { name: "Reject…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Reason").fill("Asked for twice");
    await dialog.getByRole("button", { name: "Reject 150 XRP" }).click();
    await step(player.page, "Rejected", "ended here").waitFor();
    await player.page.getByText("Asked for twice").first().waitFor();
    expect(world.ledger.balanceOf(player.address)).toBeNull();
  });

  it("is only looked at by an approver of the other chain", async () => {
    const player = await playerAsks();
    const { page, faults } = await world.visit({ wallet: approverKey(1) });
    faults.allow(NOT_READY);
    await openSignIn(page);
    await signInWith(page, /^Test Wallet/);
    await page.goto("/admin");
    const others = page.getByRole("region", { name: "Waits for others" });
    await others.locator(`a[href="/admin/payouts/${player.id}"]`).waitFor();
    await others.getByText("Leaves on the XRP Ledger, and is signed with wallets there").first().waitFor();
    await others.locator(`a[href="/admin/payouts/${player.id}"]`).click();
    await page
      .getByText("It leaves on the XRP Ledger, so it is signed with wallets of that chain.")
      .waitFor();
    for (const name of ["Approve…", "Reject…"]) {
      expect(await page.getByRole("button", { name }).count()).toBe(0);
    }
  });
});

describe("a proposal in XRP", () => {
  it("names address and tag, is paid when two have signed, and says beside the field what cannot be", async () => {
    const { page, faults } = await world.visit({ path: "/admin" });
    faults.allow(/status of 4(00|09|22)/);
    await signInAsDemoApprover(page, 1);
    await page.getByRole("link", { name: "Propose" }).click();
    const { address } = localXrplAccounts().player;
    await page.getByLabel("Asset").selectOption("RLUSD");
    await page.getByLabel("Amount").fill("150");
    await page.getByLabel("To", { exact: true }).fill(address);
    await page.getByText("has no trust line for RLUSD").waitFor();
    await page.getByLabel("Asset").selectOption("XRP");
    await page.getByLabel("Destination tag").fill("4711");
    await page.getByText("Needs 2 of 3 signatures").waitFor();
    await page.getByRole("button", { name: "Review" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("4711").waitFor();
    await dialog.getByRole("button", { name: "Propose 150 XRP" }).click();
    await page.waitForURL(/\/admin\/payouts\/[0-9a-f-]{36}$/);
    const id = page.url().split("/").at(-1) ?? "";
    const before = world.ledger.balanceOf(address) ?? 0n;
    for (const index of [1, 3] as const) {
      const approver = await demoApprover(index);
      await open(approver, id);
      expect(await field(approver, "DestinationTag").textContent()).toBe("4711");
      await sign(approver);
    }
    await step(page, "Confirmed", "done").waitFor();
    expect(world.ledger.balanceOf(address)).toBe(before + 150_000_000n);
  });
});
