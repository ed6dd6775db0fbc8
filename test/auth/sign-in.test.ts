import fc from "fast-check";
import { SiweMessage } from "siwe";
import { describe, expect, it } from "vitest";
import { createTestDatabase } from "../kit/database.ts";
import { newWallet, okay, problemOf, type SignedIn, startAuth, unlimited } from "./harness.ts";

const db = await createTestDatabase();
const app = await startAuth(db, { limiter: unlimited });

type Fields = ConstructorParameters<typeof SiweMessage>[0];

/** A freshly issued message for a new wallet, edited, and signed by that wallet all the same. */
async function signedEdit(edit: (issued: SiweMessage) => Partial<Exclude<Fields, string>>) {
  const wallet = newWallet();
  const { message } = await app.challenge(wallet.address);
  const issued = new SiweMessage(message);
  const edited = new SiweMessage({ ...issued, ...edit(issued) } as Fields).prepareMessage();
  expect(edited).not.toBe(message);
  return {
    wallet,
    message,
    response: await app.post("/auth/verify", {
      message: edited,
      signature: await wallet.signMessage(edited),
    }),
  };
}

describe("wallet-challenge", () => {
  it("gives an EIP-4361 message for our domain, uri and chain that holds five minutes", async () => {
    const wallet = newWallet();
    const challenge = await app.challenge(wallet.address);
    const message = new SiweMessage(challenge.message);
    expect(message).toMatchObject({
      domain: "127.0.0.1:3000",
      uri: "http://127.0.0.1:3000",
      version: "1",
      chainId: 31_337,
      address: wallet.address,
      nonce: challenge.nonce,
      issuedAt: app.clock.now().toISOString(),
      expirationTime: challenge.expiresAt,
    });
    expect(message.statement).toMatch(/Sign in to CoinClicker/);
    expect(challenge.nonce).toMatch(/^[0-9a-f]{32}$/);
    expect(Date.parse(challenge.expiresAt) - app.clock.now().getTime()).toBe(300_000);
  });

  it("takes a lowercase address and issues for its checksummed form", async () => {
    const wallet = newWallet();
    const { message } = await app.challenge(wallet.address.toLowerCase());
    expect(new SiweMessage(message).address).toBe(wallet.address);
    const signature = await wallet.signMessage(message);
    expect((await app.post("/auth/verify", { message, signature })).statusCode).toBe(200);
  });

  it.each([
    ["no body", undefined, "invalid_request"],
    ["malformed JSON", "{", "invalid_json"],
    ["an unknown member", { address: newWallet().address, chain: "flare", admin: true }, "invalid_request"],
    ["a chain that is none", { address: newWallet().address, chain: "solana" }, "invalid_request"],
    ["a short address", { address: "0x1234", chain: "flare" }, "invalid_request"],
    [
      "a wrong checksum",
      { address: "0x70997970c51812dc3A010C7d01b50e0d17dc79C8", chain: "flare" },
      "invalid_address",
    ],
    ["the zero address", { address: `0x${"0".repeat(40)}`, chain: "flare" }, "zero_address"],
    [
      "an address with a line break",
      { address: `${newWallet().address}\n\nURI: https://evil.example`, chain: "flare" },
      "invalid_request",
    ],
  ])("refuses %s", async (_name, body, code) => {
    const problem = problemOf(await app.post("/auth/wallet-challenge", body));
    expect(problem).toMatchObject({ status: 400, code });
  });

  it("takes nothing of the message from the request's headers", async () => {
    const response = await app.post(
      "/auth/wallet-challenge",
      { address: newWallet().address, chain: "flare" },
      { host: "evil.example", "x-forwarded-host": "evil.example", origin: "https://evil.example" },
    );
    expect(okay<{ message: string }>(response).message).not.toMatch(/evil/);
  });
});

