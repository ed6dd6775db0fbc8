import type { Config } from "../../config.ts";
import { appendAudit } from "../../platform/audit.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Database, Tx } from "../../platform/db/index.ts";
import { consumeChallenge, insertChallenge, type LinkFor } from "./challenge-store.ts";
import * as errors from "./errors.ts";
import { issueLink, oursInLink, readLink } from "./link-message.ts";
import { foreignParts } from "./message-parts.ts";
import { openChallengeOf } from "./open-challenge.ts";
import type { Session, WalletSession } from "./session.ts";
import { type Identity, identityOn } from "./sign-in-message.ts";
import { endSessionsOf, lockAddress } from "./store.ts";
import { chainOf, type WalletAddress } from "./wallet-address.ts";
import { type CheckProof, requireProofOf, type WalletProof } from "./wallet-proof.ts";
import type { Wallet } from "./wallets-store.ts";
import * as store from "./wallets-store.ts";

export type WalletView = Wallet & {
  /** Whether the account is known by it. */
  isFirst: boolean;
};

/** Far more than anybody uses, and few enough to list. */
const MOST_WALLETS = 20;

/**
 * The wallets of one account. Changes to one account's wallets queue behind a lock on the player, and whose an address
 * becomes is decided one at a time, so a wallet is never two players' and a chain never has two wallets to be paid at.
 */
