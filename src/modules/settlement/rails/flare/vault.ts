import {
  getAddress,
  Interface,
  type LogDescription,
  Transaction,
  TypedDataEncoder,
  ZeroAddress,
} from "ethers";
import { payoutVaultAbi } from "../../../../generated/contracts.ts";
import { InvariantError } from "../../../../platform/errors.ts";
import type { ChainEvent, Instruction, Payment, Refusal } from "../rail.ts";

export const vaultInterface = new Interface(payoutVaultAbi);

const AMOUNT_BITS = 96n;
const AMOUNT_MASK = (1n << AMOUNT_BITS) - 1n;

/** `address to << 96 | uint96 amount`; a zero word closes its number (IPayoutVault.payBatch). */
export function packEntry(payment: Payment | null): bigint {
  if (payment === null) return 0n;
  if (payment.amount <= 0n || payment.amount > AMOUNT_MASK) {
    throw new InvariantError(`amount ${payment.amount} of number ${payment.number} is no uint96`);
  }
  return (BigInt(payment.to) << AMOUNT_BITS) | payment.amount;
}

export function unpackEntry(number: bigint, entry: bigint): Payment | null {
  if (entry === 0n) return null;
  const hex = (entry >> AMOUNT_BITS).toString(16).padStart(40, "0");
  return { number, to: getAddress(`0x${hex}`), amount: entry & AMOUNT_MASK };
}

const PAY_BATCH = vaultInterface.getFunction("payBatch")?.selector ?? "";
/** Hex digits of a word, and of what comes before a call's arguments: `0x` and the selector. */
const WORD = 64;
const SELECTOR = 10;

/**
 * A call of `payBatch` as ethers encodes it, which takes it ten times as long: asset, number, where the words begin, how
 * many they are, the words.
 */
function encodeBatch(assetRef: string, first: bigint, entries: readonly bigint[]): string {
  const words = [BigInt(assetRef), first, 0x60n, BigInt(entries.length), ...entries];
  return PAY_BATCH + words.map((word) => word.toString(16).padStart(WORD, "0")).join("");
}

/** The call to the vault that carries out an instruction; null for one that calls nobody. */
export function encodeInstruction(instruction: Instruction): string | null {
  switch (instruction.kind) {
    case "push":
      return encodeBatch(instruction.assetRef, instruction.firstNumber, instruction.payments.map(packEntry));
    case "signed":
      return vaultInterface.encodeFunctionData("payApproved", [
        {
          number: instruction.payment.number,
          asset: instruction.assetRef,
          to: instruction.payment.to,
          amount: instruction.payment.amount,
          validUntil: instruction.validUntil,
        },
        instruction.approvals.map((approval) => approval.signer),
        instruction.approvals.map((approval) => approval.signature),
      ]);
    case "fill":
      return null;
  }
}

/**
 * The first number and the words of a `payBatch` that is laid out as `encodeBatch` does it, and as compilers do; what is
 * laid out in any other way is left to ethers (null).
 */
function decodeBatch(data: string): { first: bigint; entries: bigint[] } | null {
  const word = (index: number): bigint => {
    const from = SELECTOR + index * WORD;
    return BigInt(`0x${data.slice(from, from + WORD)}`);
  };
  const words = (data.length - SELECTOR) / WORD;
  if (!data.startsWith(PAY_BATCH) || !Number.isInteger(words) || words < 4) return null;
  if (word(2) !== 0x60n || word(3) !== BigInt(words - 4)) return null;
  return { first: word(1), entries: Array.from({ length: words - 4 }, (_unused, index) => word(4 + index)) };
}

/** What a transaction to the vault told it to pay; null when it was no way out. */
export function decodePayments(
  transaction: { to: string | null; data: string },
  vault: string,
): (Payment | null)[] | null {
  if (transaction.to?.toLowerCase() !== vault.toLowerCase()) return null;
  const batch = decodeBatch(transaction.data);
  if (batch !== null) {
    return batch.entries.map((entry, index) => unpackEntry(batch.first + BigInt(index), entry));
  }
  const call = vaultInterface.parseTransaction({ data: transaction.data });
  if (call?.name === "payBatch") {
    const [, first, entries] = call.args as unknown as [string, bigint, bigint[]];
    return [...entries].map((entry, index) => unpackEntry(first + BigInt(index), entry));
  }
  if (call?.name === "payApproved" || call?.name === "claim") {
    const { number, to, amount } = call.args[0] as { number: bigint; to: string; amount: bigint };
    return [{ number, to, amount }];
  }
  return null;
}

export function decodeRawPayments(raw: string, vault: string): (Payment | null)[] | null {
  const { to, data } = Transaction.from(raw);
  return decodePayments({ to, data }, vault);
}

