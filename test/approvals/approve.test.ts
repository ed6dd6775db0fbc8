import { getBytes, TypedDataEncoder, toBeHex, verifyTypedData, Wallet } from "ethers";
import { describe, expect, it } from "vitest";
import { approvalsGiven, signedApproval } from "../../src/modules/approvals/index.ts";
import { policyOf, savePolicy } from "../../src/modules/payouts/index.ts";
import { createWorld, FLR, signShown, walletOf } from "./world.ts";

/** Somebody with one wallet. */
const approverOf = (address: string) => ({ address, account: address });

const world = await createWorld();
const { proposer, approvers, db } = world;
const [first, second, third, fourth] = approvers;
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const transitions = async (id: string, to: string) =>
  (await world.historyOf(id)).filter((status) => status === to).length;

describe("approving a payout", () => {
  it("takes what a wallet signs, and the signature that completes the quorum approves it", async () => {
    const id = await world.propose();
    expect(await world.statusOf(id)).toBe("pending_approval");
    expect(await world.approve(first, id)).toMatchObject({
      status: 200,
      body: { payoutId: id, status: "pending_approval", required: 2, given: 1 },
    });
    expect(await world.statusOf(id)).toBe("pending_approval");
    // Whom it is for sees each signature come, not only the last.
    expect((await world.announcedTo(id)).at(-1)).toMatchObject({ id, approvals: { required: 2, given: 1 } });
    expect(await world.approve(second, id)).toMatchObject({
      status: 200,
      body: { status: "approved", given: 2 },
    });
    expect(await world.historyOf(id)).toEqual(["requested", "pending_approval", "approved"]);
    expect((await world.auditOf(id)).filter(({ action }) => action === "payout_approved")).toMatchObject([
      { actor: first.wallet?.address, details: { given: 1, status: "pending_approval" } },
      { actor: second.wallet?.address, details: { given: 2, status: "approved" } },
    ]);
  });

  it("needs three approvers from 10,000 FLR on", async () => {
    const id = await world.propose(10_000n * FLR);
    await world.approve(first, id);
    expect((await world.approve(second, id)).body).toMatchObject({
      status: "pending_approval",
      required: 3,
      given: 2,
    });
    expect((await world.approve(third, id)).body).toMatchObject({ status: "approved", given: 3 });
  });

  it("keeps signatures as the vault takes them: ascending by address, one for each signer", async () => {
    const id = await world.propose(10_000n * FLR);
    for (const approver of [first, fourth, second]) await world.approve(approver, id);
    const { approvals: signatures } = await signedApproval(db.pool, id);
    const addresses = [1, 2, 4].map((index) => walletOf(index).address);
    expect(signatures.map(({ signer }) => signer)).toEqual(
      addresses.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
    );
    const { typedData } = (await first.get(`/admin/payouts/${id}/approval`)).body as { typedData: never };
    const { domain, types, message } = typedData as {
      domain: never;
      types: Record<string, never>;
      message: never;
    };
    const { EIP712Domain: _derived, ...own } = types;
    for (const { signer, signature } of signatures) {
      expect(verifyTypedData(domain, own, message, signature)).toBe(signer);
    }
    expect(await approvalsGiven(db.pool, [id])).toEqual(new Map([[id, 3]]));
  });

  it("takes a signature whose v is 0 or 1, and keeps it with 27 or 28", async () => {
    const id = await world.propose();
    const signature = await world.sign(first, id);
    const v = signature.endsWith("1b") ? "00" : "01";
    const reply = await first.post(`/admin/payouts/${id}/approvals`, {
      signature: signature.slice(0, 130) + v,
    });
    expect(reply.status).toBe(200);
    expect((await signedApproval(db.pool, id)).approvals).toEqual([
      { signer: first.wallet?.address, signature },
    ]);
  });
});

