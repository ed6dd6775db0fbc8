import { describe, expect, it, onTestFinished } from "vitest";
import { Wallet } from "xrpl";
import { startXrplLedger } from "../../../scripts/local/xrpl-ledger/index.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { createXrplClient } from "../../../src/platform/xrpl/client.ts";
import { createXrplKeys } from "../../../src/platform/xrpl/keys.ts";
import { silentLog } from "../../kit/log.ts";

const genesis = Wallet.fromSeed("snoPBrXtMeMyMHUVTgbuqAfg1SUTb");
const payee = Wallet.generate().address;

async function ledgers(count: number) {
  const started = await Promise.all(Array.from({ length: count }, () => startXrplLedger()));
  const client = createXrplClient({
    urls: started.map(({ url }) => url),
    networkId: 0,
    clock: systemClock,
    log: silentLog,
    timeoutMs: 300,
  });
  onTestFinished(async () => {
    await client.close();
    for (const ledger of started) await ledger.stop();
  });
  const [first, second] = started;
  if (first === undefined) throw new Error("at least one ledger is needed");
  return { client, first, second: second ?? first };
}

const payment = (Sequence: number) =>
  genesis.sign({
    TransactionType: "Payment",
    Account: genesis.address,
    Destination: payee,
    Amount: "2000000",
    Fee: "10",
    Sequence,
    LastLedgerSequence: 1_000,
  }).tx_blob;
const submit = (tx_blob: string) => ({ command: "submit", tx_blob });

describe("the client on a standalone ledger", () => {
  it("follows the validated ledger", async () => {
    const { client, first } = await ledgers(1);
    const before = await client.validated();
    expect(before.index).toBe(BigInt(first.validatedIndex()));
    await first.accept(3);
    const after = await client.validated();
    expect(after.index).toBe(before.index + 3n);
    expect(after.hash).not.toBe(before.hash);
    expect(after.closeTime).toBeGreaterThanOrEqual(before.closeTime);
    expect(after).toMatchObject({ baseFeeDrops: 10n, openFeeDrops: 10n, reserveBaseDrops: 1_000_000n });
  });

  it("offers what the fee command asks for, also when the base fee has changed", async () => {
    const { client, first } = await ledgers(1);
    first.faults.setBaseFee(15);
    await first.accept(2);
    const { drops } = await client.request<{ drops: { base_fee: string; open_ledger_fee: string } }>({
      command: "fee",
    });
    const { baseFeeDrops, openFeeDrops } = await client.validated();
    expect([baseFeeDrops, openFeeDrops]).toEqual([BigInt(drops.base_fee), BigInt(drops.open_ledger_fee)]);
  });

  it("tells a submit that was applied without an answer from nothing, and finds it paid", async () => {
    const { client, first } = await ledgers(1);
    first.faults.closeAfterAccepting(1);
    const blob = payment(1);
    expect(await client.broadcast(submit(blob))).toMatchObject([{ ok: false, mayHaveArrived: true }]);
    await first.accept(1);
    expect(first.balanceOf(payee)).toBe(2_000_000n);
    const again = async () => (await client.broadcast(submit(blob)))[0];
    await expect.poll(again).toMatchObject({ ok: true, result: { engine_result: "tefPAST_SEQ" } });
    expect(first.balanceOf(payee)).toBe(2_000_000n);
  });

  it("survives connections that are cut and a server that says nothing for a while", async () => {
    const { client, first } = await ledgers(1);
    await first.accept(1);
    for (let cut = 0; cut < 5; cut += 1) {
      first.faults.disconnectAll();
      expect(await client.request({ command: "ping" })).toBeDefined();
    }
    first.faults.stall(true);
    await expect(client.request({ command: "ping" })).rejects.toMatchObject({ code: "xrpl_unavailable" });
    first.faults.stall(false);
    await expect
      .poll(() => client.request({ command: "ping" }).then(() => "answered", String))
      .toBe("answered");
    expect(client.status()).toMatchObject([{ healthy: true, problem: null }]);
  });

  it("sees two ledgers that are not one", async () => {
    const { client, first, second } = await ledgers(2);
    await client.broadcast(submit(payment(1)));
    await first.accept(2);
    await second.accept(1);
    await second.accept(1);
    const read = { command: "account_info", account: payee, ledger_index: first.validatedIndex() };
    type Account = { account_data: { Balance: string } };
    const pick = ({ account_data }: Account) => account_data.Balance;
    expect(pick(await client.agreed<Account>(read, pick))).toBe("2000000");
    const blob = payment(2);
    await client.request(submit(blob));
    await first.accept(1);
    await second.accept(1);
    const later = { ...read, ledger_index: first.validatedIndex() };
    await expect(client.agreed<Account>(later, pick)).rejects.toMatchObject({ code: "nodes_disagree" });
  });

  it("reads keys", async () => {
    const { client } = await ledgers(1);
    const keys = createXrplKeys(client);
    expect(await keys.keysOf(genesis.address)).toEqual({ masterDisabled: false, regularKey: null });
    expect(await keys.keysOf(payee)).toBeNull();
  });
});
