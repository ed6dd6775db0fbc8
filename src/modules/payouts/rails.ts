import type { Config } from "../../config.ts";
import type { Queryable } from "../../platform/db/index.ts";
import type { AppError } from "../../platform/errors.ts";
import type { RateLimit } from "../../platform/rate-limit.ts";
import { formatXrplDestination, parseXrplDestination } from "../../platform/xrpl/address.ts";
import { parseAssetRef } from "../../platform/xrpl/amount.ts";
import type { XrplClient } from "../../platform/xrpl/client.ts";
import { findPayeeProblem } from "../../platform/xrpl/destination.ts";
import { payToAddress } from "../auth/index.ts";
import type { Asset } from "../ledger/index.ts";
import { payeeIsVault, payeeRefused, tagOnlyOnXrpl } from "./errors.ts";
import { parsePayee } from "./payee.ts";
import { MAX_ONCHAIN_AMOUNT } from "./policy.ts";

/** A payee as somebody wrote it. */
export type PayeeText = { to: string; destinationTag?: number | undefined };

/** What payouts must know of a way out; the chain itself is settlement's. */
export type PayoutRail = {
  readonly name: string;
  /** Whether players can bring a voucher themselves. */
  readonly hasClaims: boolean;
  /** How many may approve a payout on it. */
  readonly approvers: number;
  /** The most that one payout can pay. */
  maxAmount(asset: Asset): bigint;
  /** A payee as it is stored and compared; throws what can never be meant. */
  parsePayee(payee: PayeeText): string;
  /** The wallet at which a player is paid who names none. */
  ownWallet(q: Queryable, playerId: string): Promise<string | null>;
  /**
   * Asks the chain whether the payee can be paid; null when it can, or where only paying it can tell. Throws when
   * `askedBy`, an account, has asked too often: what anybody can ask here, servers of the chain have to answer.
   */
  findProblem(payment: {
    payee: string;
    asset: Asset;
    amount: bigint;
    askedBy: string;
  }): Promise<AppError | null>;
};

export type PayoutRails = ReadonlyMap<string, PayoutRail>;

/** Every rail by its name, also where nothing leaves: addresses are the same there. */
export function createPayoutRails(
  config: Pick<Config, "flare" | "xrpl" | "auth" | "payouts">,
  xrpl: XrplClient | null,
  payeeChecks: RateLimit | null,
): PayoutRails {
  const rails = [flareRail(config), xrplRail(config, xrpl, payeeChecks)];
  return new Map(rails.map((rail) => [rail.name, rail]));
}

/** Whether a wallet's address belongs to a rail, told by its shape. */
export function isOnRail(rail: string, address: string): boolean {
  return address.startsWith(rail === "xrpl" ? "r" : "0x");
}

/** Those of the configured approvers who can sign on a rail. */
export function approversOn(rail: string, approvers: readonly string[]): string[] {
  return approvers.filter((address) => isOnRail(rail, address));
}

function flareRail({ flare, auth }: Pick<Config, "flare" | "auth">): PayoutRail {
  return {
    name: "flare",
    hasClaims: true,
    approvers: approversOn("flare", auth.approvers).length,
    maxAmount: () => MAX_ONCHAIN_AMOUNT,
    parsePayee({ to, destinationTag }) {
      if (destinationTag !== undefined) throw tagOnlyOnXrpl();
      return parsePayee(to, flare.vaultAddress);
    },
    ownWallet: (q, playerId) => payToAddress(q, playerId, "flare"),
    // Whether an address takes money shows when it is sent; what it refuses becomes a credit.
    findProblem: async () => null,
  };
}

/** 100 billion XRP in drops, all that there ever was. */
const MAX_DROPS = 10n ** 17n;
/** Issued amounts carry 15 significant digits without loss. */
const MAX_ISSUED = 10n ** 15n - 1n;

function xrplRail(
  { xrpl, auth }: Pick<Config, "xrpl" | "auth">,
  client: XrplClient | null,
  payeeChecks: RateLimit | null,
): PayoutRail {
  const read = ({ to, destinationTag }: PayeeText) =>
    parseXrplDestination(to, { networkId: xrpl?.networkId ?? 0, destinationTag });
  return {
    name: "xrpl",
    hasClaims: false,
    approvers: approversOn("xrpl", auth.approvers).length,
    maxAmount: ({ chainRef }) => (chainRef === "XRP" ? MAX_DROPS : MAX_ISSUED),
    parsePayee(payee) {
      const destination = read(payee);
      if (destination.address === xrpl?.treasury) throw payeeIsVault(destination.address);
      return formatXrplDestination(destination);
    },
    ownWallet: (q, playerId) => payToAddress(q, playerId, "xrpl"),
    async findProblem({ payee, asset, amount, askedBy }) {
      if (client === null || xrpl === null || asset.chainRef === null) return null;
      await payeeChecks?.consume(askedBy);
      const problem = await findPayeeProblem(
        client,
        {
          from: xrpl.treasury,
          to: read({ to: payee }),
          asset: parseAssetRef(asset.chainRef),
          amount,
          scale: asset.scale,
        },
        "validated",
      );
      return problem === null || problem.effect !== "payee" ? null : payeeRefused(payee, problem);
    },
  };
}
