import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Wallet } from "ethers";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { PayoutView } from "../../../scripts/local/api-client.ts";
import { localXrplAccounts } from "../../../src/config.ts";
import { openSignIn, payIn, signInWithExtension, signInWithXrplToy } from "./kit/acts.ts";
import { ADMIN_ROUTES, PLAYER_ROUTES } from "./kit/routes.ts";
import { approverKey, createWorld, type Visit, xrplApproverSeed } from "./kit/world.ts";

const world = createWorld({ WEI_PER_COIN: String(10n ** 19n), DROPS_PER_COIN: "10000000" });
const WEB = join(import.meta.dirname, "../../../web/src");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FIRST_LOAD_BYTES = 250_000;
const PHONE = { width: 375, height: 740 };

const player = Wallet.createRandom();
let small: PayoutView;
let large: PayoutView;
/** The same on the XRP Ledger, to an address with a tag. */
let smallXrp: PayoutView;
let largeXrp: PayoutView;

beforeAll(async () => {
  const api = await world.api(player);
  for (const clientNonce of ["a", "b", "c"]) await api.post("/click", { clientNonce, count: 50 });
  const to = `${localXrplAccounts().player.address}:4711`;
  const inXrp = (amount: string): Promise<PayoutView> =>
    api.post("/payouts", { asset: "COIN", amount, payAs: "XRP", to }, crypto.randomUUID());
  small = await api.requestPayout(3n);
  large = await api.requestPayout(30n);
  smallXrp = await inXrp("3");
  largeXrp = await inXrp("30");
  const signer = await world.xrplApi(xrplApproverSeed(3));
  await vi.waitFor(
    async () => {
      for (const { id } of [small, smallXrp]) {
        expect((await api.get<PayoutView>(`/payouts/${id}`)).status).toBe("confirmed");
      }
      await signer.get(`/admin/payouts/${largeXrp.id}/approval`);
    },
    { timeout: 60_000 },
  );
});

const addressOf = (route: string, id = small.id): string => route.replace("$id", id);

/** Goes there and waits until nothing is loading any more. */
async function arrive(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
}

/** An approver of the XRP Ledger. */
async function signedInThere(visit: Visit): Promise<Page> {
  const { page } = await world.visit({ ...visit, toySeed: xrplApproverSeed(1) });
  await signInWithXrplToy(page);
  return page;
}

async function signedIn(visit: Visit): Promise<Page> {
  const { page } = await world.visit(visit);
  await signInWithExtension(page);
  return page;
}

type Violation = { id: string; impact: string; nodes: { html: string; failureSummary: string }[] };

