import { Wallet as EvmWallet } from "ethers";
import { describe, expect, it } from "vitest";
import { Wallet } from "xrpl";
import { localXrplAccounts } from "../../../src/config.ts";
import {
  agree,
  fact,
  goTo,
  openSignIn,
  payIn,
  purse,
  reviewCashOut,
  signInWith,
  signInWithExtension,
  signInWithToyWallet,
  signInWithXrplToy,
  step,
  tap,
} from "./kit/acts.ts";
import { createWorld } from "./kit/world.ts";

/** One COIN is half an XRP: two make an account, which takes one XRP here, and one alone does not. */
const world = createWorld({ DROPS_PER_COIN: "500000", MICRO_RLUSD_PER_COIN: "500000" });
const RLUSD = "524C555344000000000000000000000000000000";
/** Refusals are answers too, which a browser writes to its console. */
const REFUSED = /status of 4(00|22)/;

const newSeed = (): string => Wallet.generate().seed ?? "";
const addressOf = (seed: string): string => Wallet.fromSeed(seed).address;

describe("signing in on the XRP Ledger", () => {
  it("with the toy wallet shows what is signed, says that it is a toy, and lasts over a reload", async () => {
    const toySeed = newSeed();
    const { page } = await world.visit({ toySeed });
    await openSignIn(page);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Toy XRPL wallet/ }).click();
    const message = dialog.getByRole("region", { name: "Message to sign" });
    await message.waitFor();
    expect(await message.textContent()).toContain("sign in with your XRP Ledger account");
    expect(await message.textContent()).toContain(addressOf(toySeed));
    await dialog.getByText("the key of this wallet lies unprotected in this browser").waitFor();
    await dialog.getByRole("button", { name: "Sign and play" }).click();
    await purse(page, 0).waitFor();
    await page.reload();
    await purse(page, 0).waitFor();
    await page.getByRole("button", { name: addressOf(toySeed).slice(0, 6) }).click();
    await page.getByRole("menu").getByText(addressOf(toySeed)).waitFor();
  });

  it("with a seed that was given to the toy wallet is being that account", async () => {
    const { address, seed } = localXrplAccounts().player;
    const { page } = await world.visit();
    await openSignIn(page);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Give a toy wallet another key" }).click();
    const field = dialog.getByLabel("Private key or seed of a test account");
    await field.fill("sEdNot");
    await dialog.getByRole("button", { name: "Use this key" }).click();
    await dialog.getByText("This is no seed of the XRP Ledger").waitFor();
    await field.fill(seed);
    await dialog.getByRole("button", { name: "Use this key" }).click();
    await dialog.getByText("Taken. Now choose the toy XRPL wallet.").waitFor();
    await signInWith(page, /^Toy XRPL wallet/);
    await page.getByRole("button", { name: address.slice(0, 6) }).waitFor();
  });

  it.each([
    ["gem", "GemWallet"],
    ["crossmark", "Crossmark"],
  ] as const)(
    "with %s is offered where the extension answers, and declining signs nothing",
    async (kind, name) => {
      const seed = newSeed();
      const { page, xrplWallet } = await world.visit({ xrplWallet: { kind, seed } });
      await openSignIn(page);
      const dialog = page.getByRole("dialog");
      const choice = dialog.getByRole("button", { name: new RegExp(`^${name}`) });
      xrplWallet?.declineNext();
      await choice.click();
      await dialog.getByText(`You declined in ${name}. Nothing was signed.`).waitFor();
      await choice.click();
      const message = await dialog.getByRole("region", { name: "Message to sign" }).textContent();
      xrplWallet?.declineNext();
      await dialog.getByRole("button", { name: "Sign and play" }).click();
      await dialog.getByText(`You declined in ${name}. Nothing was signed.`).waitFor();
      await dialog.getByRole("button", { name: "Sign and play" }).click();
      await purse(page, 0).waitFor();
      await page.getByRole("button", { name: addressOf(seed).slice(0, 6) }).waitFor();
      expect(xrplWallet?.signed).toEqual([message]);
    },
  );

  it("offers no extension that is not there", async () => {
    const { page } = await world.visit();
    await openSignIn(page);
    const dialog = page.getByRole("dialog");
    await dialog.getByText("No wallet extension was found in this browser.").waitFor();
    // Longer than an extension takes to answer.
    await page.waitForTimeout(1_500);
    expect(await dialog.getByRole("button", { name: /^(GemWallet|Crossmark)/ }).count()).toBe(0);
  });
});

