import { randomUUID } from "node:crypto";
import { Wallet } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { type Caller, createWorld, walletOf } from "../approvals/world.ts";

const world = await createWorld();
type Who = "anonymous" | "demo" | "player" | "approver" | "admin";
const callers = new Map<Who, Caller>();
let payoutId = "";

beforeAll(async () => {
  callers.set("anonymous", world.anonymous);
  callers.set("demo", await world.signInDemo());
  callers.set("player", await world.signIn(new Wallet(Wallet.createRandom().privateKey)));
  callers.set("approver", world.approvers[0]);
  callers.set("admin", world.proposer);
  payoutId = await world.propose();
});

type Route = {
  name: string;
  allowed: readonly Who[];
  call: (caller: Caller) => ReturnType<Caller["get"]>;
};

const signature = `0x${"11".repeat(65)}`;
const routes: readonly Route[] = [
  {
    name: "POST /admin/payout",
    allowed: ["admin"],
    call: (caller) =>
      caller.post(
        "/admin/payout",
        { to: walletOf(6).address, asset: "FLR", amount: "1000000000000000000" },
        { "idempotency-key": randomUUID() },
      ),
  },
  {
    name: "GET /admin/payouts",
    allowed: ["admin", "approver"],
    call: (caller) => caller.get("/admin/payouts"),
  },
  {
    name: "GET /admin/payouts/:id/approval",
    allowed: ["admin", "approver"],
    call: (caller) => caller.get(`/admin/payouts/${payoutId}/approval`),
  },
  {
    name: "POST /admin/payouts/:id/approvals",
    allowed: ["approver"],
    call: (caller) => caller.post(`/admin/payouts/${payoutId}/approvals`, { signature }),
  },
  {
    name: "DELETE /admin/payouts/:id/approvals/mine",
    allowed: ["approver"],
    call: (caller) => caller.delete(`/admin/payouts/${payoutId}/approvals/mine`),
  },
  {
    name: "POST /admin/payouts/:id/rejection",
    allowed: ["approver"],
    call: (caller) => caller.post(`/admin/payouts/${randomUUID()}/rejection`, { reason: "no reason" }),
  },
  {
    name: "POST /admin/pause",
    allowed: ["admin"],
    call: (caller) => caller.post("/admin/pause", { reason: "a drill" }),
  },
  {
    name: "POST /admin/resume",
    allowed: ["admin"],
    call: (caller) => caller.post("/admin/resume", { confirm: "resume", reason: "the drill is over" }),
  },
  { name: "GET /admin/treasury", allowed: ["admin"], call: (caller) => caller.get("/admin/treasury") },
  { name: "GET /admin/audit", allowed: ["admin"], call: (caller) => caller.get("/admin/audit") },
  {
    name: "GET /admin/audit?format=csv",
    allowed: ["admin"],
    call: (caller) => caller.get("/admin/audit?format=csv"),
  },
];

const everybody: readonly Who[] = ["anonymous", "demo", "player", "approver", "admin"];
const matrix = routes.flatMap((route) =>
  everybody.map((who) => ({
    route,
    who,
    name: route.name,
    verdict: route.allowed.includes(who) ? "may" : "may not",
  })),
);

describe("who may do what", () => {
  it.each(matrix)("$who $verdict $name", async ({ route, who }) => {
    const caller = callers.get(who);
    if (caller === undefined) throw new Error("nobody");
    const reply = await route.call(caller);
    if (route.allowed.includes(who)) {
      // Past the door, whatever the answer: a refusal there is about the payout, not about the caller.
      expect([401, 403]).not.toContain(reply.status);
      expect(reply.status).toBeLessThan(500);
    } else {
      expect(reply.status).toBe(who === "anonymous" ? 401 : 403);
      expect(reply.headers["content-type"]).toContain("application/problem+json");
    }
  });

  it("covers every route of admins and approvers", () => {
    const documented = Object.entries(world.server.swagger().paths ?? {})
      .filter(([path]) => path.startsWith("/api/v1/admin/"))
      .flatMap(([path, item]) =>
        Object.keys(item ?? {}).map(
          (method) => `${method.toUpperCase()} ${path.replace("/api/v1", "").replace("{id}", ":id")}`,
        ),
      );
    expect(documented.sort()).toEqual([...new Set(routes.map(({ name }) => name.split("?")[0]))].sort());
  });
});
