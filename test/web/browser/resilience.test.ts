import { Wallet } from "ethers";
import type { Page, WebSocketRoute } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { ApiClient, PayoutView } from "../../../scripts/local/api-client.ts";
import { agree, purse, reviewCashOut, signInWithExtension, step, tap } from "./kit/acts.ts";
import { createWorld } from "./kit/world.ts";

const world = createWorld({ WEI_PER_COIN: String(10n ** 19n) });
const LOST = "The server cannot be reached.";

describe("a reload", () => {
  it("in the middle of a payout finds it where it is, and follows it to the end", async () => {
    const { page } = await world.visit({ wallet: Wallet.createRandom() });
    await signInWithExtension(page);
    await tap(page, 3);
    await world.mining(false);
    await reviewCashOut(page, 3);
    const id = await agree(page);
    await step(page, "Sent", "done").waitFor();
    await page.reload();
    await step(page, "Confirmed", "under way").waitFor();
    expect(page.url()).toContain(id);
    await world.mining(true);
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    await step(page, "Confirmed", "done").waitFor();
  });

  it("between a tap and its answer loses no tap", async () => {
    const key = Wallet.createRandom();
    const { page } = await world.visit({ wallet: key });
    await signInWithExtension(page);
    await page.route("**/api/v1/click", (route) =>
      route.request().method() === "POST" ? new Promise(() => undefined) : route.continue(),
    );
    await tap(page, 7);
    await purse(page, 7).waitFor();
    await page.unrouteAll();
    await page.reload();
    await purse(page, 7).waitFor();
    const api = await world.api(key);
    await expect.poll(() => balanceOf(api, key.address)).toBe("7");
  });
});

describe("a restart of the server", () => {
  it("is announced and recovered from; taps and payouts of the meantime are all there", async () => {
    const key = Wallet.createRandom();
    const { page, faults } = await world.visit({ wallet: key });
    faults.allow(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to/);
    // A proxy's or a stopping server's answers.
    faults.allow(/status of 50[234]/);
    await signInWithExtension(page);
    await tap(page, 5);
    await purse(page, 5).waitFor();
    await world.mining(false);
    await reviewCashOut(page, 2);
    await agree(page);
    await step(page, "Sent", "done").waitFor();

    await world.stopServer();
    await page.getByText(LOST).waitFor();
    await page.getByRole("link", { name: "CoinClicker, play" }).click();
    await tap(page, 4);
    await purse(page, 7).waitFor();
    await world.startServer();
    await page.getByText(LOST).waitFor({ state: "detached" });
    await purse(page, 7).waitFor();
    await world.mining(true);

    const api = await world.api(key);
    await expect.poll(() => balanceOf(api, key.address)).toBe("7");
    // The payout that was under way ends by itself, and the player hears of it.
    await page.getByText("20 FLR").first().waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Paid", exact: true }).waitFor();
    const { items } = await api.get<{ items: PayoutView[] }>("/payouts?limit=20");
    expect(items.map(({ status }) => status)).toEqual(["confirmed"]);
  });
});

describe("a lost connection", () => {
  it("leaves neither gaps nor doubles in the feed", async () => {
    const { page } = await world.visit({ path: "about:blank" });
    const line = await interceptSockets(page);
    await page.goto("/feed");
    await page
      .getByRole("status")
      .filter({ hasText: /^Live$/ })
      .waitFor();
    const key = Wallet.createRandom();
    const api = await world.api(key);
    await api.post("/click", { clientNonce: "all", count: 40 });

    const rows = page
      .getByRole("main")
      .getByRole("listitem")
      .filter({ hasText: key.address.slice(0, 6) });
    const row = (flr: number) => rows.filter({ has: page.getByText(new RegExp(`^${flr}\\s*FLR$`)) });
    // Every amount is another, so each row is known by its amount.
    const amounts = [1n, 2n, 3n, 4n, 5n, 6n];
    for (const amount of amounts.slice(0, 2)) await paid(api, amount);
    await row(20).waitFor();
    await line.cut();
    await page.getByText("Connection lost. Reconnecting; what is missed will follow.").waitFor();
    for (const amount of amounts.slice(2, 5)) await paid(api, amount);
    expect(await row(30).count()).toBe(0);
    line.mend();
    await page.getByText("Live again. 3 missed events have been filled in.").waitFor();
    await paid(api, 6n);
    await row(60).waitFor();

    const shown = await rows.getByText(/^[0-9]+\s*FLR$/).allTextContents();
    expect(shown.map((text) => Number.parseInt(text, 10))).toEqual([60, 50, 40, 30, 20, 10]);
  });
});

async function balanceOf(api: ApiClient, account: string): Promise<string | undefined> {
  const { balances } = await api.get<{ balances: { asset: string; available: string }[] }>(
    `/balance/${account}`,
  );
  return balances.find(({ asset }) => asset === "COIN")?.available;
}

async function paid(api: ApiClient, amount: bigint): Promise<void> {
  const { id } = await api.requestPayout(amount);
  await expect.poll(async () => (await api.get<PayoutView>(`/payouts/${id}`)).status).toBe("confirmed");
}

/** The page's sockets, to be cut and mended like a cable: meanwhile new ones hang, as they do without a network. */
async function interceptSockets(page: Page): Promise<{ cut(): Promise<void>; mend(): void }> {
  const open = new Set<WebSocketRoute>();
  let mend = (): void => undefined;
  let whole = Promise.resolve();
  await page.routeWebSocket(/\/ws\//, async (socket) => {
    await whole;
    socket.connectToServer();
    open.add(socket);
  });
  return {
    async cut() {
      whole = new Promise((resolve) => {
        mend = resolve;
      });
      for (const socket of open) await socket.close();
      open.clear();
    },
    mend: () => mend(),
  };
}
