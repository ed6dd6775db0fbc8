import { randomUUID } from "node:crypto";
import { Wallet } from "ethers";
import { describe, expect, it } from "vitest";
import type { TreasurySource } from "../../src/modules/admin/index.ts";
import { createWorld, FLR, walletOf } from "../approvals/world.ts";

const chainView: Awaited<ReturnType<TreasurySource["rails"][number]["treasury"]>> = {
  rail: "flare",
  chainId: 31_337,
  vault: walletOf(7).address,
  operator: { address: walletOf(9).address, balance: "7" },
  assets: [
    {
      asset: "FLR",
      ledger: { vault: "5", rewardsAvailable: "1", rewardsHeld: "2", credited: "3", underWay: "0" },
      chain: { vault: "4", owed: "3", bucketAvailable: "10", bucketCapacity: "20" },
    },
  ],
};
const status: Awaited<ReturnType<TreasurySource["rails"][number]["status"]>> = {
  rail: "flare",
  state: "running",
  problems: ["the vault holds 1 wei less than the ledger says"],
  head: "12",
  finalBlock: "11",
  scannedBlock: "11",
  reconciledAt: "2026-03-01T12:00:00.000Z",
  drift: { FLR: { ledger: "5", chain: "4" } },
  batches: [{ id: "b", status: "submitted", size: 1, asset: "FLR", total: "9", note: null }],
  endpoints: [{ url: "http://127.0.0.1:1", healthy: false, problem: "no answer" }],
};
const settlement: TreasurySource = {
  rails: [{ rail: "flare", treasury: async () => chainView, status: async () => status }],
};
const world = await createWorld({ settlement });
const { proposer: admin, approvers, db } = world;
const [first, second] = approvers;
const key = () => ({ "idempotency-key": randomUUID() });
const body = (amount: bigint | string, to = Wallet.createRandom().address) => ({
  to,
  asset: "FLR",
  amount: amount.toString(),
});

describe("proposing a payout", () => {
  it("answers 202 with where it will be found, held from the rewards account, and written down", async () => {
    const before = await world.rewards();
    const to = Wallet.createRandom().address;
    const reply = await admin.post(
      "/admin/payout",
      { ...body(250n * FLR, to), metadata: { why: "first prize" } },
      key(),
    );
    expect(reply).toMatchObject({
      status: 202,
      body: {
        status: "pending_approval",
        to,
        asset: "FLR",
        amount: (250n * FLR).toString(),
        approvals: { required: 2, given: 0 },
      },
    });
    const id = String(reply.body.id);
    expect(reply.headers.location).toBe(`/api/v1/payouts/${id}`);
    expect((await admin.get(`/payouts/${id}`)).body).toMatchObject({ id, status: "pending_approval" });
    expect((await world.rewards()).available).toBe(before.available - 250n * FLR);
    expect(await world.auditOf(id)).toMatchObject([
      {
        actor: admin.wallet?.address,
        action: "payout_proposed",
        details: { amount: (250n * FLR).toString() },
      },
    ]);
  });

  it("gives the first reply again for the same key, also when both arrive at once, and moves money once", async () => {
    const before = await world.rewards();
    const headers = key();
    const proposal = body(100n * FLR);
    const replies = await Promise.all([1, 2, 3].map(() => admin.post("/admin/payout", proposal, headers)));
    const accepted = replies.filter(({ status }) => status === 202);
    expect(accepted.length).toBeGreaterThan(0);
    for (const { status, body: problem } of replies.filter((reply) => reply.status !== 202)) {
      expect([status, problem.code]).toEqual([409, "request_in_flight"]);
    }
    const again = await admin.post("/admin/payout", proposal, headers);
    expect([again.status, again.body, again.headers.location]).toEqual([
      202,
      accepted[0]?.body,
      accepted[0]?.headers.location,
    ]);
    expect((await world.rewards()).available).toBe(before.available - 100n * FLR);
    expect(await admin.post("/admin/payout", { ...proposal, amount: "1" }, headers)).toMatchObject({
      status: 422,
      body: { code: "idempotency_key_reused" },
    });
  });

  it.each<[why: string, change: Record<string, unknown>, status: number, code: string]>([
    ["zero", { amount: "0" }, 400, "invalid_amount"],
    ["negative", { amount: "-1" }, 400, "invalid_request"],
    ["fractional", { amount: "1.5" }, 400, "invalid_request"],
    ["10^60", { amount: `1${"0".repeat(60)}` }, 400, "invalid_request"],
    ["a JSON number", { amount: 5 }, 400, "invalid_request"],
    ["above uint96", { amount: (1n << 96n).toString() }, 422, "amount_too_large"],
    ["more than the rewards account holds", { amount: (2_000_000n * FLR).toString() }, 503, "treasury_short"],
    ["an unknown asset", { asset: "DOGE" }, 400, "unknown_asset"],
    ["points", { asset: "COIN" }, 400, "unsupported_pair"],
    ["no address", { to: "0x12" }, 400, "invalid_address"],
    ["a wrong checksum", { to: "0x70997970C51812dc3A010C7d01b50e0d17dc79c8" }, 400, "invalid_address"],
    ["the zero address", { to: `0x${"0".repeat(40)}` }, 400, "zero_address"],
    ["the vault", { to: world.config.flare.vaultAddress }, 422, "payee_is_vault"],
    ["an unknown member", { note: "x" }, 400, "invalid_request"],
  ])("refuses %s and moves nothing", async (_why, change, status, code) => {
    const before = await world.rewards();
    const reply = await admin.post("/admin/payout", { ...body(1n * FLR), ...change }, key());
    expect([reply.status, reply.body.code]).toEqual([status, code]);
    expect(await world.rewards()).toEqual(before);
  });

  it("needs an Idempotency-Key", async () => {
    expect(await admin.post("/admin/payout", body(1n * FLR))).toMatchObject({
      status: 400,
      body: { code: "invalid_request" },
    });
  });
});