describe("an approval is refused", () => {
  async function refused(
    id: string,
    by: typeof first,
    signature: string,
    problem: { status: number; code: string; detail?: RegExp },
  ): Promise<void> {
    const { approvals: before } = await signedApproval(db.pool, id);
    const reply = await by.post(`/admin/payouts/${id}/approvals`, { signature });
    expect(reply).toMatchObject({ status: problem.status, body: { code: problem.code } });
    if (problem.detail !== undefined) expect(reply.body.detail).toMatch(problem.detail);
    expect((await signedApproval(db.pool, id)).approvals).toEqual(before);
  }

  it("when the same approver signs twice", async () => {
    const id = await world.propose();
    await world.approve(first, id);
    await refused(id, first, await world.sign(first, id), { status: 409, code: "already_approved" });
    expect(await world.statusOf(id)).toBe("pending_approval");
  });

  it("when it is for another payout", async () => {
    const [id, other] = [await world.propose(), await world.propose()];
    await refused(id, first, await world.sign(first, other), { status: 422, code: "wrong_payload" });
  });

  it("when it is for the same payout on another vault or chain", async () => {
    const id = await world.propose();
    const { typedData } = (await first.get(`/admin/payouts/${id}/approval`)).body as {
      typedData: { domain: Record<string, unknown> };
    };
    for (const change of [{ chainId: 14 }, { verifyingContract: walletOf(8).address }, { version: "2" }]) {
      const foreign = { ...typedData, domain: { ...typedData.domain, ...change } };
      await refused(id, first, await signShown(walletOf(1), foreign), { status: 422, code: "wrong_payload" });
    }
  });

  it("when any part of what was shown was changed before signing", async () => {
    const id = await world.propose();
    const { typedData } = (await first.get(`/admin/payouts/${id}/approval`)).body as {
      typedData: { message: Record<string, string> };
    };
    const changes = {
      number: "1",
      asset: walletOf(8).address,
      to: walletOf(8).address,
      amount: "1",
      validUntil: "99999999999",
    };
    for (const [field, value] of Object.entries(changes)) {
      const changed = { ...typedData, message: { ...typedData.message, [field]: value } };
      await refused(id, first, await signShown(walletOf(1), changed), { status: 422, code: "wrong_payload" });
    }
  });

  it("when the digest was signed as a personal message", async () => {
    const id = await world.propose();
    const digest = String((await first.get(`/admin/payouts/${id}/approval`)).body.digest);
    const signature = await walletOf(1).signMessage(getBytes(digest));
    await refused(id, first, signature, {
      status: 422,
      code: "wrong_payload",
      detail: /eth_signTypedData_v4/,
    });
  });

  it("when another key signed it", async () => {
    const id = await world.propose();
    const { typedData } = (await first.get(`/admin/payouts/${id}/approval`)).body;
    await refused(id, first, await signShown(new Wallet(Wallet.createRandom().privateKey), typedData), {
      status: 422,
      code: "wrong_payload",
    });
  });

  it("when it is another approver's own signature", async () => {
    const id = await world.propose();
    await refused(id, first, await world.sign(second, id), { status: 422, code: "wrong_signer" });
  });

  it("when it is malleated, or no signature at all", async () => {
    const id = await world.propose();
    const signature = await world.sign(first, id);
    const s = N - BigInt(`0x${signature.slice(66, 130)}`);
    const malleated = `${signature.slice(0, 66)}${toBeHex(s, 32).slice(2)}${signature.endsWith("1b") ? "1c" : "1b"}`;
    await refused(id, first, malleated, { status: 400, code: "malformed_signature", detail: /EIP-2/ });
    await refused(id, first, signature.slice(0, 130), { status: 400, code: "malformed_signature" });
    await refused(id, first, `${signature}00`, { status: 400, code: "malformed_signature" });
    await refused(id, first, "0xno", { status: 400, code: "invalid_request" });
    await refused(id, first, `0x${"ff".repeat(9_000)}`, { status: 400, code: "invalid_request" });
    await refused(id, first, `0x${"00".repeat(65)}`, { status: 400, code: "malformed_signature" });
  });

  it("when the approver proposed the payout", async () => {
    const id = await world.propose(150n * FLR, fourth);
    await refused(id, fourth, await world.sign(fourth, id), { status: 403, code: "proposer_cannot_approve" });
    await world.approve(first, id);
    expect((await world.approve(second, id)).body.status).toBe("approved");
  });

  it("when somebody is no approver, admin or not", async () => {
    const id = await world.propose();
    const signature = await world.sign(proposer, id);
    await refused(id, proposer, signature, { status: 403, code: "role_required" });
    await expect(
      world.approvals.approve(approverOf(walletOf(5).address), id, { signature: signature }),
    ).rejects.toMatchObject({
      code: "not_an_approver",
    });
  });

  it("when the payout is unknown, needs no approval, or is over", async () => {
    const unknown = "00000000-0000-7000-8000-000000000000";
    const id = await world.propose();
    const signature = await world.sign(first, id);
    expect(await first.post(`/admin/payouts/${unknown}/approvals`, { signature })).toMatchObject({
      status: 404,
      body: { code: "payout_not_found" },
    });
    const small = await world.propose(1n * FLR);
    await refused(small, first, signature, { status: 409, code: "not_pending_approval", detail: /approved/ });
    expect(await first.get(`/admin/payouts/${small}/approval`)).toMatchObject({
      status: 409,
      body: { code: "nothing_to_sign" },
    });
    await world.approve(second, id);
    await world.approve(third, id);
    await refused(id, first, signature, { status: 409, code: "not_pending_approval", detail: /is approved/ });
  });
});