describe("cashing out in XRP", () => {
  it("a small amount is delivered, and the page shows in which ledger and under which hash", async () => {
    const toySeed = newSeed();
    const { page } = await world.visit({ toySeed });
    await signInWithXrplToy(page);
    await tap(page, 8);
    // Where the account is at home comes first.
    await reviewCashOut(page, 4);
    const summary = page.getByRole("dialog");
    await summary.getByText("2 XRP").waitFor();
    await summary.getByText(addressOf(toySeed)).waitFor();
    await page.evaluate("window.sameDocument = true");
    await agree(page);
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    expect(await page.evaluate("window.sameDocument")).toBe(true);
    expect(world.ledger.balanceOf(addressOf(toySeed))).toBe(2_000_000n);
    await step(page, "Confirmed", "done")
      .getByText(/^In ledger [0-9]+$/)
      .waitFor();
    expect(await fact(page, "Delivered").textContent()).toMatch(/^2\sXRP$/);
    expect(await fact(page, "Transaction").textContent()).toMatch(/[0-9A-F]{64}/);
    await page.getByRole("region", { name: "Receipt" }).getByText("Local XRP Ledger (21337)").waitFor();
    await goTo(page, "Feed");
    const entry = page.getByRole("main").getByRole("listitem").first();
    await entry.getByText(/^2\sXRP$/).waitFor();
    await entry.getByText(addressOf(toySeed).slice(0, 6)).waitFor();
  });

  it("is found where it is after a reload, and followed to the end", async () => {
    const { page } = await world.visit();
    await signInWithXrplToy(page);
    await tap(page, 4);
    await reviewCashOut(page, 4);
    // The next payment is answered as if it had been taken, and waits.
    world.ledger.faults.delaySubmissions(1, 4);
    await agree(page);
    await step(page, "Sent", "done").waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    await step(page, "Confirmed", "done").waitFor();
  });

  it("to an account that does not exist yet says what it takes, and creates a toy's on the local ledger", async () => {
    const toySeed = newSeed();
    const { page, faults } = await world.visit({ toySeed });
    faults.allow(REFUSED);
    await signInWithXrplToy(page);
    await tap(page, 2);
    await purse(page, 2).waitFor();
    await goTo(page, "Cash out");
    await page.getByLabel("Amount in COIN").fill("1");
    await page
      .getByRole("alert")
      .getByText(/0\.5 XRP is too little to create it: it takes 1 XRP/)
      .waitFor();
    await page.getByText(/^0\.5\sXRP$/).waitFor();
    // Nothing is asked for while it stands.
    await page.getByRole("button", { name: "Review" }).click();
    expect(await page.getByRole("dialog").count()).toBe(0);
    await page.getByRole("button", { name: "Create it on the local ledger" }).click();
    await page.getByRole("region", { name: "Quote" }).getByText("Rate").waitFor();
    await page.getByRole("button", { name: "Review" }).click();
    await agree(page);
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    expect(world.ledger.balanceOf(addressOf(toySeed))).toBe(50_500_000n);
  });

  it("to another address goes there with its tag, and says beside the field what cannot be", async () => {
    const { address } = localXrplAccounts().player;
    const { page, faults } = await world.visit();
    faults.allow(REFUSED);
    await signInWithToyWallet(page);
    await tap(page, 3);
    await purse(page, 3).waitFor();
    await goTo(page, "Cash out");
    await page.getByLabel("Amount in COIN").fill("2");
    await payIn(page, "XRP");
    // An account of Flare has no wallet there, so an address is asked for.
    await page.getByText("Your account has none on the XRP Ledger yet.").waitFor();
    const to = page.getByLabel("Receiving address");
    await to.fill(`${address.slice(0, -1)}z`);
    await page.getByText("with a correct checksum").waitFor();
    await to.fill(address);
    const tag = page.getByLabel("Destination tag");
    await tag.fill("5000000000");
    await page.getByText("A destination tag is a whole number of at most 4294967295.").waitFor();
    await tag.fill("77");
    await page.getByRole("region", { name: "Quote" }).getByText("Rate").waitFor();
    await page.getByRole("button", { name: "Review" }).click();
    await page.getByRole("dialog").getByText("77", { exact: true }).waitFor();
    await agree(page);
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    expect(await fact(page, "To").textContent()).toContain(address);
    expect(await fact(page, "To").textContent()).toContain("destination tag 77");
  });

  it("in RLUSD wants a trust line, which a toy wallet opens from here", async () => {
    const toySeed = newSeed();
    const { page, faults } = await world.visit({ toySeed });
    faults.allow(REFUSED);
    await signInWithXrplToy(page);
    await tap(page, 5);
    await purse(page, 5).waitFor();
    await goTo(page, "Cash out");
    await page.getByLabel("Amount in COIN").fill("3");
    await payIn(page, "RLUSD");
    await page.getByRole("button", { name: "Create it on the local ledger" }).click();
    await page.getByRole("alert").getByText("has no trust line for RLUSD").waitFor();
    await page.getByRole("button", { name: "Open the trust line" }).click();
    await page.getByRole("region", { name: "Quote" }).getByText("Rate").waitFor();
    await page.getByRole("button", { name: "Review" }).click();
    await agree(page);
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    expect(await fact(page, "Delivered").textContent()).toMatch(/^1\.5\sRLUSD$/);
    const { issuer } = localXrplAccounts();
    expect(world.ledger.tokenBalanceOf(addressOf(toySeed), RLUSD, issuer.address)).toBe("1.5");
  });
});

