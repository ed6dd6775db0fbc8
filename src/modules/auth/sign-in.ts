import type { Config } from "../../config.ts";
import { appendAudit } from "../../platform/audit.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import { newId } from "../../platform/ids.ts";
import type { Logger } from "../../platform/log.ts";
import { consumeChallenge, insertChallenge, openedSession } from "./challenge-store.ts";
import type { ClientTrace } from "./client-trace.ts";
import * as errors from "./errors.ts";
import { foreignParts } from "./message-parts.ts";
import { openChallengeOf } from "./open-challenge.ts";
import { accountOf, rolesOf, type Session } from "./session.ts";
import { type Identity, identityOn, issueSignIn, oursInSignIn, readSignIn } from "./sign-in-message.ts";
import * as store from "./store.ts";
import type { Tokens } from "./tokens.ts";
import { chainOf, type WalletAddress } from "./wallet-address.ts";
import { type CheckProof, requireProofOf, type WalletProof } from "./wallet-proof.ts";

/** What a client holds after signing in or refreshing. */
export type SignedIn = {
  session: Session;
  accessToken: string;
  accessExpiresAt: Date;
  refreshToken: string;
  refreshExpiresAt: Date;
};

export type SignInDeps = {
  config: Pick<Config, "auth">;
  identity: Identity;
  db: Database;
  clock: Clock;
  log: Logger;
  checkProof: CheckProof;
  tokens: Tokens;
  /** Refuses a session in this process at once; others hear it from the database. */
  onEnded: (sessionId: string) => void;
};

