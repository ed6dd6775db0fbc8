import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { Wallet } from "xrpl";
import { makeTempDir } from "../../scripts/local/temp-dir.ts";
import { startXrplLedger, type XrplLedger } from "../../scripts/local/xrpl-ledger/index.ts";
import { genesis } from "./accounts.ts";
import { LedgerClient } from "./ledger-client.ts";

function logFile(): string {
  const directory = makeTempDir("xrpl-ledger");
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "ledger.log");
}

async function start(
  path: string,
): Promise<{ ledger: XrplLedger; client: LedgerClient; stop(): Promise<void> }> {
  const ledger = await startXrplLedger({ logFile: path });
  const client = await LedgerClient.connect(ledger.url);
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (isStopped) return;
    isStopped = true;
    client.close();
    await ledger.stop();
  };
  onTestFinished(stop);
  return { ledger, client, stop };
}

function payment(sequence: number, destination: string): string {
  return genesis.sign({
    TransactionType: "Payment",
    Account: genesis.address,
    Destination: destination,
    Amount: "20000000",
    Fee: "10",
    Sequence: sequence,
  }).tx_blob;
}

const lastLedger = async (client: LedgerClient): Promise<unknown> => {
  const { result } = await client.request({
    command: "ledger",
    ledger_index: "validated",
    transactions: true,
  });
  return result;
};

describe("the log of a standalone ledger", () => {
  it("continues after kill -9 with every ledger and every open transaction", async () => {
    const path = logFile();
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "ledger-child.ts"), path],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const exited = once(child, "exit");
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    const [url] = (await once(createInterface(child.stdout), "line")) as [string];
    const client = await LedgerClient.connect(url);
    const [paid, open] = [Wallet.generate().address, Wallet.generate().address];
    await client.request({ command: "submit", tx_blob: payment(1, paid) });
    await client.request({ command: "ledger_accept" });
    await client.request({ command: "submit", tx_blob: payment(2, open) });
    const before = await lastLedger(client);
    child.kill("SIGKILL");
    await exited;
    // What the kill may have cut off.
    appendFileSync(path, '{"submit":"12000022');

    const { ledger, client: again } = await start(path);
    expect(await lastLedger(again)).toEqual(before);
    expect(ledger.balanceOf(paid)).toBe(20_000_000n);
    expect(ledger.balanceOf(open)).toBeNull();
    await ledger.accept();
    expect(ledger.balanceOf(open)).toBe(20_000_000n);
  });

  it("continues what faults had left behind", async () => {
    const path = logFile();
    const first = await start(path);
    const [delayed, refused, queued] = [1, 2, 3].map(() => Wallet.generate().address) as [
      string,
      string,
      string,
    ];
    first.ledger.faults.delaySubmissions(1, 2);
    await first.client.request({ command: "submit", tx_blob: payment(1, delayed) });
    await first.ledger.accept();
    await first.stop();

    const second = await start(path);
    await second.ledger.accept();
    expect(second.ledger.balanceOf(delayed)).toBeNull();
    await second.ledger.accept();
    expect(second.ledger.balanceOf(delayed)).toBe(20_000_000n);
    second.ledger.faults.refuseSubmissions(1, "tefBAD_AUTH");
    await second.client.request({ command: "submit", tx_blob: payment(2, refused) });
    second.ledger.faults.setBaseFee(10, 20);
    await second.client.request({ command: "submit", tx_blob: payment(3, queued) });
    await second.stop();

    const third = await start(path);
    third.ledger.faults.setBaseFee(10);
    await third.ledger.accept(3);
    expect(third.ledger.balanceOf(refused)).toBe(20_000_000n);
    expect(third.ledger.balanceOf(queued)).toBe(20_000_000n);
  });

  it("holds nothing that was dropped or closed before it was accepted", async () => {
    const path = logFile();
    const { ledger, client, stop } = await start(path);
    ledger.faults.dropSubmissions(1);
    await client.request({ command: "submit", tx_blob: payment(1, Wallet.generate().address) });
    await stop();
    expect(readFileSync(path, "utf8").trim().split("\n")).toHaveLength(1);
  });

  it("is refused for another network, and when it is damaged before its end", async () => {
    const path = logFile();
    const { stop } = await start(path);
    await stop();
    await expect(startXrplLedger({ logFile: path, networkId: 1_025 })).rejects.toThrow(
      "the log of another ledger",
    );
    writeFileSync(path, `${readFileSync(path, "utf8")}nonsense\n{"close":5}\n`);
    await expect(startXrplLedger({ logFile: path })).rejects.toThrow("line 2 of");
  });
});