describe("taking an approval back", () => {
  it("lets the payout wait again, and the same approver sign again", async () => {
    const id = await world.propose();
    await world.approve(first, id);
    await world.approve(second, id);
    const reply = await first.delete(`/admin/payouts/${id}/approvals/mine`);
    expect(reply).toMatchObject({ status: 200, body: { status: "pending_approval", given: 1 } });
    expect(await first.delete(`/admin/payouts/${id}/approvals/mine`)).toMatchObject({
      status: 404,
      body: { code: "not_approved_by_you" },
    });
    expect((await world.approve(first, id)).body).toMatchObject({ status: "approved", given: 2 });
    expect(await world.historyOf(id)).toEqual([
      "requested",
      "pending_approval",
      "approved",
      "pending_approval",
      "approved",
    ]);
    const { rows } = await db.pool.query(
      "SELECT revoked_by FROM approvals WHERE payout_id = $1 ORDER BY revoked_at NULLS LAST",
      [id],
    );
    expect(rows).toEqual([{ revoked_by: first.wallet?.address }, { revoked_by: null }, { revoked_by: null }]);
    expect((await world.auditOf(id)).map(({ action }) => action)).toContain("approval_revoked");
  });

  it("keeps a payout approved while others still make the quorum", async () => {
    const id = await world.propose();
    // Held at two signatures while a third is added by hand, as when the tier needed three.
    await world.approve(first, id);
    await world.approve(second, id);
    const signature = await world.sign(third, id);
    await db.pool.query(
      `INSERT INTO approvals (id, payout_id, approver, account, signature, digest, valid_until, created_at)
       SELECT gen_random_uuid(), payout_id, $2, $2, $3, digest, valid_until, created_at FROM approvals WHERE payout_id = $1 LIMIT 1`,
      [id, third.wallet?.address, signature],
    );
    expect((await first.delete(`/admin/payouts/${id}/approvals/mine`)).body).toMatchObject({
      status: "approved",
      given: 2,
    });
  });

  it("is too late once the payout is in a batch, and pointless once it has ended", async () => {
    const id = await world.propose();
    await world.approve(first, id);
    await world.approve(second, id);
    await world.batch(id);
    expect(await first.delete(`/admin/payouts/${id}/approvals/mine`)).toMatchObject({
      status: 409,
      body: { code: "too_late" },
    });
    expect(await approvalsGiven(db.pool, [id])).toEqual(new Map([[id, 2]]));

    const rejected = await world.propose();
    await world.approve(first, rejected);
    await second.post(`/admin/payouts/${rejected}/rejection`, { reason: "not this one" });
    expect(await first.delete(`/admin/payouts/${rejected}/approvals/mine`)).toMatchObject({
      status: 409,
      body: { code: "not_pending_approval" },
    });
  });
});

