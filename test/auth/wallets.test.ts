import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Wallet as XrplWallet } from "xrpl";
import { payToAddress, playerOfWallet } from "../../src/modules/auth/index.ts";
import { createTestDatabase } from "../kit/database.ts";
import {
  bearer,
  type Challenge,
  newWallet,
  okay,
  problemOf,
  prove,
  type SignedIn,
  startAuth,
  unlimited,
} from "./harness.ts";
import { FakeXrplKeys, newXrplWallet, signInBlob } from "./xrpl-wallet.ts";

const db = await createTestDatabase({ maxConnections: 20 });
const ledger = new FakeXrplKeys();
const app = await startAuth(db, { limiter: unlimited, xrplKeys: ledger });

type AnyWallet = ReturnType<typeof newWallet> | XrplWallet;
type Item = { address: string; chain: string; payTo: boolean; linkedAt: string; isFirst: boolean };

beforeEach(() => {
  ledger.state = "up";
});

const chainOf = ({ address }: AnyWallet) => (address.startsWith("r") ? "xrpl" : "flare");

const askToLink = (token: string, wallet: AnyWallet) =>
  app.post("/auth/wallets/challenge", { address: wallet.address, chain: chainOf(wallet) }, bearer(token));

/** The body that links `added` to the account that `current` is signed in to with `token`. */
async function linkBody(token: string, current: AnyWallet, added: AnyWallet) {
  const { message } = okay<Challenge>(await askToLink(token, added));
  return { message, current: await prove(current, message), added: await prove(added, message) };
}

const sendLink = (token: string, body: unknown) => app.post("/auth/wallets", body, bearer(token));

async function link(token: string, current: AnyWallet, added: AnyWallet): Promise<Item> {
  return okay<Item>(await sendLink(token, await linkBody(token, current, added)));
}

async function walletsOf(token: string): Promise<Item[]> {
  return okay<{ items: Item[] }>(await app.get("/auth/wallets", bearer(token))).items;
}

const unlink = (token: string, { address }: AnyWallet) =>
  app.delete(`/auth/wallets/${address}`, bearer(token));

const makePayTo = (token: string, { address }: AnyWallet) =>
  app.post(`/auth/wallets/${address}/pay-to`, undefined, bearer(token));

const auditOf = (account: string) =>
  db.prisma.auditEntry.findMany({ where: { actor: account }, orderBy: { id: "asc" } });

/** A player with a Flare wallet and one of the XRP Ledger linked to it. */
async function linkedPair() {
  const [first, second] = [newWallet(), newXrplWallet()];
  const { token, player } = await app.signIn(first);
  await link(token, first, second);
  return { first, second, token, player };
}

describe("the first wallet", () => {
  it.each([
    ["flare", newWallet],
    ["xrpl", newXrplWallet],
  ] as const)("of %s is listed from the first sign-in on, and is paid at", async (chain, create) => {
    const wallet = create();
    const { token, player } = await app.signIn(wallet);
    expect(await walletsOf(token)).toEqual([
      {
        address: wallet.address,
        chain,
        payTo: true,
        linkedAt: app.clock.now().toISOString(),
        isFirst: true,
      },
    ]);
    expect(await payToAddress(db.pool, player.id, chain)).toBe(wallet.address);
    expect(await payToAddress(db.pool, player.id, chain === "flare" ? "xrpl" : "flare")).toBeNull();
    expect(await playerOfWallet(db.pool, wallet.address)).toBe(player.id);
  });

  it("is none for a demo session, which cannot link any", async () => {
    const { token } = await app.demo();
    expect(await walletsOf(token)).toEqual([]);
    const refusal = { status: 403, code: "demo_cannot_link" };
    expect(problemOf(await askToLink(token, newWallet()))).toMatchObject(refusal);
    expect(problemOf(await sendLink(token, {}))).toMatchObject(refusal);
    expect(problemOf(await unlink(token, newWallet()))).toMatchObject(refusal);
    expect(problemOf(await makePayTo(token, newWallet()))).toMatchObject(refusal);
  });
});