export function createSignIn(deps: SignInDeps) {
  const { config, identity, db, clock, log, checkProof, tokens, onEnded } = deps;

  async function issueTokens(
    opened: {
      sessionId: string;
      playerId: string;
      address: WalletAddress | null;
      firstWallet: WalletAddress | null;
    },
    generation: number,
    expiresAt: Date,
  ): Promise<SignedIn> {
    const { sessionId, playerId, address, firstWallet } = opened;
    const access = await tokens.signAccess(playerId, sessionId, expiresAt);
    return {
      session: {
        id: sessionId,
        playerId,
        address,
        account: accountOf(playerId, firstWallet),
        roles: rolesOf(address, config.auth),
      },
      accessToken: access.token,
      accessExpiresAt: access.expiresAt,
      refreshToken: tokens.signRefresh(sessionId, generation),
      refreshExpiresAt: expiresAt,
    };
  }

  function newSession(now: Date, challengeNonce: string | null, trace: ClientTrace): store.NewSession {
    return { id: newId(now), challengeNonce, trace, createdAt: now, expiresAt: sessionExpiry(now) };
  }

  function sessionExpiry(now: Date): Date {
    return new Date(now.getTime() + config.auth.refreshTokenSeconds * 1_000);
  }

  async function endSession(sessionId: string, reason: store.EndReason): Promise<boolean> {
    const ended = await store.endSession(db.pool, sessionId, reason);
    onEnded(sessionId);
    return ended;
  }

  return {
    endSession,

    /** Throws `chain_not_configured` for a wallet of a chain that is not. */
    async challenge(address: WalletAddress): Promise<{ message: string; nonce: string; expiresAt: Date }> {
      const ours = identityOn(identity, chainOf(address));
      const issued = issueSignIn(ours, address, clock.now(), config.auth.challengeSeconds);
      await insertChallenge(db, { ours, address, issued, link: null });
      return { message: issued.message, nonce: issued.nonce, expiresAt: issued.expiresAt };
    },

    /**
     * Signs in with a signed challenge, of either chain. Refusals come in this order: whether message and proof have the
     * form of a chain that we have, what the message says about us, whether its challenge is open, whether it is the
     * text that we gave out, whether the proof holds, whether somebody else was faster. Only after the proof holds is
     * the challenge consumed, so neither a wrong proof nor a chain that does not answer costs anybody their challenge;
     * consuming it and opening the session is one transaction.
     */
    async verify(text: string, proof: WalletProof, trace: ClientTrace): Promise<SignedIn> {
      const read = readSignIn(text);
      if (read === null) throw errors.messageMalformed("sign_in");
      requireProofOf(read.chain, proof, "the proof");
      const foreign = foreignParts(read, oursInSignIn(identityOn(identity, read.chain)));
      if (foreign.length > 0) throw errors.messageMismatch("sign_in", foreign);

      const challenge = await openChallengeOf({ db, clock }, { text, read }, readSignIn, null);
      if (challenge === null) {
        const used = await openedSession(db, read.nonce);
        throw used ? errors.challengeUsed("sign_in") : errors.challengeUnknown("sign_in");
      }
      const { address, nonce } = challenge;
      await checkProof({ address, message: text, proof });

      const now = clock.now();
      const session = newSession(now, nonce, trace);
      const player = await db.transaction(async (tx) => {
        if (!(await consumeChallenge(tx, nonce, text, now))) return null;
        const opened = await store.openWalletPlayer(tx, newId(now), address, now);
        await store.insertSession(tx, opened.playerId, address, session);
        return opened;
      });
      if (player === null) {
        throw challenge.expiresAt <= now
          ? errors.challengeExpired("sign_in", challenge.expiresAt)
          : errors.challengeUsed("sign_in");
      }
      return issueTokens({ sessionId: session.id, address, ...player }, 1, session.expiresAt);
    },

    async demo(trace: ClientTrace): Promise<SignedIn> {
      const now = clock.now();
      const playerId = newId(now);
      const session = newSession(now, null, trace);
      await store.insertDemoPlayer(db, playerId, session);
      const opened = { sessionId: session.id, playerId, address: null, firstWallet: null };
      return issueTokens(opened, 1, session.expiresAt);
    },

    /**
     * Trades a refresh token for the next pair. Each can be used once: a second use means that two parties hold it, so
     * the session ends for both. There is no grace, not for concurrent use either: of two refreshes at once the first
     * to lock the row wins and the other ends the session. A client therefore refreshes one at a time (in a browser:
     * under one Web Lock for all tabs) and signs in again if the answer was lost.
     */
    async refresh(refreshToken: string): Promise<SignedIn> {
      const claims = tokens.verifyRefresh(refreshToken);
      const outcome = await db.transaction(async (tx) => {
        const stored = await store.lockSession(tx, claims.sessionId);
        if (stored === null || claims.generation > stored.generation) return "unknown";
        if (stored.revoked) return "ended";
        const now = clock.now();
        if (stored.expiresAt <= now) return "expired";
        if (claims.generation < stored.generation) {
          await store.endSession(tx, stored.id, "refresh_reused");
          await appendAudit(tx, {
            actor: accountOf(stored.playerId, stored.firstWallet),
            action: "session.refresh_reused",
            subject: `session:${stored.id}`,
            details: { presented: claims.generation, current: stored.generation },
          });
          return "reused";
        }
        const next = { ...stored, generation: stored.generation + 1, expiresAt: sessionExpiry(now) };
        await store.advanceGeneration(tx, stored.id, next.generation, next.expiresAt);
        return next;
      });
      switch (outcome) {
        // A genuine token that the database has never seen: it was restored to an earlier state.
        case "unknown":
          throw errors.tokenInvalid();
        case "ended":
          throw errors.sessionEnded();
        case "expired":
          throw errors.sessionExpired();
        case "reused":
          onEnded(claims.sessionId);
          log.warn({ sessionId: claims.sessionId }, "a refresh token was used twice; its session was ended");
          throw errors.refreshTokenReused();
        default:
          return issueTokens({ ...outcome, sessionId: outcome.id }, outcome.generation, outcome.expiresAt);
      }
    },

    /** Ends the session of a refresh token, whichever of its family it is: the way out when the access token is gone. */
    async logoutByRefreshToken(refreshToken: string): Promise<void> {
      const { sessionId } = tokens.verifyRefresh(refreshToken);
      if (!(await endSession(sessionId, "logout"))) throw errors.sessionEnded();
    },
  };
}

export type SignIn = ReturnType<typeof createSignIn>;
