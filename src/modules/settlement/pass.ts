import { appendAudit } from "../../platform/audit.ts";
import { payoutsOfBatch, railPause } from "../payouts/index.ts";
import { applyWaitingEvents } from "./apply-word.ts";
import type { Batch } from "./batch.ts";
import { burnDoubted, withoutDoubted } from "./burn-doubted.ts";
import { weighDoubt } from "./doubt.ts";
import { makeBatches } from "./make-batches.ts";
import { killEnded, offerPayloads, retractPayload } from "./offer-payloads.ts";
import type { ChainView, Refusal } from "./rails/rail.ts";
import { reconcile } from "./reconcile.ts";
import { checkHistory, scanEvents } from "./scan.ts";
import { NO_NONCE, sendBatch } from "./send-batch.ts";
import { expireClaims, isExpired, settleIdleBatch } from "./settle-idle-batches.ts";
import { settleExpired, settleNonces } from "./settle-nonces.ts";
import { ACTOR, type Settling } from "./settling.ts";
import { highestNonce, noteBatch, unresolvedBatches } from "./store.ts";

export type PassResult = {
  /** Whether anything changed, so that another pass may find more to do. */
  moved: boolean;
  /** What stands against sending anything. */
  faults: string[];
  /** Why the rail's switch is off, if it is. */
  paused: string | null;
  /** Why single batches wait. */
  waiting: string[];
  /** Whether anything is on its way or about to be, so that the next block is news. */
  isUnderWay: boolean;
  /** Monotonic milliseconds before which payouts that are not many wait for others to share a transaction with. */
  dueFrom: number;
  /** Whether any do. */
  heldBack: boolean;
};

export type Passes = {
  /** One pass over everything, decided on one look at the chain. */
  run(settling: Settling, view: ChainView): Promise<PassResult>;
  /** Forgets what was learned: another process may have changed it since. */
  reset(): void;
};

/** What a block is taken to take before any was waited for. */
const FIRST_BLOCK_MS = 1_000;

/**
 * What a worker does again and again: see what became of what is under way, take the chain's word for it, and only then
 * send more. What is kept here between passes is convenience; a restart loses it and comes to the same end.
 */
