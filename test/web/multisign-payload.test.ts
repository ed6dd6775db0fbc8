import { describe, expect, it } from "vitest";
import { type Wallet as Key, Wallet } from "xrpl";
import { localXrplAccounts } from "../../src/config.ts";
import { parseXrplDestination } from "../../src/platform/xrpl/address.ts";
import { parseAssetRef, toLedgerAmount } from "../../src/platform/xrpl/amount.ts";
import { payloadDigest, readShare } from "../../src/platform/xrpl/multisign.ts";
import { payloadFaults } from "../../web/src/admin/payload.ts";
import type { ApprovalView, Multisign } from "../../web/src/admin/types.ts";
import { digestOf, shareOf, signedBy } from "../../web/src/chain/xrpl-transactions.ts";

const { treasury, issuer, approver1, player } = localXrplAccounts();
const NETWORK = { networkId: 21_337, treasury: treasury.address };
const RLUSD = `RLUSD.${issuer.address}`;
const NUMBER = "1152921504606846977";

const hex = (text: string): string => Buffer.from(text).toString("hex").toUpperCase();

/** The payment as settlement writes it. */
function offered(payout: { to: string; assetRef: string; amount: bigint }): Multisign {
  const { address, tag } = parseXrplDestination(payout.to, { networkId: NETWORK.networkId });
  return {
    ticket: "41",
    lastLedgerSequence: "900",
    feeDrops: "60",
    transaction: {
      TransactionType: "Payment",
      Account: treasury.address,
      Fee: "60",
      LastLedgerSequence: 900,
      NetworkID: NETWORK.networkId,
      Sequence: 0,
      TicketSequence: 41,
      Destination: address,
      ...(tag === null ? {} : { DestinationTag: tag }),
      Amount: toLedgerAmount(parseAssetRef(payout.assetRef), payout.amount, 6),
      Memos: [{ Memo: { MemoType: hex("coinclicker/payout"), MemoData: hex(NUMBER) } }],
    },
  };
}

function faultsOf(
  multisign: Multisign,
  shown: { to: string; asset: string; amount: string; number: string | null },
  xrpl: typeof NETWORK | undefined = NETWORK,
): string[] {
  const view = { typedData: null, multisign, summary: {} } as Pick<
    ApprovalView,
    "typedData" | "multisign" | "summary"
  >;
  return payloadFaults(view, { ...shown, scale: 6 }, { xrpl });
}

const XRP = { to: `${player.address}:7`, asset: "XRP", amount: "150000000", number: NUMBER };
const USD = { to: player.address, asset: "RLUSD", amount: "12500000", number: NUMBER };
const xrp = (): Multisign => offered({ to: XRP.to, assetRef: "XRP", amount: 150_000_000n });
const rlusd = (): Multisign => offered({ to: USD.to, assetRef: RLUSD, amount: 12_500_000n });

describe("a payment to sign", () => {
  it("has no fault where it says what the page says, in XRP with a tag and in an issued currency", () => {
    expect(faultsOf(xrp(), XRP)).toEqual([]);
    expect(faultsOf(rlusd(), USD)).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ["kind", { TransactionType: "EscrowCreate" }],
    ["address", { Destination: issuer.address }],
    ["destination tag", { DestinationTag: 8 }],
    ["destination tag", { DestinationTag: undefined }],
    ["amount", { Amount: "150000001" }],
    ["number", { Memos: [] }],
    ["number", { Memos: [{ Memo: { MemoType: hex("coinclicker/payout"), MemoData: hex("1") } }] }],
    ["sequence", { Sequence: 9 }],
    ["ticket", { TicketSequence: 42 }],
    ["last ledger", { LastLedgerSequence: 9_000 }],
    ["fee", { Fee: "5000000" }],
    ["paying account", { Account: issuer.address }],
    ["network", { NetworkID: 0 }],
    ["signing key", { SigningPubKey: "ED00" }],
    ["Flags", { Flags: 131_072 }],
    ["SendMax", { SendMax: "900000000" }],
    ["Paths", { Paths: [] }],
  ])("is not signed with another %s", (what, change) => {
    const multisign = xrp();
    const faults = faultsOf({ ...multisign, transaction: { ...multisign.transaction, ...change } }, XRP);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(what);
  });

  it("is not signed for another asset, whose amount then says nothing", () => {
    expect(faultsOf(rlusd(), { ...USD, asset: "XRP" }).join()).toContain("asset: the payload says RLUSD");
    expect(faultsOf(xrp(), { ...XRP, asset: "RLUSD" }).join()).toContain("asset: the payload says XRP");
  });

  it("is compared with a treasury, without which nobody signs", () => {
    expect(
      payloadFaults({ typedData: null, multisign: xrp(), summary: {} } as never, { ...XRP, scale: 6 }, {}),
    ).toEqual(["the server names no treasury to compare with"]);
  });
});

describe("what the toy wallet signs", () => {
  it("is a share that the server takes, over the payload whose digest it says", () => {
    for (const { transaction } of [xrp(), rlusd()]) {
      const body = JSON.stringify(transaction);
      expect(digestOf(transaction)).toBe(payloadDigest(body));
      const blob = shareOf(transaction, keyOf(approver1.seed));
      const read = readShare(body, blob, approver1.address);
      expect(read.ok).toBe(true);
      // The library's own wallet makes the same of it.
      expect(blob).toBe(Wallet.fromSeed(approver1.seed).sign(transaction as never, true).tx_blob);
    }
  });

  it("is a transaction of its own account as the library would sign it", () => {
    const transaction = {
      TransactionType: "Payment",
      Account: player.address,
      Destination: issuer.address,
      Amount: "1",
      Fee: "20",
      Sequence: 5,
      LastLedgerSequence: 90,
      NetworkID: NETWORK.networkId,
    };
    const { tx_blob: blob } = Wallet.fromSeed(player.seed).sign(transaction as never);
    expect(signedBy(transaction, keyOf(player.seed))).toBe(blob);
  });
});

function keyOf(seed: string): Pick<Key, "address" | "publicKey" | "privateKey"> {
  return Wallet.fromSeed(seed);
}
