import { hashes, Wallet } from "xrpl";
import { AppError } from "../../../../platform/errors.ts";
import { parseXrplDestination } from "../../../../platform/xrpl/address.ts";
import { parseAssetRef } from "../../../../platform/xrpl/amount.ts";
import { type XrplClient, XrplRpcError, type XrplValidated } from "../../../../platform/xrpl/client.ts";
import { findPayeeProblem, type PayeeProblem } from "../../../../platform/xrpl/destination.ts";
import { classifyFinal } from "../../../../platform/xrpl/engine-results.ts";
import { isLedgerMissing } from "../../../../platform/xrpl/errors.ts";
import { readIssuedBalance } from "../../../../platform/xrpl/holder.ts";
import { combineShares, parseBody, payloadDigest } from "../../../../platform/xrpl/multisign.ts";
import type {
  Capacity,
  ChainEvent,
  ChainView,
  Draft,
  Holdings,
  Instruction,
  Payment,
  PaymentOrder,
  Preparation,
  Rail,
  Refusal,
  SigningOrder,
} from "../rail.ts";
import { readBroadcast } from "./broadcast.ts";
import { eventsOf } from "./events.ts";
import { findTreasuryFaults, type TreasuryRules } from "./find-faults.ts";
import { findInclusion } from "./find-inclusion.ts";
import { findShareProblem } from "./find-share-problem.ts";
import { firstLedgerOf, readHistory } from "./history.ts";
import { readTickets, ticketNonces } from "./tickets.ts";
import { type Frame, nothingOf, paymentOf, SCALE, signWith, ticketCreateOf, uint32 } from "./transactions.ts";

export type XrplRailOptions = {
  client: XrplClient;
  treasury: string;
  /** Of the treasury's regular key. */
  workerSeed: string;
  treasuryFromLedger: number | null;
  maxFeeDrops: bigint;
  /** Ledgers in which a payment without approvals may be included. */
  ledgerWindow: number;
  /** Ledgers that approvers have. */
  approvalLedgers: number;
  /** Tickets that are kept ready. */
  tickets: number;
  /** What the database says that the treasury must agree with. */
  rules: () => Promise<TreasuryRules>;
};

/** What a look showed beside the view; refusals before signing are decided on it. */
type Treasury = {
  validated: XrplValidated;
  tickets: ReadonlySet<bigint>;
  sequence: bigint;
  balanceDrops: bigint;
  reserveDrops: bigint;
};

/** `account_tx` answers many ledgers at once. */
const EVENT_WINDOW_LEDGERS = 2_000n;
/** An account holds no more tickets than this (rippled, `TicketCreate`). */
const MOST_TICKETS = 250;
/** A closing ledger takes a little less than the nearest one; and the queue wants two ledgers of room. */
const LEAST_ROOM_LEDGERS = 2n;
/** Nobody waits longer than a ledger takes at its fastest. */
const SECONDS_PER_LEDGER = 3n;
/** Fees may rise while approvers sign; what is not needed is lost, so it is small. */
const SIGNED_FEE_ROOM = 3n;

/** What a payment of an issued currency ends with that finds no way, whoever closed it. */
const BLAMES_EITHER = new Set(["tecPATH_DRY", "tecPATH_PARTIAL"]);

