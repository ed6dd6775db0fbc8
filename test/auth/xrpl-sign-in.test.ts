import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Wallet } from "xrpl";
import { createTestDatabase } from "../kit/database.ts";
import { bearer, newWallet, okay, problemOf, type SignedIn, startAuth, unlimited } from "./harness.ts";
import {
  ALGORITHMS,
  FakeXrplKeys,
  memos,
  multiSignedBlob,
  newXrplWallet,
  signInBlob,
  signMessage,
} from "./xrpl-wallet.ts";

const db = await createTestDatabase();
const ledger = new FakeXrplKeys();
const app = await startAuth(db, { limiter: unlimited, xrplKeys: ledger, xrplNetworkId: 1 });

beforeEach(() => {
  ledger.state = "up";
});

const verify = (message: string, proof: object) => app.post("/auth/verify", { message, ...proof });

/** The challenge of a wallet is still open: its own proof signs in. */
async function expectStillOpen(wallet: Wallet, message: string): Promise<void> {
  const signedIn = okay<SignedIn>(await verify(message, signMessage(wallet, message)));
  expect(signedIn.player.address).toBe(wallet.classicAddress);
}

describe("wallet-challenge for the XRP Ledger", () => {
  it("gives a CAIP-122 message for our domain, uri and network that holds five minutes", async () => {
    const { classicAddress } = newXrplWallet();
    const { message, nonce, expiresAt } = await app.challenge(classicAddress);
    expect(message).toBe(
      [
        "127.0.0.1:3000 wants you to sign in with your XRP Ledger account:",
        classicAddress,
        "",
        "Sign in to CoinClicker. This costs nothing and moves no funds.",
        "",
        "URI: http://127.0.0.1:3000",
        "Version: 1",
        "Chain ID: xrpl:1",
        `Nonce: ${nonce}`,
        `Issued At: ${app.clock.now().toISOString()}`,
        `Expiration Time: ${expiresAt}`,
      ].join("\n"),
    );
    expect(nonce).toMatch(/^[0-9a-f]{32}$/);
    expect(Date.parse(expiresAt) - app.clock.now().getTime()).toBe(300_000);
  });

  it.each([
    ["an EVM address", { address: newWallet().address, chain: "xrpl" }, "invalid_address"],
    ["a classic address on flare", { address: newXrplWallet().address, chain: "flare" }, "invalid_address"],
    ["a wrong checksum", { address: "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTj", chain: "xrpl" }, "invalid_address"],
    ["a black hole", { address: "rrrrrrrrrrrrrrrrrrrrrhoLvTp", chain: "xrpl" }, "black_hole_address"],
    [
      "an X-address",
      { address: "XVLhHMPHU98es4dbozjVtdWzVrDjtV5fdx1mHp98tDMoQXb", chain: "xrpl" },
      "invalid_request",
    ],
  ])("refuses %s", async (_name, body, code) => {
    expect(problemOf(await app.post("/auth/wallet-challenge", body))).toMatchObject({ status: 400, code });
  });

  it("is refused where no ledger is configured, and so is a message for one", async () => {
    const flareOnly = await startAuth(db, { limiter: unlimited });
    const wallet = newXrplWallet();
    const body = { address: wallet.classicAddress, chain: "xrpl" };
    const refusal = { status: 400, code: "chain_not_configured" };
    expect(problemOf(await flareOnly.post("/auth/wallet-challenge", body))).toMatchObject(refusal);
    const { message } = await app.challenge(wallet.classicAddress);
    const elsewhere = await flareOnly.post("/auth/verify", { message, ...signMessage(wallet, message) });
    expect(problemOf(elsewhere)).toMatchObject(refusal);
    await expectStillOpen(wallet, message);
  });
});

