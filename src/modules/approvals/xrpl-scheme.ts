import type { Config } from "../../config.ts";
import { AppError } from "../../platform/errors.ts";
import { parseXrplDestination } from "../../platform/xrpl/address.ts";
import { parseAssetRef } from "../../platform/xrpl/amount.ts";
import { type XrplClient, XrplRpcError } from "../../platform/xrpl/client.ts";
import { findPayeeProblem } from "../../platform/xrpl/destination.ts";
import {
  readAccountWithSigners,
  readIssuedBalance,
  type SignerList,
  signerListOf,
} from "../../platform/xrpl/holder.ts";
import { createXrplKeys, standingAmongSigners } from "../../platform/xrpl/keys.ts";
import { accountOfKey, readShare } from "../../platform/xrpl/multisign.ts";
import { approversOn, type Payout } from "../payouts/index.ts";
import { malformedSignature, nothingToSign, payloadNotReady, shareRefused } from "./errors.ts";
import { lastPayload, standingPayload } from "./payloads-store.ts";
import type { SigningScheme } from "./scheme.ts";
import { fundsOf, shown } from "./simulate.ts";
import type { Known } from "./vault.ts";

/** Every asset of this rail is kept in millionths. */
const SCALE = 6;

/**
 * On the XRP Ledger approvers sign the payment itself, which settlement offers bound to a ticket; each share is checked
 * alone, against the signer list and the keys that the ledger has now.
 */
export function createXrplScheme(
  config: Pick<Config, "auth" | "xrpl">,
  client: XrplClient | null,
): SigningScheme {
  const keys = client === null ? null : createXrplKeys(client);
  const treasury = config.xrpl?.treasury ?? null;

  async function ask<T>(question: (ledger: XrplClient, account: string) => Promise<T>): Promise<Known<T>> {
    if (client === null || treasury === null) {
      return { known: false, note: "this process has no connection to the XRP Ledger" };
    }
    try {
      return { known: true, value: await question(client, treasury) };
    } catch (error) {
      if (error instanceof AppError && error.kind === "unavailable")
        return { known: false, note: error.message };
      if (error instanceof XrplRpcError) return { known: false, note: error.message };
      throw error;
    }
  }

  async function signerList(): Promise<Known<SignerList>> {
    const holder = await ask(readAccountWithSigners);
    if (!holder.known) return holder;
    return holder.value === null
      ? { known: false, note: `the treasury ${treasury} is not on the XRP Ledger` }
      : { known: true, value: signerListOf(holder.value) };
  }

  async function requireKeyOf(approver: string, publicKey: string): Promise<void> {
    if (keys === null) throw shareRefused("ledger_not_configured", "the XRP Ledger is not configured here");
    const owner = accountOfKey(publicKey);
    const standing = standingAmongSigners(approver, owner, await keys.keysOf(approver));
    if (standing === "may_sign") return;
    const why =
      standing === "master_disabled"
        ? "the master key of your account is disabled; sign with its regular key"
        : `the key belongs to ${owner}, which is not the regular key of ${approver}`;
    throw shareRefused("wrong_key", why);
  }

  return {
    rail: "xrpl",
    approvers: approversOn("xrpl", config.auth.approvers),

    async payloadOf(q, payout) {
      if (payout.approvalsRequired === 0) throw nothingToSign(payout.id, "it needs no approvals");
      if (payout.number === null || payout.validUntil === null) {
        throw nothingToSign(payout.id, `it has no number yet (it is ${payout.status}, ${payout.source})`);
      }
      // What is over can still be read; only what stands can be signed.
      const isOpen = payout.status === "requested" || payout.status === "pending_approval";
      const payload = await (isOpen ? standingPayload : lastPayload)(q, payout.id);
      if (payload === null) throw payloadNotReady(payout.id, payout.status);
      const transaction = JSON.parse(payload.body) as Record<string, unknown>;
      return {
        digest: payload.digest,
        validUntil: payout.validUntil,
        typedData: null,
        multisign: {
          body: payload.body,
          transaction,
          ticket: payload.nonce.toString(),
          lastLedgerSequence: payload.lastBlock.toString(),
          feeDrops: String(transaction.Fee),
        },
      };
    },

    async verify(approver, { multisign }, { blob }) {
      if (multisign === null) throw shareRefused("wrong_payload", "there is no transaction to sign");
      if (blob === undefined) {
        throw malformedSignature("a payout on the XRP Ledger is approved with blob, not with signature");
      }
      const read = readShare(multisign.body, blob, approver);
      if (!read.ok) throw shareRefused(read.fault.code, read.fault.message);
      await requireKeyOf(approver, read.share.SigningPubKey);
      return `0x${blob.toLowerCase()}`;
    },

    async isListed(approver) {
      const list = await signerList();
      return list.known ? { known: true, value: list.value.weights.has(approver) } : list;
    },

    async simulate(q, payout) {
      const [list, held, problem] = await Promise.all([
        signerList(),
        ask((ledger, owner) => balanceOf(ledger, owner, payout.assetRef)),
        ask((ledger, from) => problemOf(ledger, from, payout)),
      ]);
      return {
        funds: await fundsOf(q, payout),
        vault: {
          address: treasury ?? "",
          balanceBefore: shown(held, String),
          balanceAfter: shown(held, (value) => String(value - payout.amount)),
          paused: { value: null, note: "accounts of the XRP Ledger cannot be paused" },
          numberConsumed: { value: null, note: "the XRP Ledger keeps no numbers; a ticket is used once" },
        },
        requiredApprovals: {
          ours: payout.approvalsRequired,
          onChain: shown(list, ({ quorum }) => quorum),
          // More than the quorum is ours to ask for; fewer would never be enough.
          agree: list.known ? list.value.quorum <= payout.approvalsRequired : null,
        },
        payeeIsContract: { value: false, note: null },
        payeeProblem: shown(problem, (value) => (value === "" ? null : value)),
      };
    },
  };
}

async function problemOf(ledger: XrplClient, from: string, payout: Payout): Promise<string> {
  const problem = await findPayeeProblem(
    ledger,
    {
      from,
      to: parseXrplDestination(payout.to, { networkId: ledger.networkId }),
      asset: parseAssetRef(payout.assetRef),
      amount: payout.amount,
      scale: SCALE,
    },
    "validated",
  );
  return problem?.message ?? "";
}

async function balanceOf(ledger: XrplClient, account: string, assetRef: string): Promise<bigint> {
  if (parseAssetRef(assetRef).kind === "issued") {
    return readIssuedBalance(ledger, account, { assetRef, scale: SCALE }, "validated");
  }
  const { account_data: data } = await ledger.request<{ account_data: { Balance: string } }>({
    command: "account_info",
    account,
    ledger_index: "validated",
  });
  return BigInt(data.Balance);
}