/** The XRP Ledger: payments from a treasury account, each under a ticket of its own. */
export function createXrplRail(options: XrplRailOptions): Rail {
  const { client, treasury } = options;
  const wallet = Wallet.fromSeed(options.workerSeed);
  let seen: Treasury | null = null;
  let creating: { sequence: bigint; lastLedger: bigint } | null = null;

  async function look(): Promise<ChainView> {
    const validated = await client.validated();
    const at = uint32(validated.index);
    const [account, tickets] = await Promise.all([
      client.agreed<{ account_data: { Sequence: number; Balance: string; OwnerCount: number } }>(
        { command: "account_info", account: treasury, ledger_index: at },
        ({ account_data: { Sequence, Balance, OwnerCount } }) => [Sequence, Balance, OwnerCount],
      ),
      readTickets(client, treasury, at),
    ]);
    const { Sequence, Balance, OwnerCount } = account.account_data;
    seen = {
      validated,
      tickets,
      sequence: BigInt(Sequence),
      balanceDrops: BigInt(Balance),
      reserveDrops: reserveOf(validated, OwnerCount),
    };
    return {
      head: validated.index,
      final: { number: validated.index, hash: validated.hash, timestamp: validated.closeTime },
      nonces: ticketNonces(tickets),
    };
  }

  function treasuryNow(): Treasury {
    if (seen === null) throw new Error("the ledger was not looked at yet");
    return seen;
  }

  function frameFor(view: ChainView, feeDrops: bigint): Frame {
    return {
      treasury,
      networkId: client.networkId,
      feeDrops,
      lastLedger: view.final.number + BigInt(options.ledgerWindow),
    };
  }

  async function prepare(instruction: Instruction, nonce: bigint, view: ChainView): Promise<Preparation> {
    if (instruction.kind === "signed") return prepareSigned(instruction, nonce, view);
    const feeDrops = treasuryNow().validated.openFeeDrops;
    if (feeDrops > options.maxFeeDrops) {
      return refuse(
        "wait",
        "fee_above_cap",
        `the ledger asks for ${feeDrops} drops, the most to offer is ${options.maxFeeDrops}`,
      );
    }
    const frame = frameFor(view, feeDrops);
    if (instruction.kind === "fill") return signed(nothingOf({ ...frame, ticket: nonce }), frame);
    const [payment] = instruction.payments;
    if (payment === undefined || payment === null || instruction.payments.length > 1) {
      throw new Error("a payment of the XRP Ledger pays exactly one payout");
    }
    const refusal = await refusalToPay(instruction.assetRef, payment, feeDrops, view);
    if (refusal !== null) return { ok: false, refusal };
    return signed(paymentOf({ ...frame, ticket: nonce, assetRef: instruction.assetRef, payment }), frame);
  }

  function signed(transaction: Parameters<typeof signWith>[1], frame: Frame): Preparation {
    const attempt = signWith(wallet, transaction);
    return { ok: true, attempt: { ...attempt, maxCost: frame.feeDrops, lastBlock: frame.lastLedger } };
  }

  /** What would keep the payment from being made as the ledger is now; looked at again before every signature. */
  async function refusalToPay(
    assetRef: string,
    payment: Payment,
    feeDrops: bigint,
    view: ChainView,
  ): Promise<Refusal | null> {
    const problem = await problemAt(view.final.number, assetRef, payment);
    if (problem !== null) return refusalOfEffect(problem.effect, problem.code, problem.message);
    const { balanceDrops, reserveDrops } = treasuryNow();
    const needed = (assetRef === "XRP" ? payment.amount : 0n) + feeDrops;
    if (balanceDrops - reserveDrops < needed) {
      const message = `the treasury has ${balanceDrops - reserveDrops} drops above its reserve of ${reserveDrops}, this needs ${needed}`;
      return { effect: "wait", code: "treasury_short", message };
    }
    return null;
  }

  async function prepareSigned(
    instruction: Extract<Instruction, { kind: "signed" }>,
    nonce: bigint,
    view: ChainView,
  ): Promise<Preparation> {
    const { payload, payment, assetRef, approvals } = instruction;
    if (payload === null)
      return refuse("sign_again", "payload_missing", "nothing was offered for signing yet");
    const body = parseBody(payload);
    const lastLedger = BigInt(body.LastLedgerSequence ?? 0);
    const fee = BigInt(body.Fee ?? "0");
    if (BigInt(body.TicketSequence ?? 0) !== nonce || view.nonces.consumed(nonce) !== "no") {
      return refuse("sign_again", "ticket_used", "the ticket that approvers signed for is used up");
    }
    if (lastLedger < view.final.number + LEAST_ROOM_LEDGERS) {
      return refuse(
        "sign_again",
        "payload_expired",
        "what approvers signed can no longer be included in time",
      );
    }
    const shares = approvals.map(({ signer, signature }) => ({ signer, blob: signature.slice(2) }));
    const problem = await findShareProblem(client, treasury, shares);
    if (problem !== null) return refuse("sign_again", "quorum_lost", problem);
    const refusal = await refusalToPay(assetRef, payment, fee, view);
    if (refusal !== null) return { ok: false, refusal };
    const raw = combineShares(shares.map(({ blob }) => blob));
    return {
      ok: true,
      attempt: { raw, txHash: hashes.hashSignedTx(raw), maxCost: fee, lastBlock: lastLedger },
    };
  }

  /** The transaction that approvers sign: its ticket lets them take their time, its last ledger ends it provably. */
  async function draft(order: SigningOrder, nonce: bigint, view: ChainView): Promise<Draft> {
    const { validated } = treasuryNow();
    const left = order.validUntil > view.final.timestamp ? order.validUntil - view.final.timestamp : 0n;
    const most = BigInt(options.approvalLedgers);
    const ledgers = left / SECONDS_PER_LEDGER + BigInt(options.ledgerWindow);
    const lastLedger = view.final.number + (ledgers < most ? ledgers : most);
    const signatures = BigInt(order.approvals) + 1n;
    const wanted = validated.openFeeDrops * SIGNED_FEE_ROOM;
    const perSignature = wanted < options.maxFeeDrops ? wanted : options.maxFeeDrops;
    const frame = { ...frameFor(view, perSignature * signatures), lastLedger };
    const { assetRef, payment } = order;
    const transaction = { ...paymentOf({ ...frame, ticket: nonce, assetRef, payment }), SigningPubKey: "" };
    const body = JSON.stringify(transaction);
    return { body, digest: payloadDigest(body), lastBlock: lastLedger };
  }

  /** Of some results either side can be the cause; then the ledger that it happened in says whose turn it is. */
  async function refusalOf(
    end: { result: string | null; block: bigint },
    { assetRef, payment }: PaymentOrder,
  ): Promise<Refusal> {
    const result = end.result ?? "unknown";
    const { effect, text } = classifyFinal(result);
    if (!BLAMES_EITHER.has(result)) return refusalOfEffect(effect, result, `${result}: ${text}`);
    const problem = await problemAt(end.block, assetRef, payment);
    if (problem !== null)
      return refusalOfEffect(problem.effect, problem.code, `${result}: ${problem.message}`);
    return refusalOfEffect("operator", result, `${result}: ${text}; nothing stands against its payee`);
  }

  async function problemAt(block: bigint, assetRef: string, payment: Payment): Promise<PayeeProblem | null> {
    const order = {
      from: treasury,
      to: parseXrplDestination(payment.to, { networkId: client.networkId }),
      asset: parseAssetRef(assetRef),
      amount: payment.amount,
      scale: SCALE,
    };
    try {
      return await findPayeeProblem(client, order, block);
    } catch (error) {
      // Servers keep the state of old ledgers for a while only; the newest one tells nearly as well.
      if (!(error instanceof XrplRpcError) || !isLedgerMissing(error.code)) throw error;
      return findPayeeProblem(client, order, "validated");
    }
  }

  async function maintain(view: ChainView): Promise<void> {
    const { tickets, sequence, validated, balanceDrops, reserveDrops } = treasuryNow();
    const missing = Math.min(options.tickets, MOST_TICKETS) - tickets.size;
    // A quarter at a time: each TicketCreate costs a fee, whatever their number.
    if (missing < Math.max(1, Math.floor(options.tickets / 4)) && tickets.size > 0) return;
    if (creating !== null && creating.sequence === sequence && creating.lastLedger >= view.final.number)
      return;
    const feeDrops = validated.openFeeDrops;
    if (missing < 1 || feeDrops > options.maxFeeDrops) return;
    const affordable = (balanceDrops - reserveDrops - feeDrops) / validated.reserveIncrementDrops;
    const count = affordable < BigInt(missing) ? uint32(affordable) : missing;
    if (count < 1) return;
    const frame = frameFor(view, feeDrops);
    creating = { sequence, lastLedger: frame.lastLedger };
    const { raw } = signWith(wallet, ticketCreateOf({ ...frame, sequence, count }));
    await client.broadcast({ command: "submit", tx_blob: raw });
  }

  async function holdings(assetRef: string, ledgerIndex: bigint): Promise<Holdings> {
    const at = uint32(ledgerIndex);
    if (parseAssetRef(assetRef).kind === "issued") {
      const balance = await readIssuedBalance(client, treasury, { assetRef, scale: SCALE }, at);
      return { balance, owed: 0n, locked: 0n };
    }
    const { account_data: account } = await client.request<{
      account_data: { Balance: string; OwnerCount: number };
    }>({
      command: "account_info",
      account: treasury,
      ledger_index: at,
    });
    const locked = reserveOf(await client.validated(), account.OwnerCount);
    return { balance: BigInt(account.Balance), owed: 0n, locked };
  }

  /** Nothing but the reserve bounds what the worker's key can pay; so no more belongs into the treasury than is needed. */
  async function capacity(assetRef: string): Promise<Capacity> {
    const { index } = await client.validated();
    const { balance, locked } = await holdings(assetRef, index);
    const available = balance > locked ? balance - locked : 0n;
    return { available, bucketCapacity: available };
  }

  async function blockHash(ledgerIndex: bigint): Promise<string | null> {
    try {
      const { ledger_hash: hash } = await client.request<{ ledger_hash: string }>({
        command: "ledger",
        ledger_index: uint32(ledgerIndex),
      });
      return hash;
    } catch (error) {
      if (!(error instanceof XrplRpcError) || error.code !== "lgrNotFound") throw error;
      throw new AppError(
        "unavailable",
        "history_gap",
        `the server does not have ledger ${ledgerIndex}; waiting for one that has`,
        { cause: error },
      );
    }
  }

  return {
    name: "xrpl",
    words: { nonce: "ticket", block: "ledger" },
    chainId: client.networkId,
    signer: treasury,
    vault: treasury,
    operator: wallet.address,
    findFaults: async () =>
      findTreasuryFaults(client, { treasury, worker: wallet.address, rules: await options.rules() }),
    look,
    head: async () => (await client.validated()).index,
    prepare,
    draft,
    raise: async () => null,
    broadcast: async (raw) => readBroadcast(await client.broadcast({ command: "submit", tx_blob: raw })),
    inclusionOf: (attempt, view) => findInclusion(client, treasury, attempt, view),
    refusalOf,
    // A payment says of itself whom it paid.
    paymentsOf: async () => null,
    consumedNumbers: null,
    forgottenBlocks: BigInt(options.ledgerWindow),
    maintain,
    firstBlock: async () =>
      options.treasuryFromLedger === null
        ? firstLedgerOf(client, treasury)
        : BigInt(options.treasuryFromLedger),
    blockHash,
    eventWindowBlocks: EVENT_WINDOW_LEDGERS,
    events: async (from, to): Promise<ChainEvent[]> =>
      (await readHistory(client, treasury, from, to)).flatMap((entry) => eventsOf(treasury, entry)),
    holdings,
    capacity,
    operatorBalance: async () => {
      const { available } = await capacity("XRP");
      return available;
    },
  };
}

/** What an account must keep, in drops. */
function reserveOf({ reserveBaseDrops, reserveIncrementDrops }: XrplValidated, ownerCount: number): bigint {
  return reserveBaseDrops + reserveIncrementDrops * BigInt(ownerCount);
}

function refuse(effect: Refusal["effect"], code: string, message: string): Preparation {
  return { ok: false, refusal: { effect, code, message } };
}

/** The ledger's words for whose turn it is, in the words of every rail. */
function refusalOfEffect(effect: string, code: string, message: string): Refusal {
  switch (effect) {
    case "payee":
      return { effect: "payee", code, message };
    case "later":
      return { effect: "wait", code, message };
    default:
      return { effect: "pause", code, message };
  }
}
