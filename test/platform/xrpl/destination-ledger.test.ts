import { describe, expect, it, onTestFinished } from "vitest";
import { AccountSetAsfFlags, TrustSetFlags, Wallet } from "xrpl";
import { startXrplLedger } from "../../../scripts/local/xrpl-ledger/index.ts";
import { sequenceOf, submitReliably } from "../../../scripts/xrpl/submit-reliably.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { parseAssetRef, toLedgerAmount } from "../../../src/platform/xrpl/amount.ts";
import { createXrplClient } from "../../../src/platform/xrpl/client.ts";
import { findPayeeProblem, type XrplPayment } from "../../../src/platform/xrpl/destination.ts";
import { silentLog } from "../../kit/log.ts";

const genesis = Wallet.fromSeed("snoPBrXtMeMyMHUVTgbuqAfg1SUTb");
type Transaction = { TransactionType: string } & Record<string, unknown>;

/** A ledger with a treasury that holds 500 USD of an issuer, and somebody to pay. */
async function world(options: { defaultRipple?: boolean; requireAuth?: boolean } = {}) {
  const ledger = await startXrplLedger();
  const client = createXrplClient({ urls: [ledger.url], networkId: 0, clock: systemClock, log: silentLog });
  onTestFinished(async () => {
    await client.close();
    await ledger.stop();
  });
  const [treasury, payee, issuer] = [Wallet.generate(), Wallet.generate(), Wallet.generate()];
  /** How a transaction ends in a validated ledger; "refused" where it cannot be in one. */
  const submit = async (wallet: Wallet, transaction: Transaction): Promise<string> => {
    try {
      await submitReliably(
        client,
        { Account: wallet.address, ...transaction },
        {
          wallet,
          sequence: (await sequenceOf(client, wallet.address, "validated")) ?? 0,
          maxFeeDrops: 5_000n,
          log: () => undefined,
          pollMs: 2,
          onSubmitted: () => ledger.accept(1),
        },
      );
      return "tesSUCCESS";
    } catch (error) {
      return /\b(tec[A-Z_]+)\b/.exec(String(error))?.[1] ?? "refused";
    }
  };
  const must = async (wallet: Wallet, transaction: Transaction): Promise<void> => {
    expect(await submit(wallet, transaction)).toBe("tesSUCCESS");
  };
  const set = (wallet: Wallet, SetFlag: AccountSetAsfFlags) =>
    must(wallet, { TransactionType: "AccountSet", SetFlag });
  const usd = (value: string, of: Wallet = issuer) => ({ currency: "USD", issuer: of.address, value });
  const trust = (wallet: Wallet, value: string, fields: Record<string, unknown> = {}) =>
    must(wallet, { TransactionType: "TrustSet", LimitAmount: usd(value), ...fields });
  const issuerLine = (holder: Wallet, Flags: number) =>
    must(issuer, { TransactionType: "TrustSet", LimitAmount: usd("0", holder), Flags });
  for (const wallet of [treasury, payee, issuer])
    await must(genesis, {
      TransactionType: "Payment",
      Destination: wallet.address,
      Amount: wallet === payee ? "20000000" : "1000000000",
    });
  if (options.defaultRipple !== false) await set(issuer, AccountSetAsfFlags.asfDefaultRipple);
  // Only an issuer that nobody trusts yet can begin to ask for authorization.
  if (options.requireAuth === true) await set(issuer, AccountSetAsfFlags.asfRequireAuth);
  await trust(treasury, "1000000");
  if (options.requireAuth === true) await issuerLine(treasury, TrustSetFlags.tfSetfAuth);
  await must(issuer, { TransactionType: "Payment", Destination: treasury.address, Amount: usd("500") });

  /** What is said before against what the ledger does then. */
  const payAndCompare = async (payment: Partial<XrplPayment>) => {
    const full: XrplPayment = {
      from: treasury.address,
      to: { address: payee.address, tag: null },
      asset: { kind: "xrp" },
      amount: 1n,
      scale: 6,
      ...payment,
    };
    const problem = await findPayeeProblem(client, full, "validated");
    const result = await submit(full.from === issuer.address ? issuer : treasury, {
      TransactionType: "Payment",
      Destination: full.to.address,
      ...(full.to.tag === null ? {} : { DestinationTag: full.to.tag }),
      Amount: toLedgerAmount(full.asset, full.amount, full.scale),
    });
    return { problem, result };
  };
  const dollars = { asset: parseAssetRef(`USD.${issuer.address}`), scale: 2, amount: 1_000n };
  return {
    ledger,
    client,
    treasury,
    payee,
    issuer,
    set,
    trust,
    must,
    issuerLine,
    usd,
    payAndCompare,
    dollars,
  };
}