describe.each(ALGORITHMS)("signing in with a wallet of the XRP Ledger, %s", (algorithm) => {
  const shapes = [
    ["a signature with its key", signMessage],
    ["a signed SignIn", (wallet: Wallet, message: string) => signInBlob(wallet, message)],
  ] as const;

  it.each(shapes)("takes %s, and makes the player once", async (_name, prove) => {
    const wallet = newXrplWallet(algorithm);
    const signIn = async () => {
      const { message } = await app.challenge(wallet.classicAddress);
      return okay<SignedIn>(await verify(message, prove(wallet, message)));
    };
    const [first, second] = [await signIn(), await signIn()];
    expect(first.player).toEqual({
      id: second.player.id,
      address: wallet.classicAddress,
      account: wallet.classicAddress,
      roles: ["player"],
    });
    expect(await app.auth.verifyToken(first.token)).toMatchObject({
      playerId: first.player.id,
      address: wallet.classicAddress,
      account: wallet.classicAddress,
    });
    const refreshed = await app.post("/auth/refresh", { refreshToken: first.refreshToken });
    expect(okay<SignedIn>(refreshed).player).toEqual(first.player);
  });

  it("makes one player of twenty first sign-ins at once", async () => {
    const wallet = newXrplWallet(algorithm);
    const signedIn = await Promise.all(Array.from({ length: 20 }, () => app.signIn(wallet)));
    expect(new Set(signedIn.map(({ player }) => player.id)).size).toBe(1);
    expect(await db.prisma.user.count({ where: { walletAddress: wallet.classicAddress } })).toBe(1);
  });

  it("uses a challenge exactly once, in whichever shape, whoever is fastest of twenty", async () => {
    const wallet = newXrplWallet(algorithm);
    const { message, nonce } = await app.challenge(wallet.classicAddress);
    const proofs = [signMessage(wallet, message), signInBlob(wallet, message)];
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_unused, index) => verify(message, proofs[index % 2] ?? {})),
    );
    const refused = responses.filter((response) => response.statusCode !== 200);
    expect(refused.map((response) => problemOf(response).code)).toEqual(Array(19).fill("challenge_used"));
    expect(await db.prisma.session.count({ where: { challengeNonce: nonce } })).toBe(1);
  });

  it("refuses every proof that is not the wallet's, without spending the challenge", async () => {
    const wallet = newXrplWallet(algorithm);
    const other = newXrplWallet(algorithm);
    const { message } = await app.challenge(wallet.classicAddress);
    const payment = wallet.sign({
      TransactionType: "Payment",
      Account: wallet.classicAddress,
      Destination: other.classicAddress,
      Amount: "1",
      Fee: "12",
      Sequence: 1,
      Memos: memos(message),
    });
    const own = signMessage(wallet, message);
    const table: [string, object, string][] = [
      ["another key", signMessage(other, message), "not_a_key"],
      ["another key's signature under ours", { ...own, publicKey: other.publicKey }, "wrong_signature"],
      ["another text", signMessage(wallet, `${message} `), "wrong_signature"],
      ["another account's blob", signInBlob(other, message), "blob_of_another_account"],
      [
        "our blob by another key",
        signInBlob(other, message, { Account: wallet.classicAddress }),
        "not_a_key",
      ],
      ["a payment", { blob: payment.tx_blob }, "blob_is_transaction"],
      ["a multi-signed blob", multiSignedBlob(wallet, message), "blob_multi_signed"],
      ["a blob without memo", signInBlob(wallet, message, { Memos: undefined }), "blob_without_message"],
      ["a blob with another memo", signInBlob(wallet, "other"), "blob_without_message"],
    ];
    for (const [what, proof, reason] of table) {
      expect({ what, ...problemOf(await verify(message, proof)) }).toMatchObject({
        what,
        status: 401,
        code: "signature_invalid",
        details: { address: wallet.classicAddress, reason },
      });
    }
    await expectStillOpen(wallet, message);
  });
});