export function createPasses(): Passes {
  /** What stands against sending; null when it has to be asked again. */
  let faults: string[] | null = null;
  let nextReconcileAt = 0;
  /** Halved when a batch is too much for one transaction or reverted, doubled when one landed. */
  let maxSize = Number.MAX_SAFE_INTEGER;
  /** How long a block took lately. */
  const heads = { at: performance.now(), number: -1n, blockMs: FIRST_BLOCK_MS };
  /** When a batch that is not full may be made again. */
  let dueFrom = 0;
  let reportedHead = -1n;
  /** How far this process has read; null when it has just begun, or somebody else wrote meanwhile. */
  let lastScanned: bigint | null = null;
  /** Batches that were refused: monotonic times before which they are left alone, and why they wait. */
  const refused = new Map<string, { until: number; why: string }>();

  async function run(settling: Settling, found: ChainView): Promise<PassResult> {
    const { rail, db, settings } = settling;
    noteHead(found.head);
    const state = await checkHistory(settling, found);
    const { quietUntil, doubtedNonce } = await weighDoubt(settling, found, state, lastScanned);
    const isQuiet = found.final.number < quietUntil;
    const view = withoutDoubted(found, doubtedNonce);
    await reportForeignNonces(settling, view);

    let moved = false;
    maxSize = Math.min(maxSize, settings.maxBatchSize);
    const { outcomes, expired } = await settleNonces(settling, view);
    for (const outcome of outcomes) {
      if (outcome === "landed") maxSize = Math.min(settings.maxBatchSize, maxSize * 2);
      if (outcome === "reverted") maxSize = Math.max(1, Math.floor(maxSize / 2));
      moved ||= outcome !== "waiting";
    }
    const scanned = await scanEvents(settling, view, state.scannedBlock);
    lastScanned = scanned;
    moved = (await applyWaitingEvents(settling)) || moved;
    // Until all of the history is read, a payment that this database has forgotten may still come to light.
    const caughtUp = scanned === view.final.number;
    if (caughtUp) {
      if (!isQuiet) {
        const renewed = await settleExpired(settling, view, expired);
        moved = renewed.some((outcome) => outcome !== "waiting") || moved;
      }
      moved = (await settleIdle(settling, view)) || moved;
      moved = (await expireClaims(settling, view)) || moved;
    }

    const reconcileNow = performance.now() >= nextReconcileAt;
    let isBurning = false;
    let heldBack = false;
    const standing = faults === null || reconcileNow ? await rail.findFaults() : faults;
    faults = standing;
    // Pays nobody and keeps others from it, so it is done while the rail is paused, too.
    if (standing.length === 0 && caughtUp) moved = (await killEnded(settling, found)) || moved;
    if (standing.length === 0 && caughtUp && (await railPause(db.pool, rail.name)) === null) {
      await rail.maintain(view);
      const burning = await burnDoubted(settling, found, doubtedNonce);
      isBurning = !burning.isOver;
      const offering = await offerPayloads(settling, view, { mayOffer: burning.isOver });
      moved = burning.moved || offering || moved;
      if (!isQuiet) {
        const out = await sendOut(settling, view);
        moved = out.moved || moved;
        heldBack = out.heldBack;
      }
    }
    if (reconcileNow && caughtUp) {
      await reconcile(settling, scanned);
      nextReconcileAt = performance.now() + settings.reconcileEveryMs;
    }
    const pause = await railPause(db.pool, rail.name);
    const unresolved = await unresolvedBatches(db.pool, rail.name);
    const stillRefused = new Set(unresolved.filter(({ hasOpenNonce }) => !hasOpenNonce).map(({ id }) => id));
    for (const id of refused.keys()) {
      if (!stillRefused.has(id)) refused.delete(id);
    }
    return {
      moved,
      faults: standing,
      isUnderWay: unresolved.length > 0 || heldBack,
      dueFrom,
      heldBack,
      paused: pause === null ? null : `paused by ${pause.actor}: ${pause.reason}`,
      waiting: [
        ...new Set([...refused.values()].map(({ why }) => `payouts wait: ${why}`)),
        ...(isBurning
          ? [
              "nothing new is offered to approvers until the tickets that something forgotten may be bound to are used up",
            ]
          : []),
        ...(isQuiet
          ? [
              `payouts wait until ${rail.words.block} ${quietUntil}: what was signed before and forgotten may be included until then`,
            ]
          : []),
      ],
    };
  }

  function noteHead(head: bigint): void {
    if (head <= heads.number) return;
    const now = performance.now();
    // Half of what was known: blocks come unevenly, and after a quiet time the first may have taken very long.
    if (heads.number >= 0n && head === heads.number + 1n)
      heads.blockMs = (heads.blockMs + now - heads.at) / 2;
    heads.at = now;
    heads.number = head;
  }

  /** Batches that no nonce can pay: those that were sent, lost a member before, or are signed and out of time. */
  async function settleIdle(settling: Settling, view: ChainView): Promise<boolean> {
    const { db, rail } = settling;
    let moved = false;
    for (const batch of await unresolvedBatches(db.pool, rail.name)) {
      if (batch.hasOpenNonce) continue;
      const ended =
        batch.status === "submitted" ||
        !batch.isWhole ||
        isExpired(batch, await payoutsOfBatch(db.pool, batch.id), view);
      if (ended && (await settleIdleBatch(settling, batch, view, null)) === "dissolved") moved = true;
    }
    return moved;
  }

  async function sendOut(
    settling: Settling,
    view: ChainView,
  ): Promise<{ moved: boolean; heldBack: boolean }> {
    const { db, rail, settings } = settling;
    const before = await unresolvedBatches(db.pool, rail.name);
    const onTheirWay = new Set(before.filter(({ hasOpenNonce }) => hasOpenNonce).map(({ id }) => id));
    let moved = false;
    const send = async (batch: Batch): Promise<boolean> => {
      const sending = await sendBatch(settling, batch, view);
      if (sending.sent || (await takeRefusal(settling, batch, view, sending.refusal))) moved = true;
      if (sending.sent) onTheirWay.add(batch.id);
      return sending.sent;
    };
    for (const batch of before) {
      const { id, status, hasOpenNonce, isWhole } = batch;
      const mayBeSent = status === "batched" && !hasOpenNonce && isWhole;
      if (mayBeSent && (refused.get(id)?.until ?? 0) <= performance.now()) await send(batch);
    }
    const open = onTheirWay.size;
    const waiting = before.filter(({ id }) => !onTheirWay.has(id));
    const limits = {
      open,
      waiting: (kind: Batch["kind"]) => waiting.filter((batch) => batch.kind === kind).length,
      maxSize,
      onlyFull: performance.now() < dueFrom,
    };
    const { made, heldBack } = await makeBatches(settling, view, limits, send);
    // Spread over the time of a block, so that there are nonces left when it comes; after a quiet time the first payout
    // waits for nobody.
    const paceMs = Math.min(heads.blockMs / settings.maxOpenNonces, settings.longestPaceMs);
    if (made > 0) dueFrom = performance.now() + paceMs;
    return { moved: moved || made > 0, heldBack };
  }

  /** A batch that was never sent costs nothing: it waits, or gives its members back. True when it gave them back. */
  async function takeRefusal(
    settling: Settling,
    batch: Batch,
    view: ChainView,
    refusal: Refusal,
  ): Promise<boolean> {
    const { effect, code, message } = refusal;
    await noteBatch(settling.db.pool, batch.id, message);
    // A free nonce may be there with the next look, so that is not waited for.
    const delayMs = code === NO_NONCE ? 0 : settling.settings.retryWaitingMs;
    refused.set(batch.id, { until: performance.now() + delayMs, why: message });
    settling.log.debug({ batchId: batch.id, code, message }, "a batch waits");
    if (code === "VaultPaused") faults = null;
    if (effect === "wait" || (effect === "split" && batch.size === 1)) return false;
    if (effect === "split") maxSize = Math.max(1, Math.floor(batch.size / 2));
    if (effect === "word") return (await settleIdleBatch(settling, batch, view, null)) === "dissolved";
    const members = await payoutsOfBatch(settling.db.pool, batch.id);
    const abandon =
      effect === "payee" ? refusal : { ...refusal, message: `the vault refuses it: ${message}` };
    if ((await settleIdleBatch(settling, batch, view, abandon)) !== "dissolved") return false;
    if (effect === "sign_again") {
      for (const { id } of members) await retractPayload(settling, id, message);
    }
    return true;
  }

  /** The signer's nonces go up without us: its key is used elsewhere, or this database is older than the chain. */
  async function reportForeignNonces({ db, by, log }: Settling, view: ChainView): Promise<void> {
    const highest = await highestNonce(db.pool, by);
    const beyond = highest === null ? null : view.nonces.beyond(highest);
    if (highest === null || beyond === null || beyond === reportedHead) return;
    reportedHead = beyond;
    const details = { expected: (highest + 1n).toString(), found: beyond.toString() };
    log.warn(details, "the operator's nonces were used by transactions that are not ours");
    await db.transaction((tx) =>
      appendAudit(tx, { actor: ACTOR, action: "foreign_nonce_use", subject: `signer:${by.signer}`, details }),
    );
  }

  return {
    run,
    reset() {
      faults = null;
      nextReconcileAt = 0;
      lastScanned = null;
      refused.clear();
    },
  };
}