describe("linked wallets", () => {
  it("are linked when both have signed one message, and the new one is paid", async () => {
    const toySeed = newSeed();
    const { page } = await world.visit({ wallet: EvmWallet.createRandom(), toySeed });
    await signInWithExtension(page);
    await tap(page, 6);
    await purse(page, 6).waitFor();
    await goTo(page, "Cash out");
    await page.getByLabel("Amount in COIN").fill("4");
    await payIn(page, "XRP");
    await page.getByRole("button", { name: "Link a wallet…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Toy XRPL wallet/ }).click();
    const message = dialog.getByRole("region", { name: "Message to sign" });
    await message.waitFor();
    expect(await message.textContent()).toContain(`xrpl:21337:${addressOf(toySeed)}`);
    await dialog.getByRole("button", { name: "Sign with the wallet that you signed in with" }).click();
    await dialog.getByRole("button", { name: "Sign with the wallet to add" }).click();
    await dialog.waitFor({ state: "detached" });
    // The form goes on where it was.
    await page.getByLabel(/^Your wallet, r/).check();
    await page.getByRole("region", { name: "Quote" }).getByText("Rate").waitFor();
    await page.getByRole("button", { name: "Review" }).click();
    await agree(page);
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    expect(world.ledger.balanceOf(addressOf(toySeed))).toBe(2_000_000n);
  });

  it("sign in as the same account, are paid at as chosen, and are unlinked", async () => {
    const [first, second] = [newSeed(), newSeed()];
    const owner = EvmWallet.createRandom();
    const visitor = await world.visit({
      wallet: owner,
      xrplWallet: { kind: "gem", seed: second },
      toySeed: first,
    });
    const { page } = visitor;
    await signInWithExtension(page);
    await tap(page, 3);
    await purse(page, 3).waitFor();
    await goTo(page, "Wallet");
    const wallets = page.getByRole("region", { name: "Wallets on the XRP Ledger" });
    await wallets.getByText("None yet.").waitFor();
    for (const choice of [/^Toy XRPL wallet/, /^GemWallet/]) {
      await page.getByRole("button", { name: "Link a wallet…" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: choice }).click();
      await dialog.getByRole("button", { name: "Sign with the wallet that you signed in with" }).click();
      await dialog.getByText("Signed", { exact: true }).waitFor();
      // With both it is linked, and the dialog goes.
      await dialog.getByRole("button", { name: "Sign with the wallet to add" }).click();
      await dialog.waitFor({ state: "detached" });
    }
    const row = (seed: string) => wallets.getByRole("listitem").filter({ hasText: addressOf(seed) });
    await row(first).getByText("You are paid here").waitFor();
    await row(second)
      .getByRole("button", { name: /^Be paid at/ })
      .click();
    await row(second).getByText("You are paid here").waitFor();
    expect(await row(first).getByText("You are paid here").count()).toBe(0);
    await row(first)
      .getByRole("button", { name: /^Unlink/ })
      .click();
    await page.getByRole("dialog").getByRole("button", { name: "Unlink", exact: true }).click();
    await row(first).waitFor({ state: "detached" });

    // The wallet that stayed opens the same account, without the one that it began with.
    const again = await world.visit({ xrplWallet: { kind: "gem", seed: second } });
    await openSignIn(again.page);
    await signInWith(again.page, /^GemWallet/);
    await purse(again.page, 3).waitFor();
    await goTo(again.page, "Wallet");
    const flare = again.page.getByRole("region", { name: "Wallets on Flare" });
    await flare.getByRole("listitem").filter({ hasText: owner.address }).waitFor();
    // Neither what is signed in nor what the account is known by can leave.
    expect(await again.page.getByRole("button", { name: /^Unlink/ }).count()).toBe(0);
  });

  it("are not linked by one signature, nor taken from somebody else", async () => {
    const seed = newSeed();
    const taken = await world.xrplApi(seed);
    await taken.post("/click", { clientNonce: "a", count: 1 });
    const { page, faults } = await world.visit({ toySeed: seed });
    faults.allow(/status of 409/);
    await signInWithToyWallet(page);
    await goTo(page, "Wallet");
    await page.getByRole("button", { name: "Link a wallet…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Toy XRPL wallet/ }).click();
    await dialog.getByRole("button", { name: "Sign with the wallet to add" }).click();
    await dialog.getByText("Signed", { exact: true }).waitFor();
    expect(await dialog.getByRole("button", { name: "Link them" }).count()).toBe(0);
    await dialog.getByRole("button", { name: "Sign with the wallet that you signed in with" }).click();
    await dialog.getByRole("alert").getByText("is a wallet of another player").waitFor();
  });
});