describe("the list of payouts", () => {
  it("shows an approver's queue: what is given, what they signed and what they proposed", async () => {
    const both = approvers[3];
    const [mine, theirs] = [await world.propose(150n * FLR, both), await world.propose()];
    await world.approve(both, theirs);
    await world.approve(first, theirs);
    await second.delete(`/admin/payouts/${theirs}/approvals/mine`);
    const list = (await both.get("/admin/payouts?limit=10")).body as { items: Record<string, unknown>[] };
    const shown = (id: string) => list.items.find((item) => item.id === id);
    expect(shown(mine)).toMatchObject({
      proposedByMe: true,
      signedByMe: false,
      approvals: { required: 2, given: 0 },
    });
    expect(shown(theirs)).toMatchObject({ proposedByMe: false, signedByMe: true, approvals: { given: 2 } });
    const seenByAdmin = (await admin.get("/admin/payouts?limit=10")).body as {
      items: Record<string, unknown>[];
    };
    expect(seenByAdmin.items.find((item) => item.id === theirs)).toMatchObject({
      proposedByMe: true,
      signedByMe: false,
    });
  });

  it("pages through all of one status, newest first, each once", async () => {
    for (let i = 0; i < 7; i++) await world.propose();
    const { rows } = await db.pool.query<{ id: string }>(
      "SELECT id FROM payouts WHERE status = 'pending_approval' ORDER BY created_at DESC, id DESC",
    );
    const seen: unknown[] = [];
    let cursor = "";
    do {
      const page = (await first.get(`/admin/payouts?status=pending_approval&limit=3${cursor}`)).body as {
        items: { id: string; status: string }[];
        nextCursor: string | null;
      };
      expect(page.items.every(({ status }) => status === "pending_approval")).toBe(true);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor === null ? "" : `&cursor=${page.nextCursor}`;
    } while (cursor !== "");
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  it("refuses an unknown status and a cursor that it never gave", async () => {
    expect((await admin.get("/admin/payouts?status=paid")).body.code).toBe("invalid_request");
    for (const forged of ["nonsense", Buffer.from(`12:${"-".repeat(36)}`).toString("base64url")]) {
      expect(await admin.get(`/admin/payouts?cursor=${forged}`)).toMatchObject({
        status: 400,
        body: { code: "invalid_cursor" },
      });
    }
  });
});

describe("the pause switch", () => {
  it("stops requests at once, keeps the first pause, and runs again only when told so", async () => {
    expect(await admin.post("/admin/resume", { confirm: "resume", reason: "just so" })).toMatchObject({
      status: 409,
      body: { code: "not_paused" },
    });
    const paused = await admin.post("/admin/pause", { reason: " a key may be stolen " });
    expect(paused).toMatchObject({
      status: 200,
      body: {
        rail: "flare",
        paused: true,
        changed: true,
        pause: { actor: admin.wallet?.address, reason: "a key may be stolen" },
      },
    });
    expect(await admin.post("/admin/payout", body(1n * FLR), key())).toMatchObject({
      status: 503,
      body: { code: "rail_paused" },
    });
    expect(await admin.post("/admin/pause", { reason: "me too", rail: "flare" })).toMatchObject({
      status: 200,
      body: { changed: false, pause: { reason: "a key may be stolen" } },
    });
    for (const wrong of [
      { reason: "because" },
      { confirm: "yes", reason: "because" },
      { confirm: "resume" },
    ]) {
      expect((await admin.post("/admin/resume", wrong)).status).toBe(400);
    }
    expect((await admin.get("/admin/treasury")).body.rails).toMatchObject([
      { rail: "flare", pause: { reason: "a key may be stolen" } },
    ]);
    expect(await admin.post("/admin/resume", { confirm: "resume", reason: "key replaced" })).toMatchObject({
      status: 200,
      body: { paused: false, pause: { reason: "a key may be stolen" } },
    });
    expect((await admin.post("/admin/payout", body(1n * FLR), key())).status).toBe(202);
    const { rows } = await db.pool.query(
      "SELECT actor, action FROM audit_log WHERE subject = 'rail:flare' ORDER BY id",
    );
    expect(rows).toEqual([
      { actor: admin.wallet?.address, action: "rail_paused" },
      { actor: admin.wallet?.address, action: "rail_resumed" },
    ]);
  });

  it("pauses once when pressed by many at the same time", async () => {
    const replies = await Promise.all(
      Array.from({ length: 6 }, (_unused, i) => admin.post("/admin/pause", { reason: `press ${i}` })),
    );
    expect(replies.filter((reply) => reply.body.changed === true)).toHaveLength(1);
    const reasons = new Set(replies.map((reply) => (reply.body.pause as { reason: string }).reason));
    expect(reasons.size).toBe(1);
    const resumed = await Promise.all(
      [1, 2, 3].map(() => admin.post("/admin/resume", { confirm: "resume", reason: "drill over" })),
    );
    expect(resumed.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  });

  it("knows only rails that exist", async () => {
    expect((await admin.post("/admin/pause", { reason: "what for", rail: "doge" })).status).toBe(400);
  });
});

describe("the treasury", () => {
  it("adds up: what was put in is in the house accounts, and what is under way is held", async () => {
    await world.propose(150n * FLR);
    const treasury = (await admin.get("/admin/treasury")).body as {
      house: { owner: string; asset: string; posted: string; held: string; available: string }[];
      payouts: { asset: string; status: string; count: number; amount: string }[];
      rails: { chain: unknown; settlement: unknown }[];
    };
    const account = (owner: string) =>
      treasury.house.find((row) => row.owner === owner && row.asset === "FLR");
    expect(account("house:rewards")?.posted).toBe((1_000_000n * FLR).toString());
    expect(account("house:external")?.posted).toBe((-1_000_000n * FLR).toString());
    expect(account("house:credited")?.posted).toBe("0");
    const underWay = treasury.payouts.filter(({ asset }) => asset === "FLR");
    expect(underWay.length).toBeGreaterThan(0);
    expect(underWay.reduce((sum, { amount }) => sum + BigInt(amount), 0n).toString()).toBe(
      account("house:rewards")?.held,
    );
    expect(treasury.rails[0]?.chain).toEqual(chainView);
    expect(treasury.rails[0]?.settlement).toEqual(status);
  });
});

describe("the audit log", () => {
  it("can be filtered and paged, newest first", async () => {
    const id = await world.propose();
    await world.approve(first, id);
    await second.post(`/admin/payouts/${id}/rejection`, { reason: "no such prize" });
    const ofPayout = (await admin.get(`/admin/audit?subject=payout:${id}`)).body as {
      items: { id: string; action: string; actor: string }[];
    };
    expect(ofPayout.items.map(({ action }) => action)).toEqual([
      "payout_rejected",
      "payout_approved",
      "payout_proposed",
    ]);
    const one = (
      await admin.get(`/admin/audit?subject=payout:${id}&actor=${walletOf(1).address}&action=payout_approved`)
    ).body as { items: unknown[] };
    expect(one.items).toHaveLength(1);

    const seen: string[] = [];
    let cursor = "";
    do {
      const page = (await admin.get(`/admin/audit?limit=5${cursor}`)).body as {
        items: { id: string }[];
        nextCursor: string | null;
      };
      seen.push(...page.items.map((entry) => entry.id));
      cursor = page.nextCursor === null ? "" : `&cursor=${page.nextCursor}`;
    } while (cursor !== "");
    const { rows } = await db.pool.query<{ id: bigint }>("SELECT id FROM audit_log ORDER BY id DESC");
    expect(seen).toEqual(rows.map((row) => row.id.toString()));
    expect((await db.pool.query("SELECT id FROM audit_log_breaks")).rows).toEqual([]);
  });

  it("can be cut to a period", async () => {
    const items = async (query: string) =>
      ((await admin.get(`/admin/audit?limit=200&${query}`)).body as { items: unknown[] }).items.length;
    const all = await items("");
    const tomorrow = new Date(world.clock.now().getTime() + 86_400_000).toISOString();
    expect(await items(`to=${tomorrow}`)).toBe(all);
    expect(await items(`from=${tomorrow}`)).toBe(0);
    expect(await items("to=2020-01-01")).toBe(0);
    expect((await admin.get("/admin/audit?from=2026-02-01&to=2026-01-01")).body.code).toBe("invalid_period");
    expect((await admin.get("/admin/audit?from=2026-02-31T99:00:00Z")).body.code).toBe("invalid_time");
    expect((await admin.get("/admin/audit?from=yesterday")).body.code).toBe("invalid_request");
  });

  it("streams as CSV in which nothing runs as a formula", async () => {
    const id = await world.propose();
    const reason = '=HYPERLINK("http://evil","click")';
    await first.post(`/admin/payouts/${id}/rejection`, { reason });
    await db.pool.query("SELECT audit_append('=cmd()', '+action', '@subject', '{}'::jsonb)");
    const reply = await admin.get("/admin/audit?format=csv");
    expect(reply.status).toBe(200);
    expect(reply.headers["content-type"]).toBe("text/csv; charset=utf-8");
    expect(reply.headers["content-disposition"]).toContain("audit.csv");
    const lines = reply.text.trimEnd().split("\r\n");
    const { rows } = await db.pool.query<{ count: bigint }>("SELECT count(*) FROM audit_log");
    expect(BigInt(lines.length)).toBe((rows[0]?.count ?? 0n) + 1n);
    expect(lines[1]).toContain(`"'=cmd()","'+action","'@subject","{}"`);
    expect(lines[2]).toContain(JSON.stringify(reason).replaceAll('"', '""'));
    for (const line of lines) expect(line).not.toMatch(/(^|,)"[=+\-@]/);
  });

  it("exports every entry once, over more than one read, and only what the filters leave", async () => {
    await db.pool.query(
      "SELECT count(audit_append('system:bulk', 'tested', 'bulk', '{}'::jsonb)) FROM generate_series(1, 1100)",
    );
    const reply = await admin.get("/admin/audit?format=csv&subject=bulk");
    const ids = reply.text
      .trimEnd()
      .split("\r\n")
      .slice(1)
      .map((line) => Number.parseInt(line.split(",")[0]?.replaceAll('"', "") ?? "", 10));
    expect(ids).toHaveLength(1_100);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => b - a));
  });
});
