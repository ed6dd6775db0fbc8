import { keccak256, Transaction, Wallet } from "ethers";
import { AppError } from "../../../../platform/errors.ts";
import type { EvmRpc } from "../../../../platform/evm-rpc.ts";
import { EvmRpcError } from "../../../../platform/evm-rpc.ts";
import type {
  BroadcastResult,
  Capacity,
  ChainEvent,
  ChainView,
  Holdings,
  Inclusion,
  Instruction,
  Payment,
  Preparation,
  Rail,
  Refusal,
  SentAttempt,
  SignedAttempt,
} from "../rail.ts";
import { agreed } from "./agree.ts";
import { type FeeMarket, type Fees, firstFees, raisedFees } from "./fees.ts";
import { findVaultFaults, type VaultRules } from "./find-faults.ts";
import { gasToOffer } from "./gas.ts";
import { broadcastResult, isSignerOutOfFunds, isStateMissing, isTooMuchGas } from "./node-errors.ts";
import { accountNonces } from "./nonces.ts";
import {
  decodeEvent,
  decodePayments,
  decodeRawPayments,
  EVENT_TOPICS,
  encodeInstruction,
  type RawLog,
  refusalOf,
  vaultInterface,
} from "./vault.ts";

export type FlareRailOptions = {
  rpc: EvmRpc;
  vault: string;
  operatorKey: string;
  confirmations: number;
  maxFeePerGasWei: bigint;
  /** Where the vault's events begin; null finds it out, which takes a node that keeps old state. */
  vaultFromBlock: number | null;
  /** What the database says that the vault must agree with. */
  rules: () => Promise<VaultRules>;
};

/** Public Flare RPC answers `eth_getLogs` for at most 30 blocks. */
const EVENT_WINDOW_BLOCKS = 30n;

/** Of a transaction that calls nobody. */
const GAS_OF_NOTHING = 21_000n;

const BLOCKS_OF_FEE_HISTORY = "0x5";

