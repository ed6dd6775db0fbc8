import { Interface } from "ethers";
import { payoutVaultAbi } from "../../src/generated/contracts.ts";
import type { OnChain } from "./checks.ts";
import type { World } from "./world.ts";

const vaultInterface = new Interface(payoutVaultAbi);
const AMOUNT_BITS = 96n;
const NUMBER_MEMO = Buffer.from("coinclicker/payout").toString("hex").toUpperCase();

type Log = { topics: string[]; data: string; transactionHash: string };
type Event = { name: string; args: Record<string, bigint & string> };

/** What the vault's events and the calls that caused them say: read from the node, past our own code and database. */
export async function flarePayments(world: World): Promise<OnChain[]> {
  const filter = { address: world.chain.vault, fromBlock: "0x0", toBlock: "latest" };
  const logs = await world.rpc<Log[]>("eth_getLogs", [filter]);
  const payments: OnChain[] = [];
  for (const [tx, own] of Map.groupBy(logs, ({ transactionHash }) => transactionHash)) {
    const events = own.flatMap((log): Event[] => {
      const parsed = vaultInterface.parseLog(log);
      return parsed === null ? [] : [{ name: parsed.name, args: parsed.args as unknown as Event["args"] }];
    });
    const at = { rail: "flare", tx };
    const credited = new Map(
      events
        .filter(({ name }) => name === "PayoutCredited")
        .map(({ args }) => [String(args.number), { to: String(args.to), amount: BigInt(args.amount ?? 0n) }]),
    );
    for (const { name, args } of events) {
      if (name === "BatchPaid") {
        const first = BigInt(args.first ?? 0n);
        for (const [index, entry] of (await entriesOf(world, tx)).entries()) {
          const number = String(first + BigInt(index));
          const to = `0x${(entry >> AMOUNT_BITS).toString(16).padStart(40, "0")}`;
          const amount = entry & ((1n << AMOUNT_BITS) - 1n);
          const how = entry === 0n ? "closed" : credited.has(number) ? "credited" : "paid";
          credited.delete(number);
          payments.push({ ...at, number, to, amount, how });
        }
      }
      const number = String(args.number);
      if (name === "ApprovedPaid" || name === "Claimed")
        payments.push({ ...at, number, to: String(args.to), amount: BigInt(args.amount ?? 0n), how: "paid" });
      if (name === "NumberClosed") payments.push({ ...at, number, to: "", amount: 0n, how: "closed" });
    }
    // What is left was signed for by approvers, and its payee refused.
    for (const [number, { to, amount }] of credited)
      payments.push({ ...at, number, to, amount, how: "credited" });
  }
  return payments;
}

async function entriesOf(world: World, tx: string): Promise<bigint[]> {
  const { input } = await world.rpc<{ input: string }>("eth_getTransactionByHash", [tx]);
  const call = vaultInterface.parseTransaction({ data: input });
  if (call?.name !== "payBatch") throw new Error(`${tx} paid a batch and is no payBatch`);
  return [...(call.args[2] as bigint[])];
}

type XrplTransaction = {
  TransactionType: string;
  Account: string;
  Destination?: string;
  Memos?: { Memo: { MemoType?: string; MemoData?: string } }[];
};
type AccountTx = {
  transactions: {
    tx?: XrplTransaction;
    tx_json?: XrplTransaction;
    hash?: string;
    meta: { TransactionResult: string; delivered_amount?: unknown };
  }[];
  marker?: unknown;
};

/** What the treasury's own history on the ledger says: its payments that succeeded, with what was delivered. */
export async function xrplPayments(world: World): Promise<OnChain[]> {
  const treasury = world.xrpl.env.XRPL_TREASURY ?? "";
  const payments: OnChain[] = [];
  let marker: unknown;
  do {
    const page = await askXrpl<AccountTx>(world, "account_tx", {
      account: treasury,
      ledger_index_min: -1,
      ledger_index_max: -1,
      forward: true,
      ...(marker === undefined ? {} : { marker }),
    });
    for (const { tx, tx_json, hash, meta } of page.transactions) {
      const transaction = tx_json ?? tx;
      if (transaction?.TransactionType !== "Payment" || transaction.Account !== treasury) continue;
      if (meta.TransactionResult !== "tesSUCCESS") continue;
      const memo = transaction.Memos?.find(({ Memo }) => Memo.MemoType?.toUpperCase() === NUMBER_MEMO)?.Memo;
      payments.push({
        rail: "xrpl",
        number: Buffer.from(memo?.MemoData ?? "", "hex").toString("utf8"),
        to: transaction.Destination ?? "",
        amount: BigInt(String(meta.delivered_amount)),
        how: "paid",
        tx: hash ?? String((transaction as { hash?: string }).hash),
      });
    }
    marker = page.marker;
  } while (marker !== undefined);
  return payments;
}

async function askXrpl<T>(world: World, method: string, params: Record<string, unknown>): Promise<T> {
  const body = JSON.stringify({ method, params: [params] });
  const answer = await fetch(world.xrpl.ledger.url.replace("ws", "http"), { method: "POST", body });
  const { result } = (await answer.json()) as { result: T & { error?: string } };
  if (result.error !== undefined) throw new Error(`${method}: ${result.error}`);
  return result;
}