export function createWallets(deps: {
  config: Pick<Config, "auth">;
  identity: Identity;
  db: Database;
  clock: Clock;
  checkProof: CheckProof;
  /** Refuses a session in this process at once; others hear it from the database. */
  onEnded: (sessionId: string) => void;
}) {
  const { config, identity, db, clock, checkProof, onEnded } = deps;

  async function list(session: Session): Promise<WalletView[]> {
    const wallets = await store.walletsOf(db.pool, session.playerId);
    return wallets.map((wallet) => view(session, wallet));
  }

  /** The player's wallets, which stay as they are until the transaction ends. */
  async function lockWallets(tx: Tx, session: WalletSession): Promise<Wallet[]> {
    await store.lockPlayer(tx, session.playerId);
    const wallets = await store.walletsOf(tx, session.playerId);
    // Unlinked since the request was let in: what this session could do, it cannot any more.
    if (!wallets.some((wallet) => wallet.address === session.address)) throw errors.sessionEnded();
    return wallets;
  }

  /** One of the player's wallets and the others, locked; throws `wallet_not_linked`. */
  async function lockWallet(
    tx: Tx,
    session: WalletSession,
    address: WalletAddress,
  ): Promise<{ wallet: Wallet; others: Wallet[] }> {
    const wallets = await lockWallets(tx, session);
    const wallet = wallets.find((one) => one.address === address);
    if (wallet === undefined) throw errors.walletNotLinked(address);
    return { wallet, others: wallets.filter((one) => one !== wallet) };
  }

  /** Adds the wallet, or throws; null when the challenge is not open any more. */
  async function add(
    tx: Tx,
    session: WalletSession,
    address: WalletAddress,
    challenge: { nonce: string; text: string },
  ): Promise<Wallet | null> {
    const now = clock.now();
    if (!(await consumeChallenge(tx, challenge.nonce, challenge.text, now))) return null;
    const wallets = await lockWallets(tx, session);
    await lockAddress(tx, address);
    const owner = await store.playerOfWallet(tx, address);
    if (owner === session.playerId) throw errors.walletLinkedAlready(address);
    if (owner !== null) throw errors.walletBelongsToAnother(address);
    if (wallets.length >= MOST_WALLETS) throw errors.tooManyWallets(MOST_WALLETS);
    const chain = chainOf(address);
    const payTo = !wallets.some((wallet) => wallet.chain === chain && wallet.payTo);
    const wallet = { address, chain, payTo, linkedAt: now };
    await store.insertWallet(tx, session.playerId, wallet, challenge.nonce);
    await audit(tx, session, "wallet.linked", address, { chain, payTo });
    return wallet;
  }

  /** What a challenge that is gone has linked: the answer to a call that is made again. Throws `challenge_unknown`. */
  async function linkedBy(session: WalletSession, nonce: string): Promise<Wallet> {
    const wallet = await store.walletOfChallenge(db.pool, session.playerId, nonce);
    if (wallet === null) throw errors.challengeUnknown("link");
    return wallet;
  }

  return {
    list,

    /** A message for both wallets to sign. Throws `wallet_linked_already`, `chain_not_configured`. */
    async challenge(session: WalletSession, address: WalletAddress) {
      const current = { address: session.address, ours: identityOn(identity, chainOf(session.address)) };
      const added = { address, ours: identityOn(identity, chainOf(address)) };
      // Whether it is somebody else's is told only to whoever proves to hold it.
      const owner = await store.playerOfWallet(db.pool, address);
      if (owner === session.playerId) throw errors.walletLinkedAlready(address);
      const issued = issueLink(
        { account: session.account, current, added },
        clock.now(),
        config.auth.challengeSeconds,
      );
      await insertChallenge(db, { ours: added.ours, address, issued, link: linkFor(session) });
      return { message: issued.message, nonce: issued.nonce, expiresAt: issued.expiresAt };
    },

    /**
     * Links a wallet to the account, by proof of both. The same call again gives the wallet that it linked. Refusals
     * come in the order of signing in, but what form the proofs must have only the challenge tells; the current
     * wallet's is looked at before the added one's.
     */
    async link(
      session: WalletSession,
      text: string,
      proofs: { current: WalletProof; added: WalletProof },
    ): Promise<WalletView> {
      const read = readLink(text);
      if (read === null) throw errors.messageMalformed("link");
      const foreign = foreignParts(read, oursInLink(identity));
      if (foreign.length > 0) throw errors.messageMismatch("link", foreign);

      const challenge = await openChallengeOf({ db, clock }, { text, read }, readLink, linkFor(session));
      if (challenge === null) return view(session, await linkedBy(session, read.nonce));
      const { address, nonce } = challenge;
      requireProofOf(chainOf(session.address), proofs.current, "current");
      requireProofOf(chainOf(address), proofs.added, "added");
      await checkProof({ address: session.address, message: text, proof: proofs.current });
      await checkProof({ address, message: text, proof: proofs.added });

      const linked = await db.transaction((tx) => add(tx, session, address, { nonce, text }));
      if (linked === null && challenge.expiresAt <= clock.now())
        throw errors.challengeExpired("link", challenge.expiresAt);
      return view(session, linked ?? (await linkedBy(session, nonce)));
    },

    /**
     * Takes a wallet from the account, which ends the sessions that it opened. Where it was paid at, the wallet of its
     * chain that was linked longest is from now on.
     */
    async unlink(session: WalletSession, address: WalletAddress): Promise<void> {
      const ended = await db.transaction(async (tx) => {
        const { wallet, others } = await lockWallet(tx, session, address);
        if (address === session.account) throw errors.firstWalletStays(address);
        if (address === session.address) throw errors.walletInUse(address);
        await store.deleteWallet(tx, address);
        const next = wallet.payTo ? others.find((other) => other.chain === wallet.chain) : undefined;
        if (next !== undefined) await store.setPayTo(tx, session.playerId, next);
        const sessions = await endSessionsOf(tx, session.playerId, address);
        await audit(tx, session, "wallet.unlinked", address, {
          chain: wallet.chain,
          endedSessions: sessions.length,
          ...(wallet.payTo ? { payTo: next?.address ?? null } : {}),
        });
        return sessions;
      });
      for (const id of ended) onEnded(id);
    },

    /** Makes a wallet the one to be paid at on its chain. */
    async payTo(session: WalletSession, address: WalletAddress): Promise<WalletView> {
      return db.transaction(async (tx) => {
        const { wallet, others } = await lockWallet(tx, session, address);
        if (wallet.payTo) return view(session, wallet);
        const before = others.find((other) => other.chain === wallet.chain && other.payTo);
        await store.setPayTo(tx, session.playerId, wallet);
        await audit(tx, session, "wallet.pay_to", address, {
          chain: wallet.chain,
          before: before?.address ?? null,
        });
        return view(session, { ...wallet, payTo: true });
      });
    },
  };
}

export type Wallets = ReturnType<typeof createWallets>;

function linkFor(session: WalletSession): LinkFor {
  return { playerId: session.playerId, linkedBy: session.address };
}

function view(session: Session, wallet: Wallet): WalletView {
  return { ...wallet, isFirst: wallet.address === session.account };
}

function audit(
  tx: Tx,
  session: WalletSession,
  action: string,
  address: WalletAddress,
  details: Record<string, unknown>,
): Promise<void> {
  return appendAudit(tx, {
    actor: session.account,
    action,
    subject: `wallet:${address}`,
    details: { ...details, signedInWith: session.address },
  });
}
