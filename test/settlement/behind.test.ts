import { afterAll, expect, it } from "vitest";
import { createTestDatabase } from "../kit/database.ts";
import { RpcProxy } from "./rpc-proxy.ts";
import { createWorld, FLR, startTestChain } from "./world.ts";

const chain = await startTestChain();
const db = await createTestDatabase({ maxConnections: 8 });
const proxy = new RpcProxy(chain.url);
const world = await createWorld({ chain, db, urls: [await proxy.start()] });
afterAll(async () => {
  proxy.stop();
  await world.close();
  await chain.stop();
});

/** Behind a load balancer each answer may come from another node, so a view can be ahead of what is asked next. */
it("a node without a block that was read before is behind; it does not mean that history was replaced", async () => {
  await world.settle();
  const { rows } = await db.pool.query<{ scanned: bigint }>(
    "SELECT scanned_block AS scanned FROM rail_state WHERE rail = 'flare'",
  );
  const scanned = `0x${rows[0]?.scanned.toString(16)}`;
  await world.mine(2);

  let withheld = 0;
  proxy.rewrite = (request, reply) => {
    if (request.method !== "eth_getBlockByNumber" || request.params[0] !== scanned) return reply;
    withheld += 1;
    return { result: null };
  };
  const late = await world.proposeMany(1, FLR);
  await world.settlement.tick();
  expect(withheld).toBeGreaterThan(0);
  const status = await world.settlement.status();
  expect(status.state).toBe("unreachable");
  expect(status.problems.join()).toContain("waiting until it has caught up");

  proxy.rewrite = (_request, reply) => reply;
  await world.settle();
  expect(await world.settlement.status()).toMatchObject({ state: "running", problems: [] });
  await world.expectExactlyOnce(late);
});
