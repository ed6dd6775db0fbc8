import { Type } from "typebox";
import { problemResponses, type Routes } from "../../platform/http/index.ts";
import { enforceRateLimits, ipLimitKey } from "../../platform/rate-limit.ts";
import { type Guard, sessionOf, walletSessionOf } from "./guards.ts";
import type { AuthLimits } from "./limits.ts";
import * as schemas from "./schemas.ts";
import { parseWalletAddress } from "./wallet-address.ts";
import type { Wallets, WalletView } from "./wallets.ts";

const COMMON = {
  tags: ["auth"],
  security: [{ bearer: [] }, { cookie: [] }] as Record<string, string[]>[],
};

/** The wallets of one's own account. */
export function createWalletRoutes(deps: {
  wallets: Wallets;
  requireSession: Guard;
  /** A demo session has no wallet that could answer for another. */
  requireWallet: Guard;
  limits: AuthLimits;
}): Routes {
  const { wallets, requireSession, requireWallet, limits } = deps;

  return async function walletRoutes(server) {
    server.get(
      "/auth/wallets",
      {
        onRequest: requireSession,
        schema: {
          ...COMMON,
          summary: "Your wallets, the first one first",
          response: { 200: schemas.WalletsReply, ...problemResponses(401, 503) },
        },
      },
      async (request) => ({ items: (await wallets.list(sessionOf(request))).map(walletItem) }),
    );

    server.post(
      "/auth/wallets/challenge",
      {
        onRequest: requireWallet,
        schema: {
          ...COMMON,
          summary: "Get a message that links a wallet to your account",
          description:
            "One message that names the account and both wallets, good once and for five minutes. The wallet that is " +
            "signed in and the one to add both sign it.",
          body: schemas.ChallengeBody,
          response: { 200: schemas.ChallengeReply, ...problemResponses(400, 401, 403, 409, 429, 503) },
        },
      },
      async (request, reply) => {
        const address = parseWalletAddress(request.body.address, { chain: request.body.chain });
        await enforceRateLimits(reply, [
          { limit: limits.challengePerIp, key: ipLimitKey(request.ip) },
          { limit: limits.challengePerAddress, key: address },
        ]);
        const challenge = await wallets.challenge(walletSessionOf(request), address);
        reply.header("cache-control", "no-store");
        return { ...challenge, expiresAt: challenge.expiresAt.toISOString() };
      },
    );

    server.post(
      "/auth/wallets",
      {
        onRequest: requireWallet,
        schema: {
          ...COMMON,
          summary: "Link a wallet to your account",
          description:
            "`current` is the proof of the wallet that is signed in, `added` that of the other, each as POST auth/verify " +
            "takes it. The first wallet of a chain is the one to be paid at there. The same call again gives the same wallet.",
          body: schemas.LinkBody,
          response: { 200: schemas.WalletSchema, ...problemResponses(400, 401, 403, 409, 429, 503) },
        },
      },
      async (request, reply) => {
        await enforceRateLimits(reply, [{ limit: limits.verifyPerIp, key: ipLimitKey(request.ip) }]);
        const { message, current, added } = request.body;
        return walletItem(await wallets.link(walletSessionOf(request), message, { current, added }));
      },
    );

    server.delete(
      "/auth/wallets/:address",
      {
        onRequest: requireWallet,
        schema: {
          ...COMMON,
          summary: "Take a wallet from your account",
          description:
            "Neither the first one nor the one that is signed in. Sessions that it opened end; where it was the one to be " +
            "paid at, the wallet of its chain that was linked longest is from now on.",
          params: schemas.WalletParams,
          response: { 204: Type.Null(), ...problemResponses(400, 401, 403, 404, 409, 503) },
        },
      },
      async (request, reply) => {
        await wallets.unlink(walletSessionOf(request), parseWalletAddress(request.params.address));
        return reply.code(204).send(null);
      },
    );

    server.post(
      "/auth/wallets/:address/pay-to",
      {
        onRequest: requireWallet,
        schema: {
          ...COMMON,
          summary: "Be paid at this wallet on its chain",
          params: schemas.WalletParams,
          response: { 200: schemas.WalletSchema, ...problemResponses(400, 401, 403, 404, 503) },
        },
      },
      async (request) =>
        walletItem(await wallets.payTo(walletSessionOf(request), parseWalletAddress(request.params.address))),
    );
  };
}

function walletItem(wallet: WalletView) {
  return { ...wallet, linkedAt: wallet.linkedAt.toISOString() };
}
