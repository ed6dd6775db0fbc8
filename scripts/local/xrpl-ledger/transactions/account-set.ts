import type { EngineResult } from "../engine/engine-results.ts";
import { ACCOUNT_FLAGS, type AccountRoot, hasFlag, withFlag, withoutFlag } from "../engine/entries.ts";
import { ownerDirectoryKey } from "../engine/keylets.ts";
import { isPublicKey, keyAddress } from "../engine/signatures.ts";
import type { Transaction, TransactionFields } from "../engine/transaction.ts";
import { hasUnknownFlags, type Transactor } from "../engine/transactor.ts";
import { accountRoot, signerListOf, updateAccount } from "../engine/view.ts";

const REQUIRE_DEST = 1;
const REQUIRE_AUTH = 2;
const DISALLOW_XRP = 3;
const DISABLE_MASTER = 4;
const ACCOUNT_TXN_ID = 5;
const NO_FREEZE = 6;
const GLOBAL_FREEZE = 7;

/** Flags that are set and cleared without any condition. */
const PLAIN_FLAGS: Record<number, number> = {
  [REQUIRE_DEST]: ACCOUNT_FLAGS.requireDestinationTag,
  [REQUIRE_AUTH]: ACCOUNT_FLAGS.requireAuthorization,
  [DISALLOW_XRP]: ACCOUNT_FLAGS.disallowIncomingXRP,
  8: ACCOUNT_FLAGS.defaultRipple,
  9: ACCOUNT_FLAGS.depositAuth,
  12: ACCOUNT_FLAGS.disallowIncomingNFTokenOffer,
  13: ACCOUNT_FLAGS.disallowIncomingCheck,
  14: ACCOUNT_FLAGS.disallowIncomingPayChan,
  15: ACCOUNT_FLAGS.disallowIncomingTrustline,
};

/** The three oldest flags can be changed by the transaction's own flags as well: [asf, tf to set, tf to clear]. */
const LEGACY_FLAGS = [
  [REQUIRE_DEST, 0x0001_0000, 0x0002_0000],
  [REQUIRE_AUTH, 0x0004_0000, 0x0008_0000],
  [DISALLOW_XRP, 0x0010_0000, 0x0020_0000],
] as const;
const LEGACY_MASK = 0x003f_0000;

const RATE_ONE = 1_000_000_000;
const MIN_TICK_SIZE = 3;
const MAX_TICK_SIZE = 16;
const MAX_DOMAIN_BYTES = 256;
const NO_TXN_ID = "0".repeat(64);
const NO_LOCATOR = "0".repeat(64);
const NO_EMAIL = "0".repeat(32);

function wants(fields: TransactionFields): { sets: Set<number>; clears: Set<number> } {
  const sets = new Set<number>(fields.SetFlag ? [fields.SetFlag] : []);
  const clears = new Set<number>(fields.ClearFlag ? [fields.ClearFlag] : []);
  for (const [flag, set, clear] of LEGACY_FLAGS) {
    if (hasFlag(fields.Flags ?? 0, set)) sets.add(flag);
    if (hasFlag(fields.Flags ?? 0, clear)) clears.add(flag);
  }
  return { sets, clears };
}

function preflight(tx: Transaction): EngineResult {
  const { fields } = tx;
  if (hasUnknownFlags(tx, LEGACY_MASK)) return "temINVALID_FLAG";
  const { sets, clears } = wants(fields);
  if ([...sets].some((flag) => clears.has(flag))) return "temINVALID_FLAG";
  const rate = fields.TransferRate ?? 0;
  if (rate !== 0 && (rate < RATE_ONE || rate > 2 * RATE_ONE)) return "temBAD_TRANSFER_RATE";
  const tick = fields.TickSize ?? 0;
  if (tick !== 0 && (tick < MIN_TICK_SIZE || tick > MAX_TICK_SIZE)) return "temBAD_TICK_SIZE";
  if (fields.MessageKey && !isPublicKey(fields.MessageKey)) return "telBAD_PUBLIC_KEY";
  if ((fields.Domain ?? "").length / 2 > MAX_DOMAIN_BYTES) return "telBAD_DOMAIN";
  return "tesSUCCESS";
}

