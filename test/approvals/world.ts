import { randomUUID } from "node:crypto";
import { type Provider, type TypedDataDomain, type TypedDataField, Wallet } from "ethers";
import { afterAll } from "vitest";
import { hardhatWallets } from "../../src/config.ts";
import { createAdmin, type TreasurySource } from "../../src/modules/admin/index.ts";
import { approvalsGiven, createApprovals } from "../../src/modules/approvals/index.ts";
import { createAuth } from "../../src/modules/auth/index.ts";
import { accountIds, balancesOf, postTransfers, requirePosted } from "../../src/modules/ledger/index.ts";
import { createPayouts, transitionPayouts } from "../../src/modules/payouts/index.ts";
import { createHttpServer } from "../../src/platform/http/index.ts";
import { ManualClock } from "../kit/clock.ts";
import { testConfig } from "../kit/config.ts";
import { createTestDatabase } from "../kit/database.ts";
import { silentLog } from "../kit/log.ts";

export const FLR = 10n ** 18n;

export type Reply = {
  status: number;
  body: Record<string, unknown>;
  text: string;
  headers: Record<string, unknown>;
};

/** Somebody signed in (or not), talking to the API. */
export type Caller = {
  wallet: Wallet | null;
  get(path: string): Promise<Reply>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  delete(path: string): Promise<Reply>;
};

export function walletOf(index: number): Wallet {
  return new Wallet(hardhatWallets()[index]?.privateKey ?? "");
}

/** Signs what `GET …/approval` shows, as a browser's wallet would. */
export function signShown(wallet: Wallet, typedData: unknown): Promise<string> {
  const { domain, types, message } = typedData as {
    domain: TypedDataDomain;
    types: Record<string, TypedDataField[]>;
    message: Record<string, unknown>;
  };
  const { EIP712Domain: _derived, ...own } = types;
  return wallet.signTypedData(domain, own, message);
}

/**
 * The API with approvals and everything under it, on a database of its own. Accounts 1 to 4 approve, accounts 4 and 5
 * are admins: 5 proposes without being an approver, 4 is both.
 */
