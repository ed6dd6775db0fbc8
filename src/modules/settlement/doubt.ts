import { type Doubt, databaseIdentity, noteDoubt, type RailState } from "./events-store.ts";
import { hasNumbers } from "./payouts-store.ts";
import type { ChainView } from "./rails/rail.ts";
import type { Settling } from "./settling.ts";

/** A database that was written to this lately, and by itself, is no restored backup. */
const RECENT_BLOCKS = 3n;
/** Nor can that be told where the newest block is this old: the node may be as far behind as the backup. */
const RECENT_SECONDS = 60n;
/** Blocks do not come faster than this. */
const LEAST_SECONDS_A_BLOCK = 3n;

/**
 * Whether this database may have forgotten what was signed with it. Where the chain keeps no numbers, a forgotten payment
 * is held off by two things only: the last block of what a key of ours signed, so nothing new is signed until that is
 * past and read; and the nonce of what approvers signed, which may live for hours, so no nonce of that time is given
 * out again. Both are stored before anything else is: a restart must not forget them.
 *
 * `lastScanned` is how far this process itself has read, null when it has just begun.
 */
export async function weighDoubt(
  settling: Settling,
  view: ChainView,
  state: RailState,
  lastScanned: bigint | null,
): Promise<Doubt> {
  const { rail, db, clock } = settling;
  if (rail.forgottenBlocks === 0n) return { quietUntil: 0n, doubtedNonce: 0n };
  const writtenIn = await databaseIdentity(db.pool);
  const { number, timestamp } = view.final;
  const now = BigInt(Math.trunc(clock.now().getTime() / 1_000));
  const ageSeconds = now > timestamp ? now - timestamp : 0n;
  const isAsLeft =
    lastScanned === null
      ? number - state.scannedBlock <= RECENT_BLOCKS && ageSeconds <= RECENT_SECONDS
      : state.scannedBlock >= lastScanned;
  if (state.writtenIn === writtenIn && isAsLeft) return state;
  // Somebody whose node was ahead of ours may have signed for later blocks.
  const quietUntil = number + rail.forgottenBlocks + ageSeconds / LEAST_SECONDS_A_BLOCK;
  // A database that never had a payout has none that it could pay again.
  const doubtedNonce = (await hasNumbers(db.pool, rail.name))
    ? view.nonces.candidates(null).reduce((highest, nonce) => (nonce > highest ? nonce : highest), 0n)
    : 0n;
  const doubt = { quietUntil, doubtedNonce };
  // A database that has nothing to lose was just begun: that is no news.
  settling.log[doubtedNonce === 0n ? "info" : "warn"](
    { quietUntil: quietUntil.toString(), doubtedNonce: doubtedNonce.toString() },
    "this database may be a restored one: nothing new is signed for a while, and old nonces are not given out again",
  );
  return settling.write((tx) => noteDoubt(tx, rail.name, { ...doubt, writtenIn }));
}
