import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { classicAddressToXAddress, Wallet } from "xrpl";
import { accountIds, postTransfers, requirePosted } from "../../src/modules/ledger/index.ts";
import { createPayouts, findPayout } from "../../src/modules/payouts/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { derivedId, newId } from "../../src/platform/ids.ts";
import { createLimiters } from "../../src/platform/rate-limit.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";
import { createXrplWorld, XRP, type XrplWorld } from "../settlement/xrpl-world.ts";

const db = await createTestDatabase();
let world: XrplWorld;

beforeAll(async () => {
  world = await createXrplWorld({ db });
  await world.begin();
});
afterAll(() => world.close());

/** A player who has XRP on the ledger, signed in with that wallet. */
async function playerWith(drops: bigint, address: string) {
  const playerId = newId(new Date());
  await db.pool.query(
    "INSERT INTO users (id, kind, wallet_address, display_name, created_at) VALUES ($1, 'wallet', $2, 'somebody', now())",
    [playerId, address],
  );
  await db.transaction(async (tx) => {
    const [debit = 0n, credit = 0n] = await accountIds(
      tx,
      ["house:rewards", `player:${playerId}`].map((owner) => ({ owner, asset: "XRP" })),
    );
    const id = derivedId("gift", playerId);
    requirePosted(
      await postTransfers(tx, [
        { kind: "posted", id, debit, credit, amount: drops, cause: "gift", ref: "test" },
      ]),
    );
  });
  return { playerId, account: address, address: null, roles: ["player" as const] };
}

type Player = Awaited<ReturnType<typeof playerWith>>;
type Wish = { amount?: bigint; to?: string; destinationTag?: number; delivery?: "claim" };

/** As the API does it: the ledger is asked first, then the payout is placed. */
async function request(player: Player, { amount = 2n * XRP, ...wish }: Wish = {}) {
  const intent = { asset: "XRP", amount, payAs: "XRP", ...wish };
  const problem = await world.payouts.findProblem(player, intent);
  if (problem !== null) throw problem;
  return db.transaction((tx) => world.payouts.requestPayout(tx, player, intent));
}

const EVM = "0x00000000000000000000000000000000000A11cE";

describe("whom a payout in XRP goes to", () => {
  it("is the player's own wallet where they name none", async () => {
    const wallet = await world.fundedAccount();
    const player = await playerWith(5n * XRP, wallet.address);
    expect(await request(player)).toMatchObject({ rail: "xrpl", to: wallet.address, status: "approved" });
  });

  it("is nobody where an account has no wallet there, and says what to do", async () => {
    const player = await playerWith(5n * XRP, EVM);
    await expect(request(player)).rejects.toMatchObject({ code: "no_wallet_on_rail" });
  });

  it("is the same account in every form that people copy, with its tag", async () => {
    const exchange = await world.fundedAccount();
    const player = await playerWith(50n * XRP, Wallet.generate().address);
    const xAddress = classicAddressToXAddress(exchange.address, 7, true);
    for (const wish of [
      { to: exchange.address, destinationTag: 7 },
      { to: `${exchange.address}:7` },
      { to: xAddress },
    ]) {
      expect((await request(player, wish)).to).toBe(`${exchange.address}:7`);
    }
    await expect(request(player, { to: xAddress, destinationTag: 8 })).rejects.toMatchObject({
      code: "destination_tag_contradicts",
    });
    const mainnet = classicAddressToXAddress(exchange.address, 7, false);
    await expect(request(player, { to: mainnet })).rejects.toMatchObject({ code: "wrong_network_address" });
  });

  it("is refused before anything is held where the ledger would refuse it", async () => {
    const player = await playerWith(50n * XRP, Wallet.generate().address);
    const tagged = await world.fundedAccount();
    await world.submitAs(tagged.seed ?? "", { TransactionType: "AccountSet", SetFlag: 1 });
    const guarded = await world.fundedAccount();
    await world.submitAs(guarded.seed ?? "", { TransactionType: "AccountSet", SetFlag: 9 });
    for (const [wish, code] of [
      [{ to: Wallet.generate().address, amount: XRP / 2n }, "destination_unfunded"],
      [{ to: tagged.address }, "destination_tag_required"],
      [{ to: guarded.address, amount: 20n * XRP }, "deposit_not_authorized"],
      [{ to: world.treasury }, "payee_is_vault"],
      [{ to: "rrrrrrrrrrrrrrrrrrrrrhoLvTp" }, "black_hole_address"],
      [{ to: EVM }, "invalid_address"],
    ] as const) {
      await expect(request(player, wish), code).rejects.toMatchObject({ code });
    }
    const [{ open } = { open: -1 }] = (
      await db.pool.query("SELECT count(*)::int AS open FROM payouts WHERE account = $1", [player.account])
    ).rows;
    expect(open).toBe(0);
    expect(await world.posted(`player:${player.playerId}`, "XRP")).toBe(50n * XRP);
  });

  it("cannot claim it there", async () => {
    const wallet = await world.fundedAccount();
    const player = await playerWith(5n * XRP, wallet.address);
    await expect(request(player, { delivery: "claim" })).rejects.toMatchObject({
      code: "rail_has_no_claims",
    });
  });

  it("is not asked of the ledger without end", async () => {
    const limiter = createLimiters({ redis: null, log: silentLog });
    const payouts = createPayouts({
      config: world.config,
      db,
      clock: systemClock,
      log: silentLog,
      auth: { requireSession: async () => undefined, requireRole: () => async () => undefined },
      approvalsGiven: async () => new Map(),
      suspicionsOf: async () => [],
      xrpl: world.client,
      payeeChecks: limiter.limit({ name: "payee-check", points: 3, seconds: 60 }),
    });
    const wallet = await world.fundedAccount();
    const player = await playerWith(5n * XRP, wallet.address);
    const ask = () => payouts.findProblem(player, { asset: "XRP", amount: XRP, payAs: "XRP" });
    for (let i = 0; i < 3; i += 1) expect(await ask()).toBeNull();
    await expect(ask()).rejects.toMatchObject({ code: "rate_limited" });
    limiter.close();
  });

  it("states in the receipt what the ledger shows of it", async () => {
    const wallet = await world.fundedAccount();
    const player = await playerWith(5n * XRP, wallet.address);
    const { id } = await request(player);
    await world.settle();
    await world.live(1);
    const payout = await findPayout(db.pool, id);
    if (payout === null) throw new Error("the payout is gone");
    const receipt = await world.payouts.receipt(payout);
    expect(receipt.chain).toMatchObject({ chainId: 21_337, vault: world.treasury, txHash: payout.txHash });
    const { tx_json: sent, meta } = await world.client.request<{
      tx_json: { Memos: { Memo: { MemoData: string } }[] };
      meta: { delivered_amount: string };
    }>({ command: "tx", transaction: payout.txHash ?? "" });
    const memo = Buffer.from(sent.Memos[0]?.Memo.MemoData ?? "", "hex").toString();
    expect(receipt.verify.join("\n")).toContain(`is ${memo};`);
    expect(receipt.verify.join("\n")).toContain(`what arrived: ${meta.delivered_amount} minor units`);
  });
});