describe("rejecting", () => {
  it("ends the payout with the reason and gives back what was held for it", async () => {
    const before = await world.rewards();
    const id = await world.propose(321n * FLR);
    expect(await world.rewards()).toEqual({
      available: before.available - 321n * FLR,
      held: before.held + 321n * FLR,
    });
    await world.approve(first, id);
    const reply = await second.post(`/admin/payouts/${id}/rejection`, { reason: "  wrong address  " });
    expect(reply).toMatchObject({ status: 200, body: { status: "rejected", given: 1 } });
    expect(await world.rewards()).toEqual(before);
    expect(await world.auditOf(id)).toContainEqual({
      actor: second.wallet?.address,
      action: "payout_rejected",
      details: { reason: "wrong address", given: 1, required: 2 },
    });
    expect(await third.post(`/admin/payouts/${id}/rejection`, { reason: "me too" })).toMatchObject({
      status: 409,
      body: { code: "not_rejectable", details: { status: "rejected" } },
    });
  });

  it("also ends a payout that waits because its address is new, whatever its amount", async () => {
    const policy = await policyOf(db.pool, "FLR");
    if (policy === null) throw new Error("FLR has no policy");
    await savePolicy(db.pool, { ...policy, firstAddressDelaySeconds: 3_600 });
    const before = await world.rewards();
    const id = await world.propose(1n * FLR);
    await savePolicy(db.pool, policy);
    expect(await world.statusOf(id)).toBe("requested");
    expect(
      (await first.post(`/admin/payouts/${id}/rejection`, { reason: "typo in the address" })).body,
    ).toMatchObject({
      status: "rejected",
    });
    expect(await world.rewards()).toEqual(before);
  });

  it("needs a reason", async () => {
    const id = await world.propose();
    for (const body of [
      {},
      { reason: "" },
      { reason: "    " },
      { reason: "x".repeat(501) },
      { reason: "ok so", by: 1 },
    ]) {
      expect((await first.post(`/admin/payouts/${id}/rejection`, body)).status).toBe(400);
    }
    expect(await world.statusOf(id)).toBe("pending_approval");
  });
});

describe("an act that fails half-way", () => {
  it("leaves nothing: no signature, no transition, no audit entry", async () => {
    const id = await world.propose();
    await world.approve(first, id);
    const signature = await world.sign(second, id);
    const rewards = await world.rewards();
    await db.pool.query(`CREATE FUNCTION fail_audit() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'the audit log cannot be written'; END $$`);
    await db.pool.query(
      "CREATE TRIGGER fail_audit BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION fail_audit()",
    );
    try {
      expect((await second.post(`/admin/payouts/${id}/approvals`, { signature })).status).toBe(500);
      expect((await first.delete(`/admin/payouts/${id}/approvals/mine`)).status).toBe(500);
      expect((await first.post(`/admin/payouts/${id}/rejection`, { reason: "no more" })).status).toBe(500);
    } finally {
      await db.pool.query("DROP TRIGGER fail_audit ON audit_log");
    }
    expect(await world.statusOf(id)).toBe("pending_approval");
    expect(await approvalsGiven(db.pool, [id])).toEqual(new Map([[id, 1]]));
    expect(await world.rewards()).toEqual(rewards);
    expect((await second.post(`/admin/payouts/${id}/approvals`, { signature })).body.status).toBe("approved");
    expect(await transitions(id, "approved")).toBe(1);
  });
});

describe("the table of approvals", () => {
  it("forgets and changes nothing, and takes a signature back once only", async () => {
    const id = await world.propose();
    await world.approve(first, id);
    const digest = String((await first.get(`/admin/payouts/${id}/approval`)).body.digest);
    expect(digest).toMatch(/^0x[0-9a-f]{64}$/);
    for (const statement of [
      "DELETE FROM approvals",
      "TRUNCATE approvals",
      "UPDATE approvals SET signature = '0x00'",
      "UPDATE approvals SET approver = 'somebody'",
    ]) {
      await expect(db.pool.query(statement), statement).rejects.toMatchObject({ code: "42501" });
    }
    await first.delete(`/admin/payouts/${id}/approvals/mine`);
    await expect(
      db.pool.query(
        "UPDATE approvals SET revoked_at = NULL, revoked_by = NULL, revoked_reason = NULL WHERE payout_id = $1",
        [id],
      ),
    ).rejects.toMatchObject({ code: "23001" });
  });

  it("holds one standing signature for each payout and approver, whatever the code above believes", async () => {
    const id = await world.propose();
    await world.approve(first, id);
    await expect(
      db.pool.query(
        `INSERT INTO approvals (id, payout_id, approver, account, signature, digest, valid_until, created_at)
         SELECT gen_random_uuid(), payout_id, approver, account, signature, digest, valid_until, created_at FROM approvals WHERE payout_id = $1`,
        [id],
      ),
    ).rejects.toMatchObject({ code: "23505", constraint: "approvals_active" });
  });
});