export async function createWorld(
  options: { env?: Record<string, string>; provider?: Provider; settlement?: TreasurySource } = {},
) {
  const db = await createTestDatabase({ maxConnections: 20 });
  const config = testConfig({
    ADMIN_ADDRESSES: [4, 5].map((index) => walletOf(index).address).join(","),
    ...options.env,
  });
  const clock = new ManualClock(new Date());
  const log = silentLog;
  const provider = options.provider ?? null;
  const auth = createAuth({ config, db, clock, log, provider });
  const payouts = createPayouts({
    config,
    db,
    clock,
    log,
    auth,
    approvalsGiven,
    suspicionsOf: async () => [],
    xrpl: null,
  });
  const approvals = createApprovals({ xrpl: null, config, db, clock, log, auth, provider });
  const admin = createAdmin({ db, clock, auth, payouts, settlement: options.settlement ?? null });
  const server = await createHttpServer({ log, trustProxy: false, version: "test" });
  await server.register(
    async (api) => {
      for (const part of [auth, payouts, approvals, admin]) await api.register(part.routes);
    },
    { prefix: "/api/v1" },
  );
  await server.ready();
  afterAll(async () => {
    await server.close();
    await auth.close();
  });
  await fundRewards(1_000_000n * FLR);

  async function fundRewards(amount: bigint): Promise<void> {
    await db.transaction(async (tx) => {
      const [external, rewards] = await accountIds(tx, [
        { owner: "house:external", asset: "FLR" },
        { owner: "house:rewards", asset: "FLR" },
      ]);
      if (external === undefined || rewards === undefined) throw new Error("house accounts are missing");
      const id = randomUUID();
      requirePosted(
        await postTransfers(tx, [
          { kind: "posted", id, debit: external, credit: rewards, amount, cause: "funding", ref: id },
        ]),
      );
    });
  }

  function caller(wallet: Wallet | null, token: string | null): Caller {
    async function call(
      method: "GET" | "POST" | "DELETE",
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<Reply> {
      const response = await server.inject({
        method,
        url: `/api/v1${path}`,
        headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
        ...(body === undefined ? {} : { payload: body as object }),
      });
      const isJson = String(response.headers["content-type"]).includes("json");
      return {
        status: response.statusCode,
        body: isJson ? response.json() : {},
        text: response.body,
        headers: response.headers,
      };
    }
    return {
      wallet,
      get: (path) => call("GET", path),
      post: (path, body, headers) => call("POST", path, body ?? {}, headers),
      delete: (path) => call("DELETE", path),
    };
  }

  async function signIn(wallet: Wallet): Promise<Caller> {
    const anonymous = caller(null, null);
    const challenge = await anonymous.post("/auth/wallet-challenge", {
      address: wallet.address,
      chain: "flare",
    });
    const message = String(challenge.body.message);
    const verified = await anonymous.post("/auth/verify", {
      message,
      signature: await wallet.signMessage(message),
    });
    if (verified.status !== 200) throw new Error(`sign-in failed: ${verified.text}`);
    return caller(wallet, String(verified.body.token));
  }

  async function signInDemo(): Promise<Caller> {
    const answer = await caller(null, null).post("/auth/demo");
    return caller(null, String(answer.body.token));
  }

  const proposer = await signIn(walletOf(5));
  const approvers: Caller[] = [];
  for (const index of [1, 2, 3, 4]) approvers.push(await signIn(walletOf(index)));

  /** An admin's payout; 100 FLR or more wait for two approvals, 10,000 FLR or more for three. Gives its id. */
  async function propose(
    amount = 150n * FLR,
    by: Caller = proposer,
    to = Wallet.createRandom().address,
  ): Promise<string> {
    const reply = await by.post(
      "/admin/payout",
      { to, asset: "FLR", amount: amount.toString() },
      { "idempotency-key": randomUUID() },
    );
    if (reply.status !== 202) throw new Error(`the proposal was refused: ${reply.text}`);
    return String(reply.body.id);
  }

  async function sign(approver: Caller, payoutId: string): Promise<string> {
    if (approver.wallet === null) throw new Error("only a wallet signs");
    const view = await approver.get(`/admin/payouts/${payoutId}/approval`);
    if (view.status !== 200) throw new Error(`no approval to read: ${view.text}`);
    return signShown(approver.wallet, view.body.typedData);
  }

  async function approve(approver: Caller, payoutId: string): Promise<Reply> {
    const signature = await sign(approver, payoutId);
    return approver.post(`/admin/payouts/${payoutId}/approvals`, { signature });
  }

  /** Hands an approved payout to settlement, as its worker does. */
  async function batch(payoutId: string): Promise<void> {
    await db.transaction((tx) =>
      transitionPayouts(tx, {
        payoutIds: [payoutId],
        from: "approved",
        to: "batched",
        actor: "system:test",
        reason: "taken into a batch",
        now: clock.now(),
        patch: { batchId: randomUUID() },
      }),
    );
  }

  const statusOf = async (payoutId: string): Promise<string> => {
    const { rows } = await db.pool.query<{ status: string }>("SELECT status FROM payouts WHERE id = $1", [
      payoutId,
    ]);
    return rows[0]?.status ?? "missing";
  };
  const historyOf = async (payoutId: string): Promise<string[]> => {
    const { rows } = await db.pool.query<{ to_status: string }>(
      "SELECT to_status FROM payout_transitions WHERE payout_id = $1 ORDER BY version",
      [payoutId],
    );
    return rows.map((row) => row.to_status);
  };
  const auditOf = async (
    payoutId: string,
  ): Promise<{ actor: string; action: string; details: unknown }[]> => {
    const { rows } = await db.pool.query<{ actor: string; action: string; details: unknown }>(
      "SELECT actor, action, details FROM audit_log WHERE subject = $1 ORDER BY id",
      [`payout:${payoutId}`],
    );
    return rows;
  };
  const announcedTo = async (payoutId: string): Promise<unknown[]> => {
    const { rows } = await db.pool.query<{ payload: unknown }>(
      "SELECT payload FROM outbox_events WHERE channel LIKE 'account:%' AND payload ->> 'id' = $1 ORDER BY id",
      [payoutId],
    );
    return rows.map((row) => row.payload);
  };
  const rewards = async (): Promise<{ available: bigint; held: bigint }> => {
    const balance = (await balancesOf(db.pool, "house:rewards")).find((entry) => entry.asset === "FLR");
    if (balance === undefined) throw new Error("the rewards account is missing");
    return { available: balance.available, held: balance.held };
  };

  return {
    db,
    config,
    clock,
    approvals,
    payouts,
    server,
    anonymous: caller(null, null),
    proposer,
    approvers: approvers as [Caller, Caller, Caller, Caller],
    signIn,
    signInDemo,
    fundRewards,
    propose,
    sign,
    approve,
    batch,
    statusOf,
    historyOf,
    auditOf,
    announcedTo,
    rewards,
  };
}

export type World = Awaited<ReturnType<typeof createWorld>>;
