import hre from "hardhat";
import type { EthereumProvider } from "hardhat/types/providers";
import type { BlockRecord, ChainRecord } from "./chain-log.ts";

type RpcBlock = { hash: string; timestamp: string; transactions: readonly RpcTransaction[] };
type RpcTransaction = { hash: string };

/** After this many empty blocks in a row nothing is going on, and blocks come only every `IDLE_BLOCK_MS`. */
const BLOCKS_UNTIL_IDLE = 60;
const IDLE_BLOCK_MS = 15_000;

/** The requests after which there may be a new block. */
const MAY_MINE = /^(eth_send|evm_|hardhat_)/;

/** Requests that change state without a transaction, and must be repeated to come to the same state again. */
const CHANGES_STATE =
  /^(hardhat_set|hardhat_dropTransaction|evm_setAccountNonce|evm_setBlockGasLimit|evm_snapshot|evm_revert)/;

/** What cannot be repeated: transactions without a signature, and chains that come from elsewhere. */
const NOT_REPEATABLE = /^(hardhat_impersonateAccount|hardhat_reset)$/;

export class ReplayError extends Error {}

/**
 * Hardhat's EVM with one promise on top: every block that anybody could have seen is in the log, so that the same blocks
 * can be mined again. Requests run one after another, and an answer goes out only when what it may have caused is recorded.
 */
export class ChainEngine {
  readonly #provider: EthereumProvider;
  readonly #rawTransactions = new Map<string, string>();
  #record: ((record: ChainRecord) => void) | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #height = 0;
  #emptyRun = 0;
  #minedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(provider: EthereumProvider) {
    this.#provider = provider;
  }

  static async create(): Promise<ChainEngine> {
    const connection = await hre.network.create({ network: "local" });
    return new ChainEngine(connection.provider);
  }

  get height(): number {
    return this.#height;
  }

  /** Mines recorded blocks again and compares what comes out with what was recorded. */
  async replay(records: readonly ChainRecord[]): Promise<void> {
    await this.#call("evm_setAutomine", [false]);
    for (const record of records) {
      if ("call" in record) {
        await this.#call(record.call.method, record.call.params);
        continue;
      }
      const hash = await this.seal(record);
      if (record.hash !== undefined && record.hash !== hash) {
        throw new ReplayError(`block ${record.block} came out as ${hash} instead of ${record.hash}`);
      }
    }
    this.#height = await this.#readHeight();
  }

  /** Mines exactly these transactions at exactly this time, and returns the block's hash if it holds any. */
  async seal(record: BlockRecord): Promise<string | undefined> {
    for (const raw of record.txs ?? []) await this.#call("eth_sendRawTransaction", [raw]);
    await this.#call("evm_mine", [record.time]);
    return record.txs === undefined ? undefined : (await this.#block("latest", false)).hash;
  }

  /**
   * Lets the chain's clock go on from now. Mines every `blockTimeMs`, or on every transaction if that is 0. A chain that is
   * to continue later gives `record`, which gets every new block before anybody sees it.
   */
  async run(blockTimeMs: number, record: ((record: ChainRecord) => void) | null): Promise<void> {
    const latest = await this.#block("latest", false);
    const behindSeconds = Math.floor(Date.now() / 1000) - Number(latest.timestamp);
    if (behindSeconds > 0) await this.#call("evm_increaseTime", [behindSeconds]);
    this.#record = record;
    this.#minedAtMs = Date.now();
    // The first block of this run, so that calls see the present and not the time of the last block of the run before.
    await this.request("evm_mine", []);
    await this.#call("evm_setAutomine", [blockTimeMs === 0]);
    this.#mineEvery(blockTimeMs);
  }

  request(method: string, params: unknown[]): Promise<unknown> {
    return this.#exclusively(() => this.#handle(method, params));
  }

  async #handle(method: string, params: unknown[]): Promise<unknown> {
    if (method === "evm_setIntervalMining") {
      this.#mineEvery(Number(params[0]));
      return true;
    }
    if (this.#record !== null && NOT_REPEATABLE.test(method)) {
      throw new Error(`${method} is not available on a chain that continues after a restart`);
    }
    try {
      const result =
        method === "hardhat_mine" && this.#record !== null
          ? await this.#mineOneByOne(params)
          : await this.#call(method, params);
      if (method === "eth_sendRawTransaction" && this.#record !== null) {
        this.#rawTransactions.set(String(result), String(params[0]));
      }
      if (method.startsWith("eth_send")) this.#emptyRun = 0;
      if (CHANGES_STATE.test(method)) this.#record?.({ call: { method, params } });
      if (method === "evm_revert") this.#height = await this.#readHeight();
      return result;
    } finally {
      if (MAY_MINE.test(method)) await this.#recordNewBlocks();
    }
  }

  /** `hardhat_mine` itself only pretends to mine the blocks in between; mined one by one they would have other hashes. */
  async #mineOneByOne([count = "0x1", interval = "0x1"]: unknown[]): Promise<boolean> {
    await this.#call("evm_mine", []);
    let time = Number((await this.#block("latest", false)).timestamp);
    for (let mined = 1; mined < Number(count); mined++) {
      time += Number(interval);
      await this.#call("evm_mine", [time]);
    }
    return true;
  }

  #mineEvery(blockTimeMs: number): void {
    clearInterval(this.#timer);
    if (!(blockTimeMs > 0)) return;
    this.#timer = setInterval(() => {
      const idle = this.#emptyRun >= BLOCKS_UNTIL_IDLE && Date.now() - this.#minedAtMs < IDLE_BLOCK_MS;
      if (!idle) void this.request("evm_mine", []);
    }, blockTimeMs);
  }

  /** A block that cannot be recorded must never be shown, so then this process ends. */
  async #recordNewBlocks(): Promise<void> {
    try {
      await this.#recordUpToNow();
    } catch (error) {
      process.stderr.write(`the chain cannot record a block: ${String(error)}\n`);
      process.exit(1);
    }
  }

  async #recordUpToNow(): Promise<void> {
    const height = await this.#readHeight();
    for (let number = this.#height + 1; number <= height; number++) {
      const block = await this.#block(`0x${number.toString(16)}`, this.#record !== null);
      this.#emptyRun = block.transactions.length === 0 ? this.#emptyRun + 1 : 0;
      this.#minedAtMs = Date.now();
      this.#record?.(await this.#recordOf(number, block));
    }
    this.#height = height;
  }

  async #recordOf(number: number, block: RpcBlock): Promise<BlockRecord> {
    const time = Number(block.timestamp);
    if (block.transactions.length === 0) return { block: number, time };
    const txs = await Promise.all(block.transactions.map((transaction) => this.#raw(transaction)));
    return { block: number, time, hash: block.hash, txs };
  }

  /** The signed bytes as they came in, or put together again for an account that the chain itself signs for. */
  async #raw(transaction: RpcTransaction): Promise<string> {
    const known = this.#rawTransactions.get(transaction.hash);
    if (known !== undefined) {
      this.#rawTransactions.delete(transaction.hash);
      return known;
    }
    // Loaded late: ethers takes longer to load than everything else here, and most chains never need it.
    const { serializeMined } = await import("./chain-transaction.ts");
    return serializeMined(transaction);
  }

  async #readHeight(): Promise<number> {
    return Number(await this.#call("eth_blockNumber", []));
  }

  async #block(tag: string, full: boolean): Promise<RpcBlock> {
    return (await this.#call("eth_getBlockByNumber", [tag, full])) as RpcBlock;
  }

  #call(method: string, params: unknown[]): Promise<unknown> {
    return this.#provider.request({ method, params });
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work, work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}
