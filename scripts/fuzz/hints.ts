import fc from "fast-check";
import type { Hints } from "./from-schema.ts";
import { hostileJson, hostileText } from "./hostile.ts";

const EVM = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const XRPL = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh";
const X_ADDRESS = "XVLhHMPHU98es4dbozjVtdWzVrDjtV18pX8yuPT7y4xaEHi";

const addresses = fc.constantFrom<string[]>(
  "@@wallet.new@@",
  "@@account.own@@",
  "@@account.victim@@",
  "@@wallet.linked@@",
  EVM,
  EVM.toLowerCase(),
  XRPL,
);
const amounts = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 20 }).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "0",
      "1000000000000000",
      "150000000000000000000",
      "9".repeat(38),
      `1${"0".repeat(37)}`,
    ),
  },
);
const assets = fc.constantFrom("COIN", "COIN", "COIN", "FLR", "XRP", "RLUSD", "coin", "GOLD");
/** As people ask: so that what lies behind the checks is reached, too. */
const cashOut = fc.record(
  {
    asset: fc.constant("COIN"),
    amount: fc.integer({ min: 1, max: 5 }).map(String),
    payAs: fc.constant("FLR"),
    to: fc.constantFrom("@@wallet.new@@", "@@account.own@@"),
    delivery: fc.constantFrom("push", "claim"),
  },
  { requiredKeys: ["asset", "amount", "payAs"] },
);
const proposal = fc.record(
  {
    asset: fc.constant("FLR"),
    amount: fc.constantFrom("1000000000000000", "150000000000000000000"),
    to: fc.constant("@@wallet.new@@"),
    metadata: fc.dictionary(hostileText, hostileJson, { maxKeys: 3 }),
  },
  { requiredKeys: ["asset", "amount", "to"] },
);
const position = fc.stringMatching(/^[1-9][0-9]{0,17}$/);
const timeAndId = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 10 ** 15 - 1 }), fc.uuid()).map(([time, id]) => `${time}:${id}`),
  fc.stringMatching(/^[0-9]{1,15}:[0-9a-f-]{36}$/),
);
const days = fc.constantFrom(
  "2026-01-01",
  "2026-02-30",
  "0000-01-01",
  "9999-12-31",
  "2026-11-21T00:00:00.123456+23:59",
);

/** What fields are called in this product, and what stands in them when people use it. */
export const HINTS: Hints = new Map<string, fc.Arbitrary<unknown>>([
  ["id", fc.constantFrom("@@payout.own@@", "@@payout.victim@@", "@@payout.claim@@", "@@payout.pending@@")],
  [
    "account",
    fc.constantFrom("@@account.own@@", "@@account.victim@@", "@@account.demo@@", "@@wallet.linked@@", XRPL),
  ],
  ["address", addresses],
  ["asset", assets],
  ["payAs", fc.constantFrom("FLR", "FLR", "XRP", "COIN", "RLUSD")],
  ["amount", amounts],
  ["to", fc.oneof(addresses, fc.constantFrom(X_ADDRESS, `${XRPL}:7`, `${XRPL}:4294967296`), days)],
  ["from", days],
  [
    "idempotency-key",
    fc.oneof(
      { weight: 5, arbitrary: fc.uuid() },
      { weight: 1, arbitrary: fc.constantFrom("the-same-key-1", "the-same-key-2") },
    ),
  ],
  ["clientNonce", fc.oneof(fc.uuid(), fc.constantFrom("n1", "n2"))],
  [
    "refreshToken",
    fc.constantFrom(
      "@@refresh.new@@",
      "@@token.own@@",
      `${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}.1.${"A".repeat(43)}`,
    ),
  ],
  ["subject", fc.constantFrom("payout:@@payout.victim@@", "rail:flare")],
  ["action", fc.constantFrom("payout_proposed", "session.refresh_reused", "rail_paused")],
  [
    "POST /api/v1/auth/verify",
    fc.constant({ message: "@@challenge.message@@", signature: "@@challenge.signature@@" }),
  ],
  [
    "POST /api/v1/auth/wallets",
    fc.constant({
      message: "@@link.message@@",
      current: { signature: "@@link.current@@" },
      added: { signature: "@@link.added@@" },
    }),
  ],
  ["POST /api/v1/auth/refresh", fc.constant({ refreshToken: "@@refresh.new@@" })],
  ["POST /api/v1/payouts", cashOut],
  ["GET /api/v1/admin/payouts/{id}/approval id", fc.constant("@@payout.pending@@")],
  ["GET /api/v1/admin/audit to", days],
  ["GET /api/v1/admin/audit cursor", cursor(position)],
  ["GET /api/v1/admin/payouts cursor", cursor(timeAndId)],
  ["GET /api/v1/payouts cursor", cursor(timeAndId)],
  ["GET /api/v1/balance/{account} cursor", cursor(fc.uuid())],
  ["GET /api/v1/balance/{account}/statement cursor", cursor(position)],
  ["GET /api/v1/balance/{account}/statement account", fc.constant("@@account.own@@")],
  ["GET /api/v1/payouts/quote asset", fc.constant("COIN")],
  ["GET /api/v1/payouts/quote payAs", fc.constant("FLR")],
  ["GET /api/v1/payouts/quote to", fc.constant("@@wallet.new@@")],
  ["POST /api/v1/admin/payout", proposal],
  ["POST /api/v1/admin/payouts/{id}/approvals id", fc.constant("@@payout.pending@@")],
  ["DELETE /api/v1/admin/payouts/{id}/approvals/mine id", fc.constant("@@payout.pending@@")],
  ["GET /api/v1/payouts/{id}/voucher id", fc.constantFrom("@@payout.claimable@@", "@@payout.claim@@")],
  ["POST /api/v1/payouts/{id}/cancel id", fc.constantFrom("@@payout.claimable@@", "@@payout.claim@@")],
  ["DELETE /api/v1/auth/wallets/{address} address", fc.constantFrom("@@wallet.mine@@", "@@wallet.linked@@")],
  [
    "POST /api/v1/auth/wallets/{address}/pay-to address",
    fc.constantFrom("@@wallet.mine@@", "@@wallet.linked@@"),
  ],
  ["POST /api/v1/admin/payouts/{id}/approvals", fc.constant({ signature: "@@approval.signature@@" })],
]);

/** A cursor as a list gives it: what it holds, encoded. */
function cursor(key: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return key.map((text) => Buffer.from(text).toString("base64url"));
}