describe("verify", () => {
  it("signs in and makes the player once", async () => {
    const wallet = newWallet();
    const first = await app.signIn(wallet);
    const second = await app.signIn(wallet);
    expect(first.player).toEqual({
      id: second.player.id,
      address: wallet.address,
      account: wallet.address,
      roles: ["player"],
    });
    expect(second.token).not.toBe(first.token);
    expect(Date.parse(first.expiresAt) - app.clock.now().getTime()).toBe(900_000);
  });

  it("makes one player of twenty first sign-ins at once", async () => {
    const wallet = newWallet();
    const signedIn = await Promise.all(Array.from({ length: 20 }, () => app.signIn(wallet)));
    expect(new Set(signedIn.map(({ player }) => player.id)).size).toBe(1);
    expect(await db.prisma.user.count({ where: { walletAddress: wallet.address } })).toBe(1);
  });

  it("uses a challenge exactly once, whoever is fastest of twenty", async () => {
    const wallet = newWallet();
    const { message, nonce } = await app.challenge(wallet.address);
    const signature = await wallet.signMessage(message);
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => app.post("/auth/verify", { message, signature })),
    );
    const refused = responses.filter((response) => response.statusCode !== 200);
    expect(refused).toHaveLength(19);
    for (const response of refused)
      expect(problemOf(response)).toMatchObject({ status: 401, code: "challenge_used" });
    expect(await db.prisma.session.count({ where: { challengeNonce: nonce } })).toBe(1);
    expect(await db.prisma.walletChallenge.count({ where: { nonce } })).toBe(0);
  });

  it("refuses a replay", async () => {
    const wallet = newWallet();
    const { message } = await app.challenge(wallet.address);
    const signature = await wallet.signMessage(message);
    okay(await app.post("/auth/verify", { message, signature }));
    expect(problemOf(await app.post("/auth/verify", { message, signature }))).toMatchObject({
      status: 401,
      code: "challenge_used",
    });
  });

  it("holds to the last second and refuses from the one after", async () => {
    const wallet = newWallet();
    const inTime = await app.challenge(wallet.address);
    const late = await app.challenge(wallet.address);
    app.clock.advanceSeconds(299);
    okay(
      await app.post("/auth/verify", {
        message: inTime.message,
        signature: await wallet.signMessage(inTime.message),
      }),
    );
    app.clock.advanceSeconds(1);
    const response = await app.post("/auth/verify", {
      message: late.message,
      signature: await wallet.signMessage(late.message),
    });
    expect(problemOf(response)).toMatchObject({ status: 401, code: "challenge_expired" });
  });

  it("refuses somebody else's signature and leaves the challenge to its owner", async () => {
    const [owner, thief] = [newWallet(), newWallet()];
    const { message } = await app.challenge(owner.address);
    const stolen = await app.post("/auth/verify", { message, signature: await thief.signMessage(message) });
    expect(problemOf(stolen)).toMatchObject({
      status: 401,
      code: "signature_invalid",
      details: { address: owner.address },
    });
    const own = await app.post("/auth/verify", { message, signature: await owner.signMessage(message) });
    expect(okay<SignedIn>(own).player.address).toBe(owner.address);
  });

  it.each([
    ["empty", "0x"],
    ["short", "0x1234"],
    ["65 bytes of nothing", `0x${"00".repeat(65)}`],
    ["not on the curve", `0x${"ff".repeat(65)}`],
    ["very long", `0x${"ab".repeat(8_192)}`],
  ])("refuses a signature that is %s, without spending the challenge", async (_name, signature) => {
    const wallet = newWallet();
    const { message } = await app.challenge(wallet.address);
    expect(problemOf(await app.post("/auth/verify", { message, signature }))).toMatchObject({
      status: 401,
      code: "signature_invalid",
    });
    okay(await app.post("/auth/verify", { message, signature: await wallet.signMessage(message) }));
  });

  it.each([
    ["no hex", "hello"],
    ["half a byte", "0x123"],
    ["a line break", "0x12\n"],
    ["too long", `0x${"ab".repeat(8_193)}`],
    ["a number", 7],
  ])("refuses a signature that is %s as malformed", async (_name, signature) => {
    const { message } = await app.challenge(newWallet().address);
    expect(problemOf(await app.post("/auth/verify", { message, signature }))).toMatchObject({
      status: 400,
      code: "invalid_request",
    });
  });

  it.each([
    ["another domain", () => ({ domain: "evil.example" }), ["domain"]],
    ["a domain that begins like ours", () => ({ domain: "127.0.0.1.evil.example:3000" }), ["domain"]],
    ["our domain without its port", () => ({ domain: "127.0.0.1" }), ["domain"]],
    ["another uri", () => ({ uri: "https://evil.example" }), ["uri"]],
    ["another path of our uri", () => ({ uri: "http://127.0.0.1:3000/x" }), ["uri"]],
    ["another chain", () => ({ chainId: 14 }), ["chainId"]],
    [
      "all of them",
      () => ({ domain: "evil.example", uri: "https://evil.example", chainId: 1 }),
      ["domain", "uri", "chainId"],
    ],
    ["another statement", () => ({ statement: "Pay everything to me." }), ["statement"]],
    ["a later expiry", () => ({ expirationTime: "2036-01-01T00:00:00.000Z" }), ["expirationTime"]],
    ["no expiry", () => ({ expirationTime: undefined }), ["expirationTime"]],
    ["another time of issue", () => ({ issuedAt: "2025-01-01T00:00:00.000Z" }), ["issuedAt"]],
    ["a scheme", () => ({ scheme: "https" }), ["scheme"]],
    ["a resource", () => ({ resources: ["https://evil.example/"] }), ["resources"]],
    ["a request id", () => ({ requestId: "7" }), ["requestId"]],
    ["a not-before", () => ({ notBefore: "2020-01-01T00:00:00.000Z" }), ["notBefore"]],
    ["another address", () => ({ address: newWallet().address }), ["address"]],
  ])(
    "refuses a message with %s, though it is signed well, and says which field",
    async (_name, edit, fields) => {
      const { wallet, message, response } = await signedEdit(edit);
      const problem = problemOf(response);
      expect(problem).toMatchObject({ status: 401, code: "message_mismatch" });
      const mismatches = (problem.details as { mismatches: { field: string }[] }).mismatches;
      expect(mismatches.map(({ field }) => field)).toEqual(fields);
      okay(await app.post("/auth/verify", { message, signature: await wallet.signMessage(message) }));
    },
  );

  it("tells nothing of a challenge that is somebody else's", async () => {
    const owner = newWallet();
    const thief = newWallet();
    const { message } = await app.challenge(owner.address);
    const edited = message.replace(owner.address, thief.address);
    const response = await app.post("/auth/verify", {
      message: edited,
      signature: await thief.signMessage(edited),
    });
    expect(problemOf(response)).toMatchObject({
      code: "message_mismatch",
      details: { mismatches: [{ field: "address" }] },
    });
    expect(response.body).not.toContain(owner.address);
  });

  it("refuses a nonce that was never issued", async () => {
    const { response } = await signedEdit(() => ({ nonce: "a".repeat(32) }));
    expect(problemOf(response)).toMatchObject({ status: 401, code: "challenge_unknown" });
  });

  it.each([
    ["nothing like one", "hello"],
    ["without a nonce", (m: string) => m.replace(/\nNonce: .*/, "")],
    ["with an empty nonce", (m: string) => m.replace(/Nonce: .*/, "Nonce: ")],
    ["with an empty domain", (m: string) => m.replace(/^\S+/, "")],
    ["with a lowercase address", (m: string) => m.replace(/0x\w+/, (a) => a.toLowerCase())],
    ["with another version", (m: string) => m.replace("Version: 1", "Version: 2")],
    ["with Windows line ends", (m: string) => m.replaceAll("\n", "\r\n")],
    ["with a second nonce", (m: string) => `${m}\nNonce: ${"b".repeat(32)}`],
    ["with a NUL", (m: string) => m.replace("CoinClicker", "Coin\u0000Clicker"), "invalid_json"],
    ["with half a surrogate", (m: string) => m.replace("CoinClicker", "Coin\ud800Clicker"), "invalid_json"],
  ])("refuses a message %s", async (_name, form, code = "message_malformed") => {
    const wallet = newWallet();
    const { message } = await app.challenge(wallet.address);
    const text = typeof form === "string" ? form : form(message);
    expect(text).not.toBe(message);
    const signature = await wallet.signMessage(text.toWellFormed());
    expect(problemOf(await app.post("/auth/verify", { message: text, signature }))).toMatchObject({
      status: 400,
      code,
    });
  });

  it("refuses any message but the one issued, to the byte, and never fails", async () => {
    const wallet = newWallet();
    const { message } = await app.challenge(wallet.address);
    const edit = fc.record({
      at: fc.nat({ max: message.length }),
      remove: fc.nat({ max: 3 }),
      insert: fc.string({ maxLength: 3, unit: "binary" }),
    });
    await fc.assert(
      fc.asyncProperty(edit, async ({ at, remove, insert }) => {
        const edited = message.slice(0, at) + insert + message.slice(at + remove);
        fc.pre(edited !== message && edited !== "");
        const signature = await wallet.signMessage(edited);
        const problem = problemOf(await app.post("/auth/verify", { message: edited, signature }));
        expect(problem.code).toMatch(
          /^(message_malformed|message_mismatch|challenge_unknown|invalid_request|invalid_json)$/,
        );
      }),
      { numRuns: 150 },
    );
    okay(await app.post("/auth/verify", { message, signature: await wallet.signMessage(message) }));
  });

  it("keeps a keyed hash of the IP and a bounded user agent, not the IP", async () => {
    const wallet = newWallet();
    const { message } = await app.challenge(wallet.address);
    const { player } = okay<SignedIn>(
      await app.post(
        "/auth/verify",
        { message, signature: await wallet.signMessage(message) },
        { "user-agent": `bot\u0009\u00ad${"x".repeat(1_000)}` },
      ),
    );
    const session = await db.prisma.session.findFirstOrThrow({ where: { userId: player.id } });
    expect(session.ipHash).toHaveLength(32);
    expect(Buffer.from(session.ipHash).toString("latin1")).not.toContain("127.0.0.1");
    expect(session.userAgent).toMatch(/^bot x+$/);
    expect(session.userAgent).toHaveLength(256);
    expect(session).toMatchObject({ demoClicks: 0, lastClickAt: null });
  });
});