describe("linking a wallet", () => {
  const pairs = [
    ["an XRP Ledger wallet to a Flare one", newWallet, newXrplWallet],
    ["a Flare wallet to an XRP Ledger one", newXrplWallet, newWallet],
    ["a second Flare wallet", newWallet, newWallet],
    ["a second XRP Ledger wallet", newXrplWallet, newXrplWallet],
  ] as const;

  it.each(pairs)(
    "adds %s, which then signs in as the same player",
    async (_name, createFirst, createSecond) => {
      const [first, second] = [createFirst(), createSecond()];
      const { token, player } = await app.signIn(first);
      app.clock.advanceSeconds(1);
      const added = await link(token, first, second);
      const payTo = chainOf(first) !== chainOf(second);
      expect(added).toEqual({
        address: second.address,
        chain: chainOf(second),
        payTo,
        linkedAt: app.clock.now().toISOString(),
        isFirst: false,
      });
      expect((await walletsOf(token)).map(({ address }) => address)).toEqual([first.address, second.address]);

      const bySecond = await app.signIn(second);
      expect(bySecond.player).toEqual({
        id: player.id,
        address: second.address,
        account: first.address,
        roles: ["player"],
      });
      expect(await app.auth.verifyToken(bySecond.token)).toMatchObject({
        playerId: player.id,
        address: second.address,
        account: first.address,
      });
      const refreshed = await app.post("/auth/refresh", { refreshToken: bySecond.refreshToken });
      expect(okay<SignedIn>(refreshed).player).toEqual(bySecond.player);
      expect(await db.prisma.user.count({ where: { walletAddress: second.address } })).toBe(0);
      expect(await auditOf(first.address)).toMatchObject([
        {
          action: "wallet.linked",
          subject: `wallet:${second.address}`,
          details: { chain: chainOf(second), payTo, signedInWith: first.address },
        },
      ]);
    },
  );

  it("gives a message that names the account and both wallets, and can sign nobody in", async () => {
    const { second, token, player, first } = await linkedPair();
    const third = newWallet();
    const bySecond = await app.signIn(second);
    const { message } = okay<Challenge>(await askToLink(bySecond.token, third));
    expect(message.split("\n").slice(0, 2)).toEqual([
      "127.0.0.1:3000 wants you to link a wallet to the CoinClicker account:",
      player.account,
    ]);
    expect(message).toContain(`\nSigned in with: xrpl:1:${second.address}\n`);
    expect(message).toContain(`\nWallet to add: eip155:31337:${third.address}\n`);
    for (const wallet of [first, second, third]) {
      const response = await app.post("/auth/verify", { message, ...(await prove(wallet, message)) });
      expect(problemOf(response)).toMatchObject({ status: 400, code: "message_malformed" });
    }
    expect(token).not.toBe(bySecond.token);
  });

  it("takes no sign-in message in its place", async () => {
    const [first, second] = [newWallet(), newXrplWallet()];
    const { token } = await app.signIn(first);
    for (const wallet of [first, second]) {
      const { message } = await app.challenge(wallet.address);
      const body = { message, current: await prove(first, message), added: await prove(second, message) };
      expect(problemOf(await sendLink(token, body))).toMatchObject({
        status: 400,
        code: "message_malformed",
      });
    }
  });

  it("takes a signed SignIn and a regular key for either wallet", async () => {
    const [first, second, regular] = [newXrplWallet(), newXrplWallet(), newXrplWallet()];
    const { token } = await app.signIn(first);
    ledger.set(second.address, { masterDisabled: true, regularKey: regular.address });
    const { message } = okay<Challenge>(await askToLink(token, second));
    const refused = {
      message,
      current: signInBlob(first, message),
      added: signInBlob(second, message),
    };
    expect(problemOf(await sendLink(token, refused))).toMatchObject({
      code: "signature_invalid",
      details: { address: second.address, reason: "master_disabled" },
    });
    const taken = { ...refused, added: signInBlob(regular, message, { Account: second.address }) };
    expect(okay<Item>(await sendLink(token, taken)).address).toBe(second.address);
  });

  it("needs proof of both, whichever is missing, and leaves the challenge open", async () => {
    const [first, second, thief] = [newWallet(), newXrplWallet(), newWallet()];
    const { token } = await app.signIn(first);
    const body = await linkBody(token, first, second);
    const byThief = await prove(thief, body.message);
    const byXrplThief = await prove(newXrplWallet(), body.message);
    const refusals: [object, object][] = [
      [{ current: byThief }, { code: "signature_invalid", details: { address: first.address } }],
      [{ added: byXrplThief }, { code: "signature_invalid", details: { address: second.address } }],
      [{ current: body.added }, { code: "proof_malformed", details: { field: "current", chain: "flare" } }],
      [{ added: body.current }, { code: "proof_malformed", details: { field: "added", chain: "xrpl" } }],
      [{ added: undefined }, { code: "invalid_request" }],
      [{ current: undefined }, { code: "invalid_request" }],
    ];
    for (const [change, refusal] of refusals)
      expect(problemOf(await sendLink(token, { ...body, ...change }))).toMatchObject(refusal);
    ledger.state = "down";
    expect(problemOf(await sendLink(token, body))).toMatchObject({ status: 503, code: "chain_unavailable" });
    ledger.state = "up";
    expect(await walletsOf(token)).toHaveLength(1);
    okay(await sendLink(token, body));
  });

  it.each([
    ["another domain", [/^\S+/, "evil.example"], "message_mismatch"],
    ["another uri", [/URI: .*/, "URI: https://evil.example"], "message_mismatch"],
    ["another account", [/account:\n\S+/, `account:\n${newWallet().address}`], "message_mismatch"],
    [
      "another wallet",
      [/eip155:31337:\S+\n\n/, `eip155:31337:${newWallet().address}\n\n`],
      "message_mismatch",
    ],
    ["another statement", [/Sign with.*/, "Sign in."], "message_mismatch"],
    ["a later expiry", [/Expiration Time: 2026/, "Expiration Time: 2036"], "message_mismatch"],
    ["an unknown nonce", [/Nonce: \w+/, `Nonce: ${"a".repeat(32)}`], "challenge_unknown"],
    ["a NUL in its nonce", [/Nonce: \w+/, `Nonce: \u0000${"a".repeat(32)}`], "invalid_json"],
    ["no nonce", [/\nNonce: \w+/, ""], "message_malformed"],
  ] as const)("refuses a message with %s, though both sign it", async (_name, [part, instead], code) => {
    const [first, second] = [newWallet(), newWallet()];
    const { token } = await app.signIn(first);
    const { message } = okay<Challenge>(await askToLink(token, second));
    const edited = message.replace(part, instead);
    expect(edited).not.toBe(message);
    const body = { message: edited, current: await prove(first, edited), added: await prove(second, edited) };
    expect(problemOf(await sendLink(token, body)).code).toBe(code);
    expect(await walletsOf(token)).toHaveLength(1);
  });

  it("refuses a challenge that came late", async () => {
    const [first, second] = [newWallet(), newXrplWallet()];
    const { token } = await app.signIn(first);
    const body = await linkBody(token, first, second);
    app.clock.advanceSeconds(300);
    expect(problemOf(await sendLink(token, body))).toMatchObject({ status: 401, code: "challenge_expired" });
  });

  it("knows no challenge of another player, nor of another wallet of the same one", async () => {
    const { first, second, token } = await linkedPair();
    const third = newWallet();
    const body = await linkBody(token, first, third);
    const stranger = await app.signIn(newWallet());
    const bySecond = await app.signIn(second);
    for (const other of [stranger, bySecond])
      expect(problemOf(await sendLink(other.token, body))).toMatchObject({
        status: 401,
        code: "challenge_unknown",
      });
    okay(await sendLink(token, body));
  });

  it("answers the same call again with the wallet that it linked, and links nothing twice", async () => {
    const [first, second] = [newWallet(), newXrplWallet()];
    const { token } = await app.signIn(first);
    const body = await linkBody(token, first, second);
    const answers = await Promise.all(Array.from({ length: 10 }, () => sendLink(token, body)));
    const again = await sendLink(token, body);
    for (const answer of answers) expect(okay(answer)).toEqual(okay(again));
    expect(await walletsOf(token)).toHaveLength(2);
    expect(await auditOf(first.address)).toHaveLength(1);
    expect(problemOf(await askToLink(token, second))).toMatchObject({
      status: 409,
      code: "wallet_linked_already",
    });
    expect((await unlink(token, second)).statusCode).toBe(204);
    expect(problemOf(await sendLink(token, body))).toMatchObject({ status: 401, code: "challenge_unknown" });
  });

  it("of two challenges for one wallet at once lets one win, and tells the other", async () => {
    const [first, second] = [newWallet(), newXrplWallet()];
    const { token } = await app.signIn(first);
    const bodies = await Promise.all(Array.from({ length: 6 }, () => linkBody(token, first, second)));
    const answers = await Promise.all(bodies.map((body) => sendLink(token, body)));
    const refused = answers.filter((answer) => answer.statusCode !== 200);
    expect(refused).toHaveLength(5);
    for (const answer of refused)
      expect(problemOf(answer)).toMatchObject({ status: 409, code: "wallet_linked_already" });
    expect(await walletsOf(token)).toHaveLength(2);
  });

  it("lets one of many players have a wallet that all of them prove, and refuses the others", async () => {
    const shared = newXrplWallet();
    const players = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const wallet = newWallet();
        const { token, player } = await app.signIn(wallet);
        return { token, player, body: await linkBody(token, wallet, shared) };
      }),
    );
    const answers = await Promise.all(players.map(({ token, body }) => sendLink(token, body)));
    const won = answers.findIndex((answer) => answer.statusCode === 200);
    expect(answers.filter((answer) => answer.statusCode === 200)).toHaveLength(1);
    for (const answer of answers.filter((_answer, index) => index !== won))
      expect(problemOf(answer)).toMatchObject({ status: 409, code: "wallet_belongs_to_another" });
    expect(await playerOfWallet(db.pool, shared.address)).toBe(players[won]?.player.id);
  });

  it("makes a wallet one player's when it signs in for the first time while it is linked", async () => {
    for (let round = 0; round < 8; round += 1) {
      const [first, second] = [newWallet(), newXrplWallet()];
      const { token, player } = await app.signIn(first);
      const body = await linkBody(token, first, second);
      const { message } = await app.challenge(second.address);
      const proof = await prove(second, message);
      const [signIn, linked] = await Promise.all([
        app.post("/auth/verify", { message, ...proof }),
        sendLink(token, body),
      ]);
      const signedIn = okay<SignedIn>(signIn);
      const owner = await playerOfWallet(db.pool, second.address);
      expect(signedIn.player.id).toBe(owner);
      if (linked.statusCode === 200) expect(owner).toBe(player.id);
      else expect(problemOf(linked).code).toBe("wallet_belongs_to_another");
    }
  });

  it("refuses a wallet that is another player's first", async () => {
    const [first, second] = [newWallet(), newXrplWallet()];
    const { token } = await app.signIn(first);
    await app.signIn(second);
    expect(problemOf(await sendLink(token, await linkBody(token, first, second)))).toMatchObject({
      status: 409,
      code: "wallet_belongs_to_another",
      details: { address: second.address },
    });
  });

  it("stops at twenty wallets", async () => {
    const first = newXrplWallet();
    const { token } = await app.signIn(first);
    for (let count = 1; count < 20; count += 1) await link(token, first, newXrplWallet());
    const body = await linkBody(token, first, newXrplWallet());
    expect(problemOf(await sendLink(token, body))).toMatchObject({ status: 409, code: "too_many_wallets" });
  });

  it("is refused for a chain that is not configured", async () => {
    const flareOnly = await startAuth(db, { limiter: unlimited, clock: app.clock });
    const { token } = await flareOnly.signIn(newWallet());
    const body = { address: newXrplWallet().address, chain: "xrpl" };
    expect(problemOf(await flareOnly.post("/auth/wallets/challenge", body, bearer(token)))).toMatchObject({
      status: 400,
      code: "chain_not_configured",
    });
  });

  it("never fails on any bytes, and links nothing by them", async () => {
    const [first, second] = [newWallet(), newXrplWallet()];
    const { token } = await app.signIn(first);
    const body = await linkBody(token, first, second);
    const hex = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString("hex"));
    const any = fc.oneof(
      fc.record({ signature: hex.map((text) => `0x${text}`) }),
      fc.record({ signature: hex, publicKey: hex.map((text) => text.slice(0, 66).padEnd(66, "0")) }),
      fc.record({ blob: hex }),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(any, any, async (current, added) => {
        for (const changed of [
          { ...body, current },
          { ...body, added },
        ]) {
          const response = await sendLink(token, changed);
          expect([400, 401]).toContain(response.statusCode);
        }
      }),
      { numRuns: 60 },
    );
    expect(await walletsOf(token)).toHaveLength(1);
    okay(await sendLink(token, body));
  });
});