type World = Awaited<ReturnType<typeof world>>;
type Case = [
  name: string,
  prepare: (world: World) => Promise<unknown>,
  payment: (world: World) => Partial<XrplPayment>,
  code: string | null,
  result: string,
];

const nobody = Wallet.generate().address;
const xrp = () => ({});
const usd = ({ dollars }: World) => dollars;

const CASES: Case[] = [
  ["pays an ordinary account", async () => undefined, xrp, null, "tesSUCCESS"],
  [
    "creates an account with the reserve",
    async () => undefined,
    () => ({ to: { address: nobody, tag: null }, amount: 1_000_000n }),
    null,
    "tesSUCCESS",
  ],
  [
    "creates none a drop below the reserve",
    async () => undefined,
    () => ({ to: { address: nobody, tag: null }, amount: 999_999n }),
    "destination_unfunded",
    "tecNO_DST_INSUF_XRP",
  ],
  [
    "creates none with tokens",
    async () => undefined,
    ({ dollars }) => ({ ...dollars, to: { address: nobody, tag: null } }),
    "destination_not_found",
    "tecNO_DST",
  ],
  [
    "pays nobody's account",
    async () => undefined,
    () => ({ to: { address: "rrrrrrrrrrrrrrrrrrrrrhoLvTp", tag: null } }),
    "black_hole_address",
    "refused",
  ],
  [
    "pays itself",
    async () => undefined,
    ({ treasury }) => ({ to: { address: treasury.address, tag: null } }),
    "destination_is_sender",
    "refused",
  ],
  [
    "wants a tag",
    ({ set, payee }) => set(payee, AccountSetAsfFlags.asfRequireDest),
    xrp,
    "destination_tag_required",
    "tecDST_TAG_NEEDED",
  ],
  [
    "takes tag 0",
    ({ set, payee }) => set(payee, AccountSetAsfFlags.asfRequireDest),
    ({ payee }) => ({ to: { address: payee.address, tag: 0 } }),
    null,
    "tesSUCCESS",
  ],
  [
    "asks for authorization",
    ({ set, payee }) => set(payee, AccountSetAsfFlags.asfDepositAuth),
    xrp,
    "deposit_not_authorized",
    "tecNO_PERMISSION",
  ],
  [
    "has authorization",
    async ({ set, must, payee, treasury }) => {
      await set(payee, AccountSetAsfFlags.asfDepositAuth);
      await must(payee, { TransactionType: "DepositPreauth", Authorize: treasury.address });
    },
    xrp,
    null,
    "tesSUCCESS",
  ],
  [
    "lets the reserve through to a poor account",
    async ({ set, must, payee, treasury }) => {
      await set(payee, AccountSetAsfFlags.asfDepositAuth);
      await must(payee, { TransactionType: "Payment", Destination: treasury.address, Amount: "18999980" });
    },
    () => ({ amount: 1_000_000n }),
    null,
    "tesSUCCESS",
  ],
  [
    "lets no more than it through to a poor account",
    async ({ set, must, payee, treasury }) => {
      await set(payee, AccountSetAsfFlags.asfDepositAuth);
      await must(payee, { TransactionType: "Payment", Destination: treasury.address, Amount: "18999980" });
    },
    () => ({ amount: 1_000_001n }),
    "deposit_not_authorized",
    "tecNO_PERMISSION",
  ],
  ["needs a trust line", async () => undefined, usd, "trust_line_missing", "tecPATH_DRY"],
  ["has a trust line", ({ trust, payee }) => trust(payee, "10"), usd, null, "tesSUCCESS"],
  [
    "has too little room",
    ({ trust, payee }) => trust(payee, "9.99"),
    usd,
    "trust_limit_too_low",
    "tecPATH_PARTIAL",
  ],
  [
    "has authorization to ask for on a trust line too",
    async ({ trust, set, payee }) => {
      await trust(payee, "100");
      await set(payee, AccountSetAsfFlags.asfDepositAuth);
    },
    usd,
    "deposit_not_authorized",
    "tecNO_PERMISSION",
  ],
  [
    "reaches a line that the issuer froze",
    async ({ trust, issuerLine, payee }) => {
      await trust(payee, "100");
      await issuerLine(payee, TrustSetFlags.tfSetFreeze);
    },
    usd,
    null,
    "tesSUCCESS",
  ],
  [
    "reaches no line that its holder froze",
    ({ trust, payee }) => trust(payee, "100", { Flags: TrustSetFlags.tfSetFreeze }),
    usd,
    "trust_line_frozen",
    "tecPATH_DRY",
  ],
  [
    "leaves no line that the issuer froze",
    async ({ trust, issuerLine, payee, treasury }) => {
      await trust(payee, "100");
      await issuerLine(treasury, TrustSetFlags.tfSetFreeze);
    },
    usd,
    "treasury_line_frozen",
    "tecPATH_DRY",
  ],
  [
    "stands still in a global freeze",
    async ({ trust, set, payee, issuer }) => {
      await trust(payee, "100");
      await set(issuer, AccountSetAsfFlags.asfGlobalFreeze);
    },
    usd,
    "issuer_frozen",
    "tecPATH_DRY",
  ],
  [
    "is issued in a global freeze",
    async ({ trust, set, payee, issuer }) => {
      await trust(payee, "100");
      await set(issuer, AccountSetAsfFlags.asfGlobalFreeze);
    },
    ({ dollars, issuer }) => ({ ...dollars, from: issuer.address }),
    null,
    "tesSUCCESS",
  ],
  [
    "stands still in the payee's own freeze",
    async ({ trust, set, payee }) => {
      await trust(payee, "100");
      await set(payee, AccountSetAsfFlags.asfGlobalFreeze);
    },
    usd,
    "destination_frozen",
    "tecPATH_DRY",
  ],
  [
    "meets a transfer fee",
    async ({ trust, must, issuer, payee }) => {
      await trust(payee, "100");
      await must(issuer, { TransactionType: "AccountSet", TransferRate: 1_010_000_000 });
    },
    usd,
    "issuer_charges_transfers",
    "tecPATH_PARTIAL",
  ],
  [
    "goes back to the issuer in a freeze",
    ({ set, issuer }) => set(issuer, AccountSetAsfFlags.asfGlobalFreeze),
    ({ dollars, issuer }) => ({ ...dollars, to: { address: issuer.address, tag: null } }),
    null,
    "tesSUCCESS",
  ],
];