type RpcBlock = { number: string; hash: string; timestamp: string; gasLimit: string };
type RpcReceipt = {
  transactionHash: string;
  blockNumber: string;
  blockHash: string;
  status: string;
  logs: RawLog[];
};

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** Flare and every other EVM chain that carries a PayoutVault. */
export function createFlareRail(options: FlareRailOptions): Rail {
  const { rpc, vault } = options;
  const wallet = new Wallet(options.operatorKey);
  const signer = wallet.address;

  const asked = new Map<bigint, Promise<RpcBlock | null>>();

  /** Whoever asks for a block that is being asked for gets the same answer. */
  function block(number: bigint): Promise<RpcBlock | null> {
    const before = asked.get(number);
    if (before !== undefined) return before;
    const answer = rpc
      .request<RpcBlock | null>("eth_getBlockByNumber", [hex(number), false])
      .finally(() => asked.delete(number));
    asked.set(number, answer);
    return answer;
  }

  async function latestBlock(): Promise<RpcBlock> {
    const latest = await rpc.request<RpcBlock | null>("eth_getBlockByNumber", ["latest", false]);
    if (latest === null) throw new Error("the chain has no latest block");
    return latest;
  }

  async function vaultCall(name: string, args: readonly unknown[], at: string): Promise<bigint> {
    const data = vaultInterface.encodeFunctionData(name, args);
    const answer = await rpc.request<string>("eth_call", [{ to: vault, data }, at]);
    return BigInt(vaultInterface.decodeFunctionResult(name, answer)[0]);
  }

  async function consumedNonces(at: string): Promise<bigint> {
    return BigInt(await rpc.request<string>("eth_getTransactionCount", [signer, at]));
  }

  async function headNow(): Promise<bigint> {
    return BigInt(await rpc.request<string>("eth_blockNumber", []));
  }

  async function look(): Promise<ChainView> {
    const head = await headNow();
    const depth = BigInt(options.confirmations) - 1n;
    const finalNumber = head > depth ? head - depth : 0n;
    const [final, atFinal, atHead, pending] = await Promise.all([
      block(finalNumber),
      consumedNonces(hex(finalNumber)),
      consumedNonces("latest"),
      consumedNonces("pending"),
    ]);
    if (final === null) throw new Error(`block ${finalNumber} vanished while it was read`);
    return {
      head,
      final: { number: finalNumber, hash: final.hash, timestamp: BigInt(final.timestamp) },
      nonces: accountNonces({ final: atFinal, head: atHead, pending }),
    };
  }

  async function market(): Promise<FeeMarket> {
    const history = await rpc.request<{ baseFeePerGas: string[]; reward?: string[][] }>("eth_feeHistory", [
      BLOCKS_OF_FEE_HISTORY,
      "latest",
      [50],
    ]);
    return {
      nextBaseFeeWei: BigInt(history.baseFeePerGas.at(-1) ?? "0x0"),
      tipsWei: (history.reward ?? []).flat().map(BigInt),
    };
  }

  async function sign(call: {
    to: string;
    data: string;
    nonce: bigint;
    gasLimit: bigint;
    fees: Fees;
  }): Promise<SignedAttempt> {
    const raw = await wallet.signTransaction({
      type: 2,
      chainId: rpc.chainId,
      to: call.to,
      data: call.data,
      value: 0n,
      // A nonce is far below 2^53; ethers takes no bigint here.
      nonce: Number.parseInt(call.nonce.toString(), 10),
      gasLimit: call.gasLimit,
      maxFeePerGas: call.fees.maxFeePerGasWei,
      maxPriorityFeePerGas: call.fees.maxPriorityFeePerGasWei,
    });
    return {
      txHash: keccak256(raw),
      raw,
      maxCost: call.gasLimit * call.fees.maxFeePerGasWei,
      lastBlock: null,
    };
  }

  async function prepare(instruction: Instruction, nonce: bigint): Promise<Preparation> {
    const data = encodeInstruction(instruction);
    // Asked at once, because each answer takes a while on its way.
    const [prices, estimate, latest, balance] = await Promise.all([
      market(),
      data === null ? GAS_OF_NOTHING : estimateGas(data),
      latestBlock(),
      operatorBalance(),
    ]);
    const fees = firstFees(prices, options.maxFeePerGasWei);
    if (fees === null) {
      const message = "the base fee alone is above the highest fee that may be offered";
      return { ok: false, refusal: { effect: "wait", code: "fee_above_cap", message } };
    }
    if (data === null) {
      return {
        ok: true,
        attempt: await sign({ to: signer, data: "0x", nonce, gasLimit: GAS_OF_NOTHING, fees }),
      };
    }
    if (estimate instanceof EvmRpcError) {
      return { ok: false, refusal: await explain(estimate, data, instruction) };
    }
    const gasLimit = gasToOffer(estimate, instruction, BigInt(latest.gasLimit));
    // Nodes refuse what the signer could not pay for at worst, and simulations do not look at it.
    const worst = gasLimit * fees.maxFeePerGasWei;
    if (balance < worst) return { ok: false, refusal: outOfFunds(`up to ${worst} wei`) };
    return { ok: true, attempt: await sign({ to: vault, data, nonce, gasLimit, fees }) };
  }

  /** What the call would use now; the node's refusal where it would fail. */
  async function estimateGas(data: string): Promise<bigint | EvmRpcError> {
    try {
      return BigInt(
        await rpc.request<string>("eth_estimateGas", [{ from: signer, to: vault, data }, "latest"]),
      );
    } catch (error) {
      if (error instanceof EvmRpcError) return error;
      throw error;
    }
  }

  function outOfFunds(what: string): Refusal {
    return { effect: "wait", code: "signer_out_of_funds", message: `${signer} cannot pay the fee: ${what}` };
  }

  async function operatorBalance(): Promise<bigint> {
    return BigInt(await rpc.request<string>("eth_getBalance", [signer, "latest"]));
  }

  /** Some nodes keep the revert's data out of an estimate's error; the same call by `eth_call` has it. */
  async function explain(error: EvmRpcError, data: string, instruction: Instruction): Promise<Refusal> {
    if (isSignerOutOfFunds(error)) return outOfFunds(error.message);
    if (isTooMuchGas(error)) {
      return { effect: "split", code: "too_much_gas", message: error.message };
    }
    let reason = error.data;
    if (reason === null) {
      try {
        await rpc.request("eth_call", [{ from: signer, to: vault, data }, "latest"]);
      } catch (again) {
        if (!(again instanceof EvmRpcError)) throw again;
        reason = again.data;
      }
    }
    if (reason === null) return { effect: "wait", code: "simulation_failed", message: error.message };
    const bucketCapacity =
      instruction.kind === "push" ? (await capacity(instruction.assetRef)).bucketCapacity : 0n;
    return refusalOf(reason, bucketCapacity);
  }

  async function raise(raw: string): Promise<SignedAttempt | null> {
    const before = Transaction.from(raw);
    const previous: Fees = {
      maxFeePerGasWei: before.maxFeePerGas ?? 0n,
      maxPriorityFeePerGasWei: before.maxPriorityFeePerGas ?? 0n,
    };
    const fees = raisedFees(previous, await market(), options.maxFeePerGasWei);
    if (fees === null) return null;
    return sign({
      to: before.to ?? signer,
      data: before.data,
      nonce: BigInt(before.nonce),
      gasLimit: before.gasLimit,
      fees,
    });
  }

  async function broadcast(raw: string): Promise<BroadcastResult> {
    const answers = await rpc.broadcast(raw);
    if (answers.some((answer) => answer.ok)) return { result: "accepted" };
    const results = answers.flatMap((answer) => (answer.ok ? [] : [broadcastResult(answer.error)]));
    return (
      results.find((result) => result.result === "known") ??
      results.find((result) => result.result !== "rejected") ??
      results[0] ?? { result: "rejected", message: "no node answered" }
    );
  }

  async function inclusionOf({ txHash }: SentAttempt, view: ChainView): Promise<Inclusion | null> {
    const receipt = await agreed<RpcReceipt | null>(rpc, "eth_getTransactionReceipt", [txHash], (answer) =>
      answer === null
        ? null
        : [answer.blockHash, answer.status, answer.logs.map((log) => [log.address, log.topics, log.data])],
    );
    if (receipt === null || receipt.blockHash === null) return null;
    const blockNumber = BigInt(receipt.blockNumber);
    if (blockNumber > view.head) return null;
    // A node may keep the receipt of a block that a reorganisation took out.
    const canonical = await block(blockNumber);
    if (canonical?.hash !== receipt.blockHash) return null;
    return {
      blockNumber,
      blockHash: receipt.blockHash,
      succeeded: BigInt(receipt.status) === 1n,
      result: null,
      events: eventsIn(receipt.logs),
    };
  }

  function eventsIn(logs: readonly RawLog[]): ChainEvent[] {
    return logs
      .filter((log) => log.address.toLowerCase() === vault.toLowerCase() && log.removed !== true)
      .flatMap((log) => decodeEvent(log) ?? []);
  }

  async function paymentsOf(
    transaction: { raw: string } | { txHash: string },
  ): Promise<readonly (Payment | null)[] | null> {
    if ("raw" in transaction) return decodeRawPayments(transaction.raw, vault);
    const found = await rpc.request<{ to: string | null; input: string } | null>("eth_getTransactionByHash", [
      transaction.txHash,
    ]);
    if (found === null) {
      throw new AppError(
        "unavailable",
        "transaction_missing",
        `the node does not give out ${transaction.txHash}, whose events it gave`,
      );
    }
    return decodePayments({ to: found.to, data: found.input }, vault);
  }

  async function consumedNumbers(numbers: readonly bigint[], blockNumber: bigint): Promise<Set<bigint>> {
    const words = new Map<bigint, bigint>();
    await Promise.all(
      [...new Set(numbers.map((number) => number >> 8n))].map(async (word) => {
        const data = vaultInterface.encodeFunctionData("consumedWord", [word]);
        const bits = await agreed<string>(
          rpc,
          "eth_call",
          [{ to: vault, data }, hex(blockNumber)],
          (answer) => answer,
        );
        words.set(word, BigInt(bits));
      }),
    );
    return new Set(
      numbers.filter((number) => (((words.get(number >> 8n) ?? 0n) >> (number & 0xffn)) & 1n) === 1n),
    );
  }

  async function events(fromBlock: bigint, toBlock: bigint): Promise<ChainEvent[]> {
    // A node that is behind answers with fewer events than there are, not with an error.
    const logs = await agreed<RawLog[]>(
      rpc,
      "eth_getLogs",
      [{ address: vault, fromBlock: hex(fromBlock), toBlock: hex(toBlock), topics: [EVENT_TOPICS] }],
      (answer) => answer.map((log) => [log.transactionHash, log.logIndex, log.topics, log.data]),
    );
    return eventsIn(logs);
  }

  /** The lowest block with code at the vault's address, by bisection. */
  async function firstBlock(): Promise<bigint> {
    if (options.vaultFromBlock !== null) return BigInt(options.vaultFromBlock);
    let low = 0n;
    let high = await headNow();
    try {
      while (low < high) {
        const middle = (low + high) / 2n;
        const code = await rpc.request<string>("eth_getCode", [vault, hex(middle)]);
        if (code === "0x") low = middle + 1n;
        else high = middle;
      }
    } catch (error) {
      if (!isStateMissing(error)) throw error;
      throw new AppError(
        "unavailable",
        "vault_block_unknown",
        "the RPC URL keeps no old state, so the block in which the vault was deployed cannot be found: set FLARE_VAULT_FROM_BLOCK",
        { cause: error },
      );
    }
    return low;
  }

  async function capacity(assetRef: string): Promise<Capacity> {
    const limits = await rpc.request<string>("eth_call", [
      { to: vault, data: vaultInterface.encodeFunctionData("limits", [assetRef]) },
      "latest",
    ]);
    const { bucketCapacity } = vaultInterface.decodeFunctionResult("limits", limits)[0] as {
      bucketCapacity: bigint;
    };
    return { available: await vaultCall("bucketAvailable", [assetRef], "latest"), bucketCapacity };
  }

  async function holdings(assetRef: string, blockNumber: bigint): Promise<Holdings> {
    const at = hex(blockNumber);
    const [balance, owed] = await Promise.all([
      balanceOf(assetRef, at),
      vaultCall("totalOwed", [assetRef], at),
    ]);
    return { balance, owed, locked: 0n };
  }

  async function balanceOf(assetRef: string, at: string): Promise<bigint> {
    if (BigInt(assetRef) === 0n) return BigInt(await rpc.request<string>("eth_getBalance", [vault, at]));
    // balanceOf(address), the vault left-padded to 32 bytes.
    const data = `0x70a08231${vault.slice(2).toLowerCase().padStart(64, "0")}`;
    return BigInt(await rpc.request<string>("eth_call", [{ to: assetRef, data }, at]));
  }

  return {
    name: "flare",
    words: { nonce: "nonce", block: "block" },
    chainId: rpc.chainId,
    signer,
    vault,
    operator: signer,
    findFaults: async () => findVaultFaults(rpc, { vault, signer, rules: await options.rules() }),
    look,
    head: headNow,
    prepare,
    draft: null,
    raise,
    broadcast,
    inclusionOf,
    refusalOf: async () => ({ effect: "wait", code: "reverted", message: "its transaction reverted" }),
    paymentsOf,
    consumedNumbers,
    forgottenBlocks: 0n,
    // An account's nonces need no upkeep.
    maintain: () => Promise.resolve(),
    firstBlock,
    blockHash: async (number) => (await block(number))?.hash ?? null,
    eventWindowBlocks: EVENT_WINDOW_BLOCKS,
    events,
    holdings,
    capacity,
    operatorBalance,
  };
}