describe("roles of linked wallets", () => {
  it("stay with the address that signed in", async () => {
    const [approver, phone] = [newWallet(), newXrplWallet()];
    const staffed = await startAuth(db, {
      env: { APPROVER_ADDRESSES: approver.address, ADMIN_ADDRESSES: phone.address },
      xrplKeys: ledger,
      clock: app.clock,
    });
    const { token } = await app.signIn(approver);
    await link(token, approver, phone);
    expect((await staffed.signIn(approver)).player.roles).toEqual(["player", "approver"]);
    const byPhone = await staffed.signIn(phone);
    expect(byPhone.player).toMatchObject({ account: approver.address, roles: ["player", "admin"] });
    expect((await staffed.auth.verifyToken(byPhone.token)).roles).toEqual(["player", "admin"]);
  });
});

describe("being paid at a wallet", () => {
  it("changes within a chain, and leaves the other chain alone", async () => {
    const { first, second, token, player } = await linkedPair();
    const third = newXrplWallet();
    expect((await link(token, first, third)).payTo).toBe(false);
    expect(await payToAddress(db.pool, player.id, "xrpl")).toBe(second.address);

    expect(okay<Item>(await makePayTo(token, third))).toMatchObject({ address: third.address, payTo: true });
    okay(await makePayTo(token, third));
    expect(await payToAddress(db.pool, player.id, "xrpl")).toBe(third.address);
    expect(await payToAddress(db.pool, player.id, "flare")).toBe(first.address);
    expect((await walletsOf(token)).filter(({ payTo }) => payTo)).toHaveLength(2);
    expect(await auditOf(first.address)).toMatchObject([
      { action: "wallet.linked" },
      { action: "wallet.linked" },
      {
        action: "wallet.pay_to",
        subject: `wallet:${third.address}`,
        details: { chain: "xrpl", before: second.address },
      },
    ]);
  });

  it("is one wallet of a chain, whatever is asked for at once", async () => {
    const { first, second, token, player } = await linkedPair();
    const more = [newXrplWallet(), newXrplWallet(), newXrplWallet()];
    for (const wallet of more) await link(token, first, wallet);
    const asked = [second, ...more, second, ...more];
    for (const answer of await Promise.all(asked.map((wallet) => makePayTo(token, wallet)))) okay(answer);
    const paid = (await walletsOf(token)).filter(({ chain, payTo }) => chain === "xrpl" && payTo);
    expect(paid).toHaveLength(1);
    expect(await payToAddress(db.pool, player.id, "xrpl")).toBe(paid[0]?.address);
  });

  it("is not at a wallet of somebody else", async () => {
    const { token } = await linkedPair();
    const other = await linkedPair();
    for (const wallet of [other.first, other.second, newWallet()]) {
      const refusal = { status: 404, code: "wallet_not_linked" };
      expect(problemOf(await makePayTo(token, wallet))).toMatchObject(refusal);
      expect(problemOf(await unlink(token, wallet))).toMatchObject(refusal);
    }
    expect(await walletsOf(other.token)).toHaveLength(2);
  });
});