/** What axe finds that keeps somebody from using the page. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<{ violations: Violation[] }>(
    "axe.run(document, { resultTypes: ['violations'] })",
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}: ${node.failureSummary}`));
}

/** What is wider than the window, from the outside in. */
const tooWide = (page: Page): Promise<string[]> =>
  page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.body.querySelectorAll("*")]
      .filter((element) => element.getBoundingClientRect().right > width + 0.5)
      .map((element) => element.tagName + " " + element.className + ": " + (element.textContent ?? "").slice(0, 60));
  })()`);

describe("these tests", () => {
  it("notice errors of the console, uncaught ones, and what the content policy forbids", async () => {
    const { page, faults } = await world.visit();
    await arrive(page, "/");
    expect(faults.found()).toEqual([]);
    await page.evaluate(`{
      console.error("said aloud");
      setTimeout(() => { throw new Error("thrown away"); });
      const script = document.createElement("script");
      script.textContent = "window.ranInline = true";
      document.body.append(script);
    }`);
    for (const fault of [
      /^console: said aloud/,
      /^uncaught: .*thrown away/,
      /^content policy: script-src-elem/,
    ]) {
      await expect.poll(() => faults.found().some((found) => fault.test(found))).toBe(true);
    }
    expect(await page.evaluate("window.ranInline")).toBeUndefined();
    faults.allow(/said aloud|thrown away|inline/i);
  });

  it("look at every route of the page", () => {
    const files = globSync("**/{router.tsx,routes.ts,routes.tsx}", { cwd: WEB });
    const declared = files.flatMap((file) =>
      [...readFileSync(join(WEB, file), "utf8").matchAll(/\bpath: "([^"]+)"/g)].map(
        (match) => match[1] ?? "",
      ),
    );
    const known = [...PLAYER_ROUTES, ...ADMIN_ROUTES];
    const unknown = declared.filter((path) => !known.some((route) => route === path || route.endsWith(path)));
    expect(unknown).toEqual([]);
    expect(declared.length).toBeGreaterThanOrEqual(PLAYER_ROUTES.length);
  });
});

describe.each(["light", "dark"] as const)("in %s colours axe finds nothing serious", (colorScheme) => {
  it("on any page of a player", async () => {
    const page = await signedIn({ wallet: player, colorScheme });
    const paths = [
      ...PLAYER_ROUTES.map((route) => addressOf(route)),
      addressOf("/payouts/$id", large.id),
      addressOf("/payouts/$id", smallXrp.id),
      "/nowhere",
    ];
    const found: Record<string, string[]> = {};
    for (const path of paths) {
      await arrive(page, path);
      found[path] = await barriers(page);
    }
    expect(found).toEqual(Object.fromEntries(paths.map((path) => [path, []])));
  });

  it("where somebody without a wallet of the XRP Ledger is paid on it, and links one", async () => {
    const page = await signedIn({ wallet: player, colorScheme });
    const found: string[] = [];
    await arrive(page, "/cash-out");
    await page.getByLabel("Amount in COIN").fill("3");
    await payIn(page, "XRP");
    await page.getByText("Your account has none on the XRP Ledger yet.").waitFor();
    await page.getByLabel("Receiving address").fill(player.address);
    await page.getByText("This is an address of Flare.").waitFor();
    found.push(...(await barriers(page)));
    await page.getByRole("button", { name: "Link a wallet…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Toy XRPL wallet/ }).waitFor();
    found.push(...(await barriers(page)));
    await dialog.getByRole("button", { name: /^Toy XRPL wallet/ }).click();
    await dialog.getByRole("button", { name: "Sign with the wallet that you signed in with" }).click();
    await dialog.getByText("Signed", { exact: true }).waitFor();
    found.push(...(await barriers(page)));
    expect(found).toEqual([]);
  });

  it("for somebody who is not signed in, nor in the dialog that signs in", async () => {
    const { page } = await world.visit({ wallet: Wallet.createRandom(), colorScheme });
    const found: string[] = [];
    for (const path of ["/", "/cash-out", "/wallet"]) {
      await arrive(page, path);
      found.push(...(await barriers(page)));
    }
    await openSignIn(page);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Test Wallet/ }).waitFor();
    found.push(...(await barriers(page)));
    await dialog.getByRole("button", { name: /^Test Wallet/ }).click();
    await dialog.getByRole("button", { name: "Sign and play" }).waitFor();
    found.push(...(await barriers(page)));
    expect(found).toEqual([]);
  });

  it("on any page of an approver", async () => {
    const page = await signedIn({ wallet: approverKey(1), colorScheme });
    const found: Record<string, string[]> = {};
    for (const route of ADMIN_ROUTES) {
      await arrive(page, addressOf(route, large.id));
      found[route] = await barriers(page);
    }
    expect(found).toEqual(Object.fromEntries(ADMIN_ROUTES.map((route) => [route, []])));
  });

  it("on what an approver of the XRP Ledger signs, and in the dialog that asks for it", async () => {
    const page = await signedInThere({ colorScheme });
    const found: string[] = [];
    for (const path of ["/admin", addressOf("/admin/payouts/$id", largeXrp.id)]) {
      await arrive(page, path);
      found.push(...(await barriers(page)));
    }
    await page.getByRole("button", { name: "Approve…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Signed elsewhere").click();
    await dialog.getByLabel("Signed blob").waitFor();
    found.push(...(await barriers(page)));
    expect(found).toEqual([]);
  });
});

describe("at the width of a phone", () => {
  it("no page scrolls sideways", async () => {
    const visitor = await signedIn({ wallet: player, ...PHONE });
    const found: Record<string, string[]> = {};
    for (const path of [
      ...PLAYER_ROUTES.map((route) => addressOf(route)),
      addressOf("/payouts/$id", large.id),
      addressOf("/payouts/$id", smallXrp.id),
    ]) {
      await arrive(visitor, path);
      found[path] = await tooWide(visitor);
    }
    await arrive(visitor, "/cash-out");
    await visitor.getByLabel("Amount in COIN").fill("3");
    await payIn(visitor, "XRP");
    await visitor.getByLabel("Receiving address").fill(localXrplAccounts().player.address);
    found["/cash-out in XRP"] = await tooWide(visitor);
    const approver = await signedIn({ wallet: approverKey(1), ...PHONE });
    for (const route of ADMIN_ROUTES) {
      await arrive(approver, addressOf(route, large.id));
      found[route] = await tooWide(approver);
    }
    const there = await signedInThere(PHONE);
    for (const route of ["/admin", "/admin/payouts/$id"]) {
      await arrive(there, addressOf(route, largeXrp.id));
      found[`${route} on the XRP Ledger`] = await tooWide(there);
    }
    expect(Object.entries(found).filter(([, elements]) => elements.length > 0)).toEqual([]);
  });
});

describe("the first visit", () => {
  it("loads at most 250 kB of compressed JavaScript", async () => {
    const { page } = await world.visit({ path: "about:blank" });
    const sizes: number[] = [];
    page.on("response", (response) => {
      if (response.request().resourceType() !== "script") return;
      const { "content-encoding": encoding, "content-length": length } = response.headers();
      expect([response.url(), encoding]).toEqual([response.url(), "gzip"]);
      sizes.push(Number.parseInt(length ?? "", 10));
    });
    await arrive(page, "/");
    await page.getByRole("button", { name: "Sign in to play" }).waitFor();
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
  });
});