describe("what is said of a payee is what the ledger does", () => {
  it.each(CASES)("%s", async (_name, prepare, payment, code, result) => {
    const made = await world();
    await prepare(made);
    const compared = await made.payAndCompare(payment(made));
    expect(compared.result).toBe(result);
    expect(compared.problem?.code ?? null).toBe(code);
  });

  it("meets an issuer that lets nothing ripple", async () => {
    const made = await world({ defaultRipple: false });
    await made.trust(made.payee, "100");
    const { problem, result } = await made.payAndCompare(made.dollars);
    expect(result).toBe("tecPATH_DRY");
    expect(problem).toMatchObject({ code: "trust_line_no_ripple", effect: "operator" });
  });

  it("needs the issuer's authorization where the issuer asks for it", async () => {
    const made = await world({ requireAuth: true });
    await made.trust(made.payee, "100");
    const before = await made.payAndCompare(made.dollars);
    expect(before).toMatchObject({ problem: { code: "trust_line_not_authorized" }, result: "tecPATH_DRY" });
    await made.issuerLine(made.payee, TrustSetFlags.tfSetfAuth);
    expect(await made.payAndCompare(made.dollars)).toEqual({ problem: null, result: "tesSUCCESS" });
  });

  it("refuses DisallowXRP though the ledger only advises it", async () => {
    const made = await world();
    await made.set(made.payee, AccountSetAsfFlags.asfDisallowXRP);
    const { problem, result } = await made.payAndCompare({});
    expect(result).toBe("tesSUCCESS");
    expect(problem?.code).toBe("destination_disallows_xrp");
  });
});