describe("unlinking a wallet", () => {
  it("ends the sessions that it opened, everywhere, and no others", async () => {
    const { first, second, token } = await linkedPair();
    const elsewhere = await startAuth(db, { xrplKeys: ledger, clock: app.clock });
    const bySecond = await elsewhere.signIn(second);
    const byFirst = await elsewhere.signIn(first);
    okay(await elsewhere.get("/me", bearer(bySecond.token)));
    const ended: string[] = [];
    app.auth.onSessionEnded((id) => ended.push(id));

    expect((await unlink(token, second)).statusCode).toBe(204);
    expect(ended).toHaveLength(1);
    for (const server of [app, elsewhere]) {
      await expect.poll(async () => (await server.get("/me", bearer(bySecond.token))).statusCode).toBe(401);
      okay(await server.get("/me", bearer(byFirst.token)));
    }
    expect(problemOf(await app.post("/auth/refresh", { refreshToken: bySecond.refreshToken })).code).toBe(
      "session_ended",
    );
    expect((await walletsOf(token)).map(({ address }) => address)).toEqual([first.address]);
    expect((await auditOf(first.address)).at(-1)).toMatchObject({
      action: "wallet.unlinked",
      subject: `wallet:${second.address}`,
      details: { chain: "xrpl", endedSessions: 1, payTo: null, signedInWith: first.address },
    });
  });

  it("makes it nobody's: it signs in as a player of its own, or is linked elsewhere", async () => {
    const { second, token, player } = await linkedPair();
    expect((await unlink(token, second)).statusCode).toBe(204);
    expect(problemOf(await unlink(token, second))).toMatchObject({ status: 404, code: "wallet_not_linked" });
    const own = await app.signIn(second);
    expect(own.player).toMatchObject({ account: second.address });
    expect(own.player.id).not.toBe(player.id);

    const { second: again, token: oldToken } = await linkedPair();
    expect((await unlink(oldToken, again)).statusCode).toBe(204);
    const other = newWallet();
    const { token: otherToken } = await app.signIn(other);
    expect((await link(otherToken, other, again)).address).toBe(again.address);
  });

  it("leaves the payments of its chain to the wallet that was linked longest", async () => {
    const { first, second, token, player } = await linkedPair();
    const [third, fourth] = [newXrplWallet(), newXrplWallet()];
    for (const wallet of [third, fourth]) {
      app.clock.advanceSeconds(1);
      await link(token, first, wallet);
    }
    expect((await unlink(token, second)).statusCode).toBe(204);
    expect(await payToAddress(db.pool, player.id, "xrpl")).toBe(third.address);
    expect((await auditOf(first.address)).at(-1)).toMatchObject({ details: { payTo: third.address } });
    // The one that was not paid at takes nothing with it.
    expect((await unlink(token, fourth)).statusCode).toBe(204);
    expect(await payToAddress(db.pool, player.id, "xrpl")).toBe(third.address);
  });

  it("spares the first wallet and the one that is signed in", async () => {
    const { first, second, token } = await linkedPair();
    const bySecond = await app.signIn(second);
    for (const one of [token, bySecond.token])
      expect(problemOf(await unlink(one, first))).toMatchObject({ status: 409, code: "first_wallet_stays" });
    expect(problemOf(await unlink(bySecond.token, second))).toMatchObject({
      status: 409,
      code: "wallet_in_use",
    });
    expect(await walletsOf(token)).toHaveLength(2);
  });

  it("leaves no session open that signs in at the same time", async () => {
    for (let round = 0; round < 8; round += 1) {
      const { first, second, token, player } = await linkedPair();
      const signIns = Array.from({ length: 4 }, () => app.signIn(second));
      const [gone, ...signedIn] = await Promise.all([unlink(token, second), ...signIns]);
      expect(gone.statusCode).toBe(204);
      for (const one of signedIn) {
        const response = await app.get("/me", bearer(one.token));
        // Either it was opened for the player and ended, or the wallet had become a player's of its own.
        if (one.player.id === player.id) expect(problemOf(response).code).toBe("session_ended");
        else expect(okay<{ account: string }>(response).account).toBe(second.address);
      }
      expect((await walletsOf(token)).map(({ address }) => address)).toEqual([first.address]);
    }
  });

  it("lets the unlinked wallet's session change nothing any more, however late it is heard of", async () => {
    const { second, token } = await linkedPair();
    const deaf = await startAuth(db, { xrplKeys: ledger, clock: app.clock });
    const bySecond = await deaf.signIn(second);
    const third = newWallet();
    const asked = await deaf.post(
      "/auth/wallets/challenge",
      { address: third.address, chain: "flare" },
      bearer(bySecond.token),
    );
    const { message } = okay<Challenge>(asked);
    // The row goes, the session stays: as if the request had been let in just before.
    await db.pool.query("DELETE FROM wallets WHERE address = $1", [second.address]);
    const body = { message, current: await prove(second, message), added: await prove(third, message) };
    const refusal = { status: 401, code: "session_ended" };
    const headers = bearer(bySecond.token);
    expect(problemOf(await deaf.post("/auth/wallets", body, headers))).toMatchObject(refusal);
    expect(problemOf(await deaf.delete(`/auth/wallets/${third.address}`, headers))).toMatchObject(refusal);
    expect(
      problemOf(await deaf.post(`/auth/wallets/${third.address}/pay-to`, undefined, headers)),
    ).toMatchObject(refusal);
    expect(await walletsOf(token)).toHaveLength(1);
  });
});

describe("the table of wallets", () => {
  it("holds a first wallet for every player, whoever inserts them, and never two to be paid at on a chain", async () => {
    const { rows } = await db.pool.query(
      `SELECT count(*)::int AS missing FROM users u
       WHERE u.wallet_address IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM wallets w WHERE w.address = u.wallet_address AND w.user_id = u.id)`,
    );
    expect(rows).toEqual([{ missing: 0 }]);
    const { player, second } = await linkedPair();
    const insert = (address: string, chain: string, payTo: boolean) =>
      db.pool.query(
        "INSERT INTO wallets (address, chain, user_id, pay_to, linked_at) VALUES ($1, $2, $3, $4, now())",
        [address, chain, player.id, payTo],
      );
    await expect(insert(newXrplWallet().address, "xrpl", true)).rejects.toMatchObject({
      constraint: "wallets_pay_to",
    });
    await expect(insert(second.address, "xrpl", false)).rejects.toMatchObject({ constraint: "wallets_pkey" });
    await expect(insert(newWallet().address, "xrpl", false)).rejects.toMatchObject({
      constraint: "wallets_address_shape",
    });
  });
});
