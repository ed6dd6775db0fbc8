import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Wallet } from "xrpl";
import { startLocalXrpl } from "../../scripts/local/xrpl.ts";
import type { Payout } from "../../src/modules/payouts/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import { refusal, XrplProxy, type XrplReply, type XrplRequest } from "./xrpl-proxy.ts";
import { createXrplWorld, XRP, type XrplWorld } from "./xrpl-world.ts";

const databases = await Promise.all(
  Array.from({ length: 9 }, () => createTestDatabase({ maxConnections: 6 })),
);

let world: XrplWorld;
let servers: XrplProxy[];

async function begin(count: 2 | 3 = 2): Promise<void> {
  const db = databases.pop();
  if (db === undefined) throw new Error("more tests than databases");
  const local = await startLocalXrpl({ closeEveryMs: null, tickets: 8 });
  servers = Array.from({ length: count }, () => new XrplProxy(local.ledger.url));
  const urls = await Promise.all(servers.map((server) => server.start()));
  world = await createXrplWorld({ db, local, urls, timeoutMs: 500 });
  await world.begin();
}

beforeEach(() => {
  servers = [];
});

afterEach(async () => {
  await world.close();
  for (const server of servers) server.stop();
  await world.ledger.stop();
});

const small = () => world.propose(2n * XRP, Wallet.generate().address);

/** One sent payment, and one that waits for its turn. */
async function sent(): Promise<Payout> {
  const made = await small();
  await world.settle();
  expect(await world.statuses([made])).toEqual(["submitted"]);
  return made;
}

/** A few passes while ledgers close, that conclude nothing and send nothing. */
async function expectNothingConcluded(made: Payout): Promise<void> {
  const before = await world.attempts();
  const waiting = await small();
  for (let pass = 0; pass < 3; pass += 1) {
    await world.settlement.tick();
    await world.ledger.accept();
  }
  expect(await world.statuses([made, waiting])).toEqual(["submitted", "approved"]);
  expect(await world.attempts()).toEqual(before);
  const { state, problems } = await world.settlement.status();
  expect(state).toBe("unreachable");
  expect(problems.join()).toContain("differently");
  for (const server of servers) server.honest();
  await world.live(14);
  await world.expectAllPaidOnce([made, waiting]);
  expect(await world.settlement.status()).toMatchObject({ state: "running", problems: [], drift: null });
}

type Lie = (request: XrplRequest, reply: XrplReply) => XrplReply;

const hideTickets: Lie = ({ command }, reply) =>
  command === "account_objects" && reply.result !== undefined
    ? { ...reply, result: { ...reply.result, account_objects: [] } }
    : reply;

/** As a server whose history lacks what the treasury did lately. */
function hideTransactions(from: number): Lie {
  return ({ command }, reply) => {
    const { result, id } = reply;
    if (command === "tx" && Number(result?.ledger_index ?? 0) >= from) return refusal(id, "txnNotFound");
    const all = result?.transactions as { ledger_index: number }[] | undefined;
    if (command !== "account_tx" || all === undefined) return reply;
    const transactions = all.filter(({ ledger_index: index }) => index < from);
    return { ...reply, result: { ...result, transactions } };
  };
}

describe("two servers that disagree", () => {
  for (const liar of [0, 1]) {
    const which = liar === 0 ? "the first" : "the second";

    it(`conclude nothing from a ticket that ${which} hides`, async () => {
      await begin();
      world.ledger.faults.dropSubmissions(2);
      const made = await sent();
      const server = servers[liar];
      if (server !== undefined) server.rewrite = hideTickets;
      await expectNothingConcluded(made);
    });

    it(`conclude nothing from a payment that ${which} hides`, async () => {
      await begin();
      const made = await sent();
      const server = servers[liar];
      if (server !== undefined) server.rewrite = hideTransactions(world.ledger.validatedIndex() + 1);
      await world.ledger.accept();
      await expectNothingConcluded(made);
    });
  }

  it("conclude nothing from a payment that one has made up", async () => {
    await begin();
    world.ledger.faults.dropSubmissions(2);
    const made = await sent();
    const [first] = servers;
    if (first === undefined) throw new Error("there is no server");
    const ledger_index = world.ledger.validatedIndex();
    const meta = { TransactionResult: "tesSUCCESS", AffectedNodes: [], delivered_amount: "2000000" };
    first.rewrite = ({ command, transaction }, reply) => {
      if (command !== "tx") return reply;
      const result = { hash: transaction, validated: true, ledger_index, meta, tx_json: {} };
      return { id: reply.id, type: "response", status: "success", result };
    };
    await expectNothingConcluded(made);
  });

  it("conclude nothing while one is behind, and go on when it has caught up", async () => {
    await begin();
    const made = await sent();
    const [first, second] = servers;
    if (first === undefined || second === undefined) throw new Error("there are no two servers");
    second.newestLedger = world.ledger.validatedIndex();
    await world.ledger.accept(2);
    await world.settlement.tick();
    expect(await world.statuses([made])).toEqual(["submitted"]);
    expect((await world.settlement.status()).state).toBe("unreachable");
    second.honest();
    await world.live(2);
    await world.expectAllPaidOnce([made]);
    // The first one behind what the second has told already: the past must not look undone.
    first.newestLedger = world.ledger.validatedIndex() - 2;
    const next = await small();
    await world.settlement.tick();
    await world.settlement.tick();
    expect(await world.attempts()).toHaveLength(1);
    first.honest();
    await world.live(2);
    await world.expectAllPaidOnce([made, next]);
  });

  it("are believed by the treasury's history where they do not find a payment by its hash", async () => {
    await begin();
    for (const server of servers) {
      server.rewrite = ({ command, id }, reply) => (command === "tx" ? refusal(id, "txnNotFound") : reply);
    }
    const made = await sent();
    await world.live(2);
    await world.expectAllPaidOnce([made]);
    // By nobody else: it was ours.
    const { rowCount } = await world.db.pool.query(
      "SELECT 1 FROM audit_log WHERE action = 'foreign_nonce_use'",
    );
    expect(rowCount).toBe(0);
  });

  it("pay once when answers to submits are late or lost", async () => {
    await begin();
    const [first, second] = servers;
    if (first === undefined || second === undefined) throw new Error("there are no two servers");
    first.rewrite = ({ command }, reply) => (command === "submit" ? null : reply);
    second.delayMs = 120;
    const made = [await small(), await small()];
    await world.settlement.tick();
    expect(await world.statuses(made)).toEqual(["submitted", "submitted"]);
    for (const server of servers) server.honest();
    await expect
      .poll(() => world.live(1).then(() => world.statuses(made)))
      .toEqual(["confirmed", "confirmed"]);
    await world.expectAllPaidOnce(made);
  });
});

describe("three servers", () => {
  it("pay on when two of them agree, whatever the third one says", async () => {
    await begin(3);
    const [first] = servers;
    if (first === undefined) throw new Error("there is no server");
    first.rewrite = (request, reply) => hideTickets(request, hideTransactions(0)(request, reply));
    const made = [await small(), await small()];
    await world.live(3);
    await world.expectAllPaidOnce(made);
  });
});
