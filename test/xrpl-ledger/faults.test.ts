import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Client, Wallet } from "xrpl";
import { startXrplLedger, type XrplLedger } from "../../scripts/local/xrpl-ledger/index.ts";
import { connectClient, fund } from "./accounts.ts";
import { LedgerClient } from "./ledger-client.ts";

type Json = Record<string, unknown>;

describe("fault switches", () => {
  let ledger: XrplLedger;
  let wire: LedgerClient;
  let library: Client;
  let alice: Wallet;
  let bob: Wallet;
  beforeEach(async () => {
    ledger = await startXrplLedger();
    wire = await LedgerClient.connect(ledger.url);
    library = await connectClient(ledger);
    [alice, bob] = (await fund(ledger, library, 2)) as [Wallet, Wallet];
  });
  afterEach(async () => {
    wire?.close();
    await library?.disconnect();
    await ledger?.stop();
  });

  const START = 1_000_000_000n;
  const received = (): bigint => (ledger.balanceOf(bob.address) ?? 0n) - START;

  async function payment(extra: Json = {}): Promise<{ tx_blob: string; hash: string }> {
    const root = await library.request({
      command: "account_info",
      account: alice.address,
      ledger_index: "current",
    });
    return alice.sign({
      TransactionType: "Payment",
      Account: alice.address,
      Destination: bob.address,
      Amount: "5",
      Fee: "10",
      Sequence: root.result.account_data.Sequence,
      ...extra,
    } as never);
  }

  async function submit(tx_blob: string, extra: Json = {}): Promise<Json> {
    const { result } = await wire.request({ command: "submit", api_version: 2, tx_blob, ...extra });
    return result as Json;
  }

  async function lookUp(hash: string): Promise<Json> {
    const { result, error } = await wire.request({ command: "tx", api_version: 2, transaction: hash });
    return (result as Json) ?? { error };
  }

  it("drops a submission that it said it had applied", async () => {
    ledger.faults.dropSubmissions(1);
    const lost = await payment();
    expect(await submit(lost.tx_blob)).toMatchObject({
      engine_result: "tesSUCCESS",
      applied: true,
      kept: true,
    });
    await ledger.accept(7);
    expect(received()).toBe(0n);
    expect(await lookUp(lost.hash)).toEqual({ error: "txnNotFound" });
    // The next one is met by nothing.
    expect(await submit(lost.tx_blob)).toMatchObject({ engine_result: "tesSUCCESS" });
    await ledger.accept();
    expect(received()).toBe(5n);
  });

  it("applies a delayed submission that many ledgers later", async () => {
    ledger.faults.delaySubmissions(1, 2);
    const late = await payment();
    expect(await submit(late.tx_blob)).toMatchObject({ engine_result: "tesSUCCESS", applied: true });
    await ledger.accept(2);
    expect(received()).toBe(0n);
    expect(await lookUp(late.hash)).toMatchObject({ validated: false });
    await ledger.accept();
    expect(received()).toBe(5n);
  });

  it("lets a delayed submission expire when its last ledger passed meanwhile", async () => {
    ledger.faults.delaySubmissions(1, 3);
    const late = await payment({ LastLedgerSequence: ledger.validatedIndex() + 2 });
    expect(await submit(late.tx_blob)).toMatchObject({ engine_result: "tesSUCCESS" });
    await ledger.accept(8);
    expect(received()).toBe(0n);
  });

  it("closes the connection after applying", async () => {
    ledger.faults.closeAfterAccepting(1);
    const { tx_blob } = await payment();
    await expect(submit(tx_blob)).rejects.toThrow("the connection was closed");
    await ledger.accept();
    expect(received()).toBe(5n);
  });

  it("closes the connection before applying", async () => {
    ledger.faults.closeBeforeAccepting(1);
    const { tx_blob, hash } = await payment();
    await expect(submit(tx_blob)).rejects.toThrow("the connection was closed");
    await ledger.accept(7);
    expect(received()).toBe(0n);
    wire = await LedgerClient.connect(ledger.url);
    expect(await lookUp(hash)).toEqual({ error: "txnNotFound" });
  });

  it("queues a submission for the next ledger", async () => {
    ledger.faults.queueSubmissions(1);
    const { tx_blob, hash } = await payment();
    const queued = {
      engine_result: "terQUEUED",
      engine_result_code: -89,
      queued: true,
      kept: true,
      applied: false,
    };
    expect(await submit(tx_blob)).toMatchObject(queued);
    const index = await ledger.accept();
    expect(received()).toBe(0n);
    await ledger.accept();
    expect(received()).toBe(5n);
    expect(await lookUp(hash)).toMatchObject({ validated: true, ledger_index: index + 1 });
  });

  it("refuses a submission and applies it all the same", async () => {
    ledger.faults.refuseSubmissions(1, "telINSUF_FEE_P");
    const { tx_blob, hash } = await payment();
    expect(await submit(tx_blob)).toMatchObject({
      engine_result: "telINSUF_FEE_P",
      kept: true,
      applied: false,
    });
    const index = await ledger.accept();
    expect(received()).toBe(0n);
    await ledger.accept();
    expect(received()).toBe(5n);
    expect(await lookUp(hash)).toMatchObject({ validated: true, ledger_index: index + 1 });
  });

  it("applies what it asked to retry when the same ledger closes", async () => {
    ledger.faults.refuseSubmissions(1, "terPRE_SEQ");
    const { tx_blob } = await payment();
    expect(await submit(tx_blob)).toMatchObject({ engine_result: "terPRE_SEQ", kept: true });
    await ledger.accept();
    expect(received()).toBe(5n);
  });

  it("does not keep a refusal that was to be final", async () => {
    ledger.faults.refuseSubmissions(1, "telINSUF_FEE_P");
    const { tx_blob } = await payment();
    expect(await submit(tx_blob, { fail_hard: true })).toMatchObject({ kept: false, accepted: false });
    await ledger.accept(7);
    expect(received()).toBe(0n);
  });

  it("knows no refusal that is none", () => {
    expect(() => ledger.faults.refuseSubmissions(1, "tesSUCCESS")).toThrow('"tesSUCCESS" is not a refusal');
    expect(() => ledger.faults.refuseSubmissions(1, "nonsense")).toThrow('"nonsense" is not a refusal');
  });

  it("meets submissions with faults in the order in which they were asked for", async () => {
    ledger.faults.refuseSubmissions(1, "tefBAD_AUTH");
    ledger.faults.queueSubmissions(2);
    const { tx_blob } = await payment();
    const results = [];
    for (let at = 0; at < 4; at++) results.push((await submit(tx_blob)).engine_result);
    expect(results).toEqual(["tefBAD_AUTH", "terQUEUED", "terQUEUED", "tesSUCCESS"]);
  });

  it("hides ledgers that it is made to have missed, until its history is filled", async () => {
    const { tx_blob, hash } = await payment();
    await submit(tx_blob);
    const index = await ledger.accept();
    await ledger.accept(3);
    ledger.faults.historyGap(index, index + 1);
    const last = ledger.validatedIndex();
    const ask = (request: Json): Promise<Json> => wire.request({ api_version: 2, ...request });
    expect(await lookUp(hash)).toMatchObject({ error: "txnNotFound" });
    expect(
      await ask({ command: "tx", transaction: hash, min_ledger: index - 1, max_ledger: last }),
    ).toMatchObject({ error: "txnNotFound", searched_all: false });
    expect(
      await ask({ command: "tx", transaction: "0".repeat(64), min_ledger: index + 2, max_ledger: last }),
    ).toMatchObject({ searched_all: true });
    expect(await ask({ command: "ledger", ledger_index: index })).toMatchObject({ error: "lgrNotFound" });
    const whole = { command: "account_tx", account: bob.address, ledger_index_min: -1, ledger_index_max: -1 };
    expect(await ask(whole)).toMatchObject({ result: { transactions: [], ledger_index_min: index + 2 } });
    expect(await ask({ ...whole, ledger_index_min: index })).toMatchObject({ error: "lgrIdxMalformed" });
    const info = await library.request({ command: "server_info" });
    expect(info.result.info.complete_ledgers).toBe(`2-${index - 1},${index + 2}-${last}`);
    // The state is as it is, whatever the history lacks.
    expect(received()).toBe(5n);
    ledger.faults.fillHistory();
    expect(await lookUp(hash)).toMatchObject({ validated: true });
    expect((await library.request({ command: "server_info" })).result.info.complete_ledgers).toBe(
      `2-${last}`,
    );
  });

  it("changes what transactions cost", async () => {
    ledger.faults.setBaseFee(50);
    const cheap = await payment();
    expect(await submit(cheap.tx_blob)).toMatchObject({
      engine_result: "telINSUF_FEE_P",
      open_ledger_cost: "50",
    });
    const { result } = await wire.request({ command: "fee", api_version: 2 });
    expect(result).toMatchObject({ drops: { base_fee: "50", minimum_fee: "50", open_ledger_fee: "50" } });
    await ledger.accept();
    const info = await library.request({ command: "server_info" });
    expect(info.result.info.validated_ledger?.base_fee_xrp).toBe(0.00005);
    const prepared = await library.autofill({
      TransactionType: "Payment",
      Account: alice.address,
      Destination: bob.address,
      Amount: "5",
    });
    expect(BigInt((prepared as { Fee?: string }).Fee ?? "0")).toBeGreaterThanOrEqual(50n);
    expect(await submit(alice.sign(prepared).tx_blob)).toMatchObject({ engine_result: "tesSUCCESS" });
  });

  it("queues what pays too little for a busy ledger until the load is gone", async () => {
    ledger.faults.setBaseFee(10, 20);
    const info = await library.request({ command: "server_info" });
    expect(info.result.info.load_factor).toBe(20);
    const { tx_blob } = await payment();
    expect(await submit(tx_blob)).toMatchObject({ engine_result: "terQUEUED", open_ledger_cost: "200" });
    await ledger.accept(3);
    expect(received()).toBe(0n);
    ledger.faults.setBaseFee(10);
    await ledger.accept(2);
    expect(received()).toBe(5n);
  });

  it("drops every connection at once", async () => {
    ledger.faults.disconnectAll();
    await wire.closed();
    wire = await LedgerClient.connect(ledger.url);
    expect(await wire.request({ command: "ping" })).toMatchObject({ status: "success" });
  });

  it("neither answers nor applies nor says anything while it is stalled", async () => {
    await wire.request({ command: "subscribe", api_version: 2, streams: ["ledger"] });
    const { tx_blob } = await payment();
    ledger.faults.stall(true);
    let isAnswered = false;
    void submit(tx_blob).then(
      () => {
        isAnswered = true;
      },
      () => undefined,
    );
    await wire.arrived();
    await ledger.accept();
    ledger.faults.stall(false);
    expect(await wire.request({ command: "ping" })).toMatchObject({ status: "success" });
    const index = await ledger.accept();
    // The first message after the silence is of the ledger after it.
    expect((await wire.messages(1))[0]).toMatchObject({ type: "ledgerClosed", ledger_index: index });
    expect(isAnswered).toBe(false);
    expect(received()).toBe(0n);
  });

  it("takes nothing and tells nothing while it has lost its network", async () => {
    await wire.request({ command: "subscribe", api_version: 2, streams: ["ledger"] });
    const { tx_blob } = await payment();
    ledger.faults.loseNetwork(true);
    expect(await wire.request({ command: "submit", api_version: 2, tx_blob })).toMatchObject({
      error: "notSynced",
    });
    const info = await library.request({ command: "server_info" });
    expect(info.result.info).toMatchObject({ server_state: "disconnected", complete_ledgers: "empty" });
    expect(info.result.info.validated_ledger).toBeUndefined();
    await ledger.accept();
    ledger.faults.loseNetwork(false);
    const index = await ledger.accept();
    expect((await wire.messages(1))[0]).toMatchObject({ type: "ledgerClosed", ledger_index: index });
    expect(received()).toBe(0n);
    expect(await submit(tx_blob)).toMatchObject({ engine_result: "tesSUCCESS" });
  });
});