export type RawLog = {
  address: string;
  topics: string[];
  data: string;
  transactionHash: string;
  logIndex: string;
  blockNumber: string;
  removed?: boolean;
};

/** Topics of the events that move money or consume numbers; the others are rules, which are read as state. */
export const EVENT_TOPICS: readonly string[] = [
  "BatchPaid",
  "PayoutCredited",
  "ApprovedPaid",
  "Claimed",
  "NumberClosed",
  "CreditWithdrawn",
  "Funded",
  "Swept",
].map((name) => {
  const event = vaultInterface.getEvent(name);
  if (event === null) throw new InvariantError(`the vault has no event ${name}`);
  return event.topicHash;
});

/** In the words of every rail; null for what neither moves money nor consumes a number. */
export function decodeEvent(log: RawLog): ChainEvent | null {
  if (!EVENT_TOPICS.includes(log.topics[0] ?? "")) return null;
  const parsed = vaultInterface.parseLog(log);
  if (parsed === null) return null;
  const at = {
    txHash: log.transactionHash,
    logIndex: Number.parseInt(log.logIndex, 16),
    blockNumber: BigInt(log.blockNumber),
  };
  return { ...at, ...describeEvent(parsed) };
}

function describeEvent(event: LogDescription): Omit<ChainEvent, "txHash" | "logIndex" | "blockNumber"> {
  const args = event.args as unknown as Record<string, bigint> & Record<string, string>;
  const text = (name: string): string => String(args[name]);
  const whole = (name: string): bigint => BigInt(args[name] ?? 0n);
  const base = {
    assetRef: ZeroAddress as string | null,
    firstNumber: null as bigint | null,
    size: 0,
    party: null as string | null,
  };
  switch (event.name) {
    case "BatchPaid":
      return {
        ...base,
        kind: "batch_paid",
        assetRef: text("asset"),
        firstNumber: whole("first"),
        size: Number.parseInt(text("count"), 10),
        amount: whole("paid"),
      };
    case "PayoutCredited":
    case "ApprovedPaid":
    case "Claimed":
      return {
        ...base,
        kind: event.name === "PayoutCredited" ? "credited" : "paid",
        assetRef: text("asset"),
        firstNumber: whole("number"),
        size: 1,
        party: text("to"),
        amount: whole("amount"),
      };
    case "NumberClosed":
      return {
        ...base,
        kind: "closed",
        assetRef: null,
        firstNumber: whole("number"),
        size: 1,
        party: text("by"),
        amount: 0n,
      };
    case "CreditWithdrawn":
      return {
        ...base,
        kind: "credit_withdrawn",
        assetRef: text("asset"),
        party: text("payee"),
        amount: whole("amount"),
      };
    case "Funded":
      return { ...base, kind: "funded", party: text("from"), amount: whole("amount") };
    case "Swept":
      return { ...base, kind: "swept", assetRef: text("asset"), party: text("to"), amount: whole("amount") };
    default:
      throw new InvariantError(`event ${event.name} has no meaning here`);
  }
}

/** Errors of the vault that pass by themselves, or with what an operator does anyway; the others need somebody to look. */
const WAITS = new Set([
  "VaultPaused",
  "InsufficientVaultBalance",
  "NotEnoughGas",
  // About one payout that approvers signed: it waits until it can be sent or expires, the others go on.
  "TooFewApprovals",
  "NotApprover",
  "BadSignature",
  "Expired",
]);

/**
 * What a simulated call's revert means. `wanted` beyond what the bucket ever holds cannot pass in one piece.
 */
export function refusalOf(data: string | null, bucketCapacity: bigint): Refusal {
  const error = data === null || data === "0x" ? null : vaultInterface.parseError(data);
  if (error === null) {
    return {
      effect: "wait",
      code: "simulation_failed",
      message: `the vault reverts without a reason that it defines (${data ?? "no data"})`,
    };
  }
  const message = `${error.name}(${[...error.args].map(String).join(", ")})`;
  if (error.name === "NumberAlreadyConsumed") return { effect: "word", code: error.name, message };
  if (error.name === "BucketExhausted") {
    return { effect: BigInt(error.args[1]) > bucketCapacity ? "split" : "wait", code: error.name, message };
  }
  return { effect: WAITS.has(error.name) ? "wait" : "pause", code: error.name, message };
}

/** The EIP-712 domain separator that a vault at this address on this chain must have. */
export function domainSeparator(chainId: number, vault: string): string {
  return TypedDataEncoder.hashDomain({
    name: "CoinClicker PayoutVault",
    version: "1",
    chainId,
    verifyingContract: vault,
  });
}