describe("an XRP Ledger message", () => {
  it.each([
    ["another domain", [/^\S+/, "evil.example"], "message_mismatch"],
    ["a domain that begins like ours", [/^\S+/, "127.0.0.1.evil.example:3000"], "message_mismatch"],
    ["another uri", [/URI: .*/, "URI: https://evil.example"], "message_mismatch"],
    ["another network", [/xrpl:1/, "xrpl:0"], "message_mismatch"],
    ["another chain", [/xrpl:1/, "eip155:1"], "message_mismatch"],
    ["another version", [/Version: 1/, "Version: 2"], "message_mismatch"],
    ["another address", [/\nr\w+/, `\n${newXrplWallet().classicAddress}`], "message_mismatch"],
    ["another statement", [/This costs.*/, "Pay everything to me."], "message_mismatch"],
    ["a later expiry", [/Expiration Time: 2026/, "Expiration Time: 2036"], "message_mismatch"],
    ["another time of issue", [/Issued At: 2026/, "Issued At: 2025"], "message_mismatch"],
    ["a nonce that was never issued", [/Nonce: \w+/, `Nonce: ${"a".repeat(32)}`], "challenge_unknown"],
    ["an empty nonce", [/Nonce: \w+/, "Nonce: "], "message_malformed"],
    ["a nonce with a NUL", [/Nonce: \w+/, "Nonce: aaaaaaaaaaaaaaaaaaaaaaaa\u0000"], "invalid_json"],
    ["no expiry", [/\nExpiration Time: .*/, ""], "message_malformed"],
    ["a line more", [/$/, "\nResources:"], "message_malformed"],
    ["Windows line ends", [/\n/g, "\r\n"], "message_malformed"],
    ["a space at its end", [/$/, " "], "message_mismatch"],
    ["half a surrogate", [/CoinClicker/, "Coin\ud800Clicker"], "invalid_json"],
  ] as const)("with %s is refused, though it is signed well", async (_name, [part, instead], code) => {
    const wallet = newXrplWallet();
    const { message } = await app.challenge(wallet.classicAddress);
    const edited = message.replace(part, instead);
    expect(edited).not.toBe(message);
    for (const proof of [signMessage(wallet, edited), signInBlob(wallet, edited)]) {
      expect(problemOf(await verify(edited, proof)).code).toBe(code);
    }
    await expectStillOpen(wallet, message);
  });

  it("is refused when it comes late, and when it comes again", async () => {
    const wallet = newXrplWallet();
    const late = await app.challenge(wallet.classicAddress);
    app.clock.advanceSeconds(300);
    expect(problemOf(await verify(late.message, signMessage(wallet, late.message)))).toMatchObject({
      status: 401,
      code: "challenge_expired",
    });
    const { message } = await app.challenge(wallet.classicAddress);
    const proof = signMessage(wallet, message);
    okay(await verify(message, proof));
    expect(problemOf(await verify(message, proof))).toMatchObject({ status: 401, code: "challenge_used" });
  });

  it("takes only what wallets of its chain return", async () => {
    const [xrpl, evm] = [newXrplWallet(), newWallet()];
    const forXrpl = (await app.challenge(xrpl.classicAddress)).message;
    const forEvm = (await app.challenge(evm.address)).message;
    const refusal = { status: 400, code: "proof_malformed" };
    const byEvm = { signature: await evm.signMessage(forXrpl) };
    expect(problemOf(await verify(forXrpl, byEvm))).toMatchObject(refusal);
    expect(problemOf(await verify(forEvm, signMessage(xrpl, forEvm)))).toMatchObject(refusal);
    expect(problemOf(await verify(forEvm, signInBlob(xrpl, forEvm)))).toMatchObject(refusal);
  });

  const { signature, publicKey } = signMessage(newXrplWallet(), "x");
  const { blob } = signInBlob(newXrplWallet(), "x");
  it.each([
    ["a signature with 0x", { signature: `0x${signature}`, publicKey }],
    ["a signature that is no hex", { signature: "hello", publicKey }],
    ["half a byte of signature", { signature: signature.slice(1), publicKey }],
    ["no signature", { signature: "", publicKey }],
    ["a very long signature", { signature: "ab".repeat(73), publicKey }],
    ["a signature with a line break", { signature: `${signature}\n`, publicKey }],
    ["a key that is no hex", { signature, publicKey: "g".repeat(66) }],
    ["a short key", { signature, publicKey: publicKey.slice(2) }],
    ["an uncompressed key", { signature, publicKey: `04${"ab".repeat(64)}` }],
    ["a blob that is no hex", { blob: "hello!" }],
    ["half a byte of blob", { blob: blob.slice(1) }],
    ["no blob", { blob: "" }],
    ["a very long blob", { blob: "ab".repeat(8_193) }],
    ["a blob and a signature", { blob, signature, publicKey }],
    ["a key alone", { publicKey }],
    ["nothing", {}],
    ["numbers", { signature: 7, publicKey: 7 }],
    ["null", { blob: null }],
  ])("takes no proof with %s", async (_name, proof) => {
    const { message } = await app.challenge(newXrplWallet().classicAddress);
    expect(problemOf(await verify(message, proof))).toMatchObject({ status: 400, code: "invalid_request" });
  });

  it("signs nobody in with any bytes, and never fails", async () => {
    const wallet = newXrplWallet();
    const { message } = await app.challenge(wallet.classicAddress);
    const hex = (maxLength: number) =>
      fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString("hex"));
    const keys = fc
      .tuple(fc.constantFrom("ED", "02", "03", "04", "00"), hex(32))
      .map(([prefix, rest]) => (prefix + rest).padEnd(66, "0"));
    const near = fc.nat().map((at) => {
      const bytes = Buffer.from(signInBlob(wallet, message).blob, "hex");
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 + (at % 255));
      return bytes.toString("hex");
    });
    const proof = fc.oneof(
      fc.record({ signature: hex(72), publicKey: fc.oneof(keys, fc.constant(wallet.publicKey)) }),
      fc.record({ blob: fc.oneof(hex(300), near) }),
      fc.record({ signature: fc.string({ unit: "binary" }), publicKey: fc.string({ unit: "binary" }) }),
    );
    await fc.assert(
      fc.asyncProperty(proof, async (random) => {
        const response = await verify(message, random);
        expect([400, 401]).toContain(response.statusCode);
        expect(problemOf(response).code).toMatch(/^(invalid_request|invalid_json|signature_invalid)$/);
      }),
      { numRuns: 200 },
    );
    await expectStillOpen(wallet, message);
  });

  it("is refused after any edit, to the byte", async () => {
    const wallet = newXrplWallet();
    const { message } = await app.challenge(wallet.classicAddress);
    const edit = fc.record({
      at: fc.nat({ max: message.length }),
      remove: fc.nat({ max: 3 }),
      insert: fc.string({ maxLength: 3, unit: "binary" }),
    });
    await fc.assert(
      fc.asyncProperty(edit, async ({ at, remove, insert }) => {
        const edited = message.slice(0, at) + insert + message.slice(at + remove);
        fc.pre(edited !== message);
        expect(problemOf(await verify(edited, signMessage(wallet, edited))).code).toMatch(
          /^(message_malformed|message_mismatch|challenge_unknown|invalid_json)$/,
        );
      }),
      { numRuns: 150 },
    );
    await expectStillOpen(wallet, message);
  });
});