function flagsAfter(root: AccountRoot, fields: TransactionFields): number {
  const { sets, clears } = wants(fields);
  let flags = root.Flags;
  for (const [flag, bit] of Object.entries(PLAIN_FLAGS)) {
    if (sets.has(Number(flag))) flags = withFlag(flags, bit);
    else if (clears.has(Number(flag))) flags = withoutFlag(flags, bit);
  }
  if (sets.has(DISABLE_MASTER)) flags = withFlag(flags, ACCOUNT_FLAGS.disableMasterKey);
  if (clears.has(DISABLE_MASTER)) flags = withoutFlag(flags, ACCOUNT_FLAGS.disableMasterKey);
  if (sets.has(NO_FREEZE)) flags = withFlag(flags, ACCOUNT_FLAGS.noFreeze);
  if (sets.has(GLOBAL_FREEZE)) flags = withFlag(flags, ACCOUNT_FLAGS.globalFreeze);
  // Whoever gave up freezing cannot take a global freeze back either.
  else if (clears.has(GLOBAL_FREEZE) && !hasFlag(flags, ACCOUNT_FLAGS.noFreeze)) {
    flags = withoutFlag(flags, ACCOUNT_FLAGS.globalFreeze);
  }
  return flags;
}

/** A field that goes when it is set to its empty value. */
function optional<T>(
  given: T | undefined,
  before: T | undefined,
  isEmpty: (value: T) => boolean,
): T | undefined {
  if (given === undefined) return before;
  return isEmpty(given) ? undefined : given;
}

export const accountSet: Transactor = {
  changesAuthority({ fields }) {
    const { sets, clears } = wants(fields);
    return [REQUIRE_AUTH, DISABLE_MASTER, ACCOUNT_TXN_ID].some((flag) => sets.has(flag) || clears.has(flag));
  },
  preflight,
  preclaim(view, { fields }) {
    const root = accountRoot(view, fields.Account);
    if (root === undefined) return "terNO_ACCOUNT";
    const isNew = !hasFlag(root.Flags, ACCOUNT_FLAGS.requireAuthorization);
    if (wants(fields).sets.has(REQUIRE_AUTH) && isNew) {
      if (view.get(ownerDirectoryKey(fields.Account)) !== undefined) return "tecOWNERS";
    }
    return "tesSUCCESS";
  },
  apply({ sandbox, tx: { fields } }) {
    const root = accountRoot(sandbox, fields.Account);
    if (root === undefined) return "terNO_ACCOUNT";
    const { sets, clears } = wants(fields);
    const isByMaster = keyAddress(fields.SigningPubKey) === fields.Account;
    if (sets.has(DISABLE_MASTER) && !hasFlag(root.Flags, ACCOUNT_FLAGS.disableMasterKey)) {
      if (!isByMaster) return "tecNEED_MASTER_KEY";
      if (root.RegularKey === undefined && signerListOf(sandbox, fields.Account) === undefined) {
        return "tecNO_ALTERNATIVE_KEY";
      }
    }
    if (sets.has(NO_FREEZE) && !isByMaster && !hasFlag(root.Flags, ACCOUNT_FLAGS.disableMasterKey)) {
      return "tecNEED_MASTER_KEY";
    }
    let txnId = root.AccountTxnID;
    if (sets.has(ACCOUNT_TXN_ID)) txnId ??= NO_TXN_ID;
    if (clears.has(ACCOUNT_TXN_ID)) txnId = undefined;
    const isBlank = (value: string): boolean => value === "";
    updateAccount(sandbox, fields.Account, {
      Flags: flagsAfter(root, fields),
      AccountTxnID: txnId,
      Domain: optional(fields.Domain, root.Domain, isBlank),
      MessageKey: optional(fields.MessageKey, root.MessageKey, isBlank),
      EmailHash: optional(fields.EmailHash, root.EmailHash, (value) => value === NO_EMAIL),
      WalletLocator: optional(fields.WalletLocator, root.WalletLocator, (value) => value === NO_LOCATOR),
      TransferRate: optional(
        fields.TransferRate,
        root.TransferRate,
        (rate) => rate === 0 || rate === RATE_ONE,
      ),
      TickSize: optional(fields.TickSize, root.TickSize, (size) => size === 0 || size === MAX_TICK_SIZE),
    });
    return "tesSUCCESS";
  },
};