describe("what to sign", () => {
  it("is the whole EIP-712 payload of IPayoutVault's Payout", async () => {
    const to = Wallet.createRandom().address;
    const id = await world.propose(150n * FLR, proposer, to);
    const view = (await first.get(`/admin/payouts/${id}/approval`)).body as {
      typedData: {
        domain: object;
        types: Record<string, { name: string; type: string }[]>;
        message: Record<string, string>;
      };
      digest: string;
      required: number;
    };
    expect(view.required).toBe(2);
    expect(view.typedData).toMatchObject({
      primaryType: "Payout",
      domain: {
        name: "CoinClicker PayoutVault",
        version: "1",
        chainId: 31_337,
        verifyingContract: world.config.flare.vaultAddress,
      },
      message: { asset: "0x0000000000000000000000000000000000000000", to, amount: (150n * FLR).toString() },
    });
    expect(view.typedData.types.EIP712Domain?.map(({ name }) => name)).toEqual([
      "name",
      "version",
      "chainId",
      "verifyingContract",
    ]);
    const { EIP712Domain: _derived, ...types } = view.typedData.types;
    const encoder = TypedDataEncoder.from(types);
    expect(encoder.encodeType("Payout")).toBe(
      "Payout(uint256 number,address asset,address to,uint256 amount,uint64 validUntil)",
    );
    expect(TypedDataEncoder.hash(view.typedData.domain, types, view.typedData.message)).toBe(view.digest);
    // Bits 60 and 61 name the signed series.
    expect(BigInt(view.typedData.message.number ?? 0) >> 60n).toBe(1n);
  });

  it("comes with what it means: who, how much, to where, for the first time, under which limits", async () => {
    const id = await world.propose();
    await world.approve(second, id);
    const { summary, signatures } = (await first.get(`/admin/payouts/${id}/approval`)).body as {
      summary: Record<string, unknown>;
      signatures: unknown[];
    };
    expect(summary).toMatchObject({
      status: "pending_approval",
      amount: { asset: "FLR", amount: (150n * FLR).toString(), formatted: "150 FLR" },
      firstPaymentToAddress: true,
      history: { count: 0, total: "0", formatted: "0 FLR" },
      limitsToday: { player: null, asset: { used: expect.stringMatching(/^[1-9]/) } },
      proposedBy: proposer.wallet?.address,
      reason: expect.stringContaining("2 of 4"),
      signedBy: [{ approver: second.wallet?.address }],
    });
    expect(summary.text).toMatch(/^Pay 150 FLR \(150000000000000000000 minor units\) to 0x/);
    expect(summary.warnings).toContain("this address was never paid before");
    expect(signatures).toHaveLength(1);
  });

  it("comes with a simulation that says what it does not know", async () => {
    const id = await world.propose();
    const { available, held } = await world.rewards();
    const { simulation } = (await first.get(`/admin/payouts/${id}/approval`)).body;
    const unknown = { value: null, note: expect.stringMatching(/no connection to the chain/) };
    expect(simulation).toEqual({
      funds: {
        owner: "house:rewards",
        asset: "FLR",
        before: (available + held).toString(),
        after: (available + held - 150n * FLR).toString(),
        available: available.toString(),
      },
      vault: {
        address: world.config.flare.vaultAddress,
        balanceBefore: unknown,
        balanceAfter: unknown,
        paused: unknown,
        numberConsumed: unknown,
      },
      requiredApprovals: { ours: 2, onChain: unknown, agree: null },
      payeeIsContract: unknown,
      payeeProblem: { value: null, note: null },
    });
  });

  it("warns whoever looks that they proposed it or would be paid by it", async () => {
    const id = await world.propose(150n * FLR, fourth, walletOf(1).address);
    const warnings = async (caller: typeof first) =>
      ((await caller.get(`/admin/payouts/${id}/approval`)).body.summary as { warnings: string[] }).warnings;
    expect(await warnings(first)).toContain("you are the payee of this payout");
    expect(await warnings(fourth)).toContain("you proposed this payout, so you cannot approve it");
    expect(await warnings(second)).not.toContain("you are the payee of this payout");
  });
});