describe("what the ledger says of an account's keys", () => {
  async function attempt(account: Wallet, signer: Wallet) {
    const { message } = await app.challenge(account.classicAddress);
    const blob = signInBlob(signer, message, { Account: account.classicAddress });
    const outcomes = [await verify(message, blob), await verify(message, signMessage(signer, message))];
    return outcomes.map((response) =>
      response.statusCode === 200
        ? "signed in"
        : (problemOf(response).details?.reason ?? problemOf(response).code),
    );
  }
  const SIGNED_IN = ["signed in", "challenge_used"];

  it("lets the regular key sign in as the account, and no other key", async () => {
    const [account, regular, other] = [newXrplWallet(), newXrplWallet(), newXrplWallet()];
    ledger.set(account.classicAddress, { regularKey: regular.classicAddress });
    expect(await attempt(account, regular)).toEqual(SIGNED_IN);
    expect(await attempt(account, account)).toEqual(SIGNED_IN);
    expect(await attempt(account, other)).toEqual(["not_a_key", "not_a_key"]);
    const { message } = await app.challenge(account.classicAddress);
    const { player } = okay<SignedIn>(await verify(message, signMessage(regular, message)));
    expect(player.address).toBe(account.classicAddress);
  });

  it("takes the regular key at its word no longer than the ledger does", async () => {
    const [account, regular] = [newXrplWallet(), newXrplWallet()];
    ledger.set(account.classicAddress, { regularKey: regular.classicAddress });
    const { message } = await app.challenge(account.classicAddress);
    ledger.set(account.classicAddress, { regularKey: null });
    expect(problemOf(await verify(message, signMessage(regular, message)))).toMatchObject({
      status: 401,
      code: "signature_invalid",
      details: { reason: "not_a_key" },
    });
  });

  it("refuses a master key that is disabled, while the regular key still signs in", async () => {
    const [account, regular] = [newXrplWallet(), newXrplWallet()];
    ledger.set(account.classicAddress, { masterDisabled: true, regularKey: regular.classicAddress });
    expect(await attempt(account, account)).toEqual(["master_disabled", "master_disabled"]);
    expect(await attempt(account, regular)).toEqual(SIGNED_IN);
  });

  it("leaves an account that is not on the ledger its master key only", async () => {
    const [account, other] = [newXrplWallet(), newXrplWallet()];
    expect(await attempt(account, account)).toEqual(SIGNED_IN);
    expect(await attempt(account, other)).toEqual(["not_a_key", "not_a_key"]);
  });

  it("is waited for: nobody signs in while the ledger is silent, and the challenge stays", async () => {
    const wallet = newXrplWallet();
    const { message } = await app.challenge(wallet.classicAddress);
    for (const state of ["down", "hanging"] as const) {
      ledger.state = state;
      const response = await verify(message, signMessage(wallet, message));
      expect(problemOf(response)).toMatchObject({ status: 503, code: "chain_unavailable" });
      expect(response.headers["retry-after"]).toBe("2");
      // A wrong signature is wrong without asking.
      expect(problemOf(await verify(message, signMessage(wallet, "other"))).status).toBe(401);
    }
    ledger.state = "up";
    await expectStillOpen(wallet, message);
  });
});

describe("roles of a wallet of the XRP Ledger", () => {
  it("come from the configuration, by its address", async () => {
    const wallet = newXrplWallet();
    const staffed = await startAuth(db, {
      env: { APPROVER_ADDRESSES: wallet.classicAddress, ADMIN_ADDRESSES: newXrplWallet().classicAddress },
      xrplKeys: ledger,
      clock: app.clock,
    });
    const { player, token } = await staffed.signIn(wallet);
    expect(player.roles).toEqual(["player", "approver"]);
    expect(problemOf(await staffed.get("/admins", bearer(token)))).toMatchObject({ code: "role_required" });
  });
});
