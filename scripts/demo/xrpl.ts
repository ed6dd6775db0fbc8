import { randomUUID } from "node:crypto";
import { Wallet } from "xrpl";
import { localXrplAccounts } from "../../src/config.ts";
import { fromLedgerValue } from "../../src/platform/xrpl/amount.ts";
import { ApiClient, ApiProblem, type PayoutView } from "../local/api-client.ts";
import { type LocalXrpl, localXrplApprovers, rlusdOf } from "../local/xrpl.ts";
import { submitAs } from "./submit-as.ts";

const PLAYERS = 20;
const TAPS = 150;
const TAPS_PER_REQUEST = 50;
const COINS_CASHED_OUT = 150n;
const LARGE_DROPS = 250_000_000n;
const HALF_AN_XRP = 500_000n;
const SCALE = 6;

/** What a payout was asked for, and how it has to end. */
export type XrplExpectation = {
  label: string;
  payout: PayoutView;
  ends: string;
  /** What the payee had before, in the asset that is paid. */
  before: bigint;
};

export type XrplDemo = {
  expected: XrplExpectation[];
  /** Asked for and refused, with the reason. */
  refused: string;
  /** Compares every payee and the treasury with the ledger; each difference is told. */
  verify(
    settled: readonly XrplExpectation[],
    posted: (owner: string, asset: string) => bigint,
    compare: (what: string, actual: unknown, expected: unknown) => void,
  ): void;
};

/**
 * The XRP Ledger's half: players with wallets of their own cash out at once on tickets, two large payouts are signed by
 * two of three approvers each, one goes to an exchange's tag, one is paid in RLUSD, one is refused.
 */
export async function demoXrpl(options: {
  url: string;
  local: LocalXrpl;
  admin: ApiClient;
  say: (text: string) => void;
}): Promise<XrplDemo> {
  const { url, local, admin, say } = options;
  const { ledger } = local;
  const { issuer } = localXrplAccounts();
  const rlusd = rlusdOf(issuer.address);
  const held = (account: string): bigint => {
    const value = ledger.tokenBalanceOf(account, rlusd.currency, rlusd.issuer);
    return value === null ? 0n : fromLedgerValue(value, SCALE).minorUnits;
  };
  const balance = (asset: string, to: string): bigint => {
    const [address = ""] = to.split(":");
    return asset === "XRP" ? (ledger.balanceOf(address) ?? 0n) : held(address);
  };

  const players = await Promise.all(
    Array.from({ length: PLAYERS + 1 }, async () => {
      const wallet = Wallet.generate();
      return { wallet, api: await new ApiClient(url).signInXrpl(wallet) };
    }),
  );
  const approvers = await Promise.all(
    localXrplApprovers().map(async ({ seed }) => {
      const wallet = Wallet.fromSeed(seed);
      return { wallet, api: await new ApiClient(url).signInXrpl(wallet) };
    }),
  );
  const exchange = Wallet.generate();
  await fundAll(local, [...players.map(({ wallet }) => wallet.address), exchange.address]);
  await submitAs(local, exchange, { TransactionType: "AccountSet", SetFlag: 1 });
  const holder = players.at(-1);
  if (holder === undefined) throw new Error("there are no players");
  await submitAs(local, holder.wallet, {
    TransactionType: "TrustSet",
    LimitAmount: { currency: rlusd.currency, issuer: rlusd.issuer, value: "1000" },
  });
  say(`${players.length} players and ${approvers.length} approvers signed in with wallets of the XRP Ledger`);
  await Promise.all(players.map(({ api }) => click(api)));

  const expected: XrplExpectation[] = [];
  /** Balances are read before anything is asked for: the first payments are made while others are requested. */
  const ask = async (
    label: string,
    payee: { to: string; asset: string },
    request: () => Promise<PayoutView>,
  ): Promise<PayoutView> => {
    const before = balance(payee.asset, payee.to);
    const payout = await request();
    expected.push({ label, payout, ends: "confirmed", before });
    return payout;
  };
  await Promise.all(
    players.map(({ wallet, api }, index) => {
      const payAs = api === holder.api ? "RLUSD" : "XRP";
      const label = `XRPL player ${index + 1}${payAs === "RLUSD" ? ", issued currency" : ""}`;
      return ask(label, { to: wallet.address, asset: payAs }, () =>
        api.requestPayout(COINS_CASHED_OUT, { payAs }),
      );
    }),
  );
  const propose = (to: string, amount: bigint, more: Record<string, unknown> = {}) =>
    admin.post<PayoutView>(
      "/admin/payout",
      { to, asset: "XRP", amount: String(amount), ...more },
      randomUUID(),
    );
  for (const signers of [approvers.slice(0, 2), approvers.slice(1)]) {
    const to = Wallet.generate().address;
    const payout = await ask("admin → new account, 2 of 3", { to, asset: "XRP" }, () =>
      propose(to, LARGE_DROPS),
    );
    for (const { wallet, api } of signers) await api.approveXrpl(wallet, payout.id);
  }
  await ask("admin → exchange, tag 4711", { to: exchange.address, asset: "XRP" }, () =>
    propose(exchange.address, 3_000_000n, { destinationTag: 4_711 }),
  );
  return {
    expected,
    refused: await refusalOf(() => propose(Wallet.generate().address, HALF_AN_XRP)),
    verify(settled, posted, compare) {
      for (const { label, payout, before } of settled) {
        const paid = payout.status === "confirmed" ? BigInt(payout.amount) : 0n;
        compare(`${label}: ${payout.asset} of ${payout.to}`, balance(payout.asset, payout.to), before + paid);
      }
      const treasury = local.env.XRPL_TREASURY ?? "";
      compare("ledger: −house:external XRP", -posted("house:external", "XRP"), ledger.balanceOf(treasury));
      compare("ledger: −house:external RLUSD", -posted("house:external", "RLUSD"), held(treasury));
    },
  };
}

async function click(api: ApiClient): Promise<void> {
  for (let taps = 0; taps < TAPS; taps += TAPS_PER_REQUEST) {
    await api.post("/click", { clientNonce: `tap-${taps}`, count: TAPS_PER_REQUEST });
  }
}

/** What the API answers to a payout that the ledger would refuse. */
async function refusalOf(ask: () => Promise<PayoutView>): Promise<string> {
  try {
    const { id } = await ask();
    return `not refused: ${id}`;
  } catch (error) {
    if (error instanceof ApiProblem) return error.code;
    throw error;
  }
}

/** Two XRP for everybody from the genesis account, all in one ledger. */
async function fundAll(local: LocalXrpl, addresses: readonly string[]): Promise<void> {
  const genesis = Wallet.fromSeed(localXrplAccounts().genesis.seed);
  for (const address of addresses) {
    await submitAs(local, genesis, {
      TransactionType: "Payment",
      Destination: address,
      Amount: "2000000",
    });
  }
}