describe("demo", () => {
  it("makes an anonymous player with the role demo and no address", async () => {
    const [one, two] = [await app.demo(), await app.demo()];
    expect(one.player).toEqual({
      id: one.player.id,
      address: null,
      account: `demo:${one.player.id}`,
      roles: ["demo"],
    });
    expect(two.player.id).not.toBe(one.player.id);
    expect(await app.auth.verifyToken(one.token)).toMatchObject({
      account: one.player.account,
      address: null,
      roles: ["demo"],
    });
  });
});

describe("the API's description", () => {
  it("says of every auth route who may call it and how it refuses", async () => {
    await app.server.ready();
    const { paths = {} } = app.server.swagger() as {
      paths?: Record<
        string,
        Record<string, { security: unknown; tags: string[]; responses: Record<string, unknown> }>
      >;
    };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      path.includes("/auth/")
        ? Object.entries(methods).map(([method, route]) => ({ name: `${method} ${path}`, ...route }))
        : [],
    );
    expect(Object.fromEntries(routes.map(({ name, security }) => [name, security]))).toEqual({
      "post /api/v1/auth/wallet-challenge": [],
      "post /api/v1/auth/verify": [],
      "post /api/v1/auth/demo": [],
      "post /api/v1/auth/refresh": [],
      "post /api/v1/auth/logout": [{ bearer: [] }, { cookie: [] }],
      "get /api/v1/auth/session": [{ bearer: [] }, { cookie: [] }],
      "get /api/v1/auth/wallets": [{ bearer: [] }, { cookie: [] }],
      "post /api/v1/auth/wallets": [{ bearer: [] }, { cookie: [] }],
      "post /api/v1/auth/wallets/challenge": [{ bearer: [] }, { cookie: [] }],
      "delete /api/v1/auth/wallets/{address}": [{ bearer: [] }, { cookie: [] }],
      "post /api/v1/auth/wallets/{address}/pay-to": [{ bearer: [] }, { cookie: [] }],
    });
    for (const { tags, responses } of routes) {
      expect(tags).toEqual(["auth"]);
      expect(Object.keys(responses)).toContain("503");
    }
  });
});
