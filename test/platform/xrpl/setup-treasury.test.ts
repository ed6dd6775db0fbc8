import { describe, expect, it, onTestFinished } from "vitest";
import { LedgerEntry, Wallet } from "xrpl";
import { startXrplLedger } from "../../../scripts/local/xrpl-ledger/index.ts";
import {
  type SetupOptions,
  SetupRefused,
  setupTreasury,
  surveyTreasury,
  type TreasuryPlan,
} from "../../../scripts/xrpl/setup-treasury.ts";
import { sequenceOf, submitReliably, TransactionFailed } from "../../../scripts/xrpl/submit-reliably.ts";
import { LOCAL_XRPL_NETWORK_ID, localXrplAccounts } from "../../../src/config.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { createXrplClient } from "../../../src/platform/xrpl/client.ts";
import { silentLog } from "../../kit/log.ts";

const genesis = Wallet.fromSeed(localXrplAccounts().genesis.seed);
const RLUSD = "524C555344000000000000000000000000000000";

async function world(networkId = LOCAL_XRPL_NETWORK_ID) {
  const ledger = await startXrplLedger({ networkId });
  const client = createXrplClient({
    urls: [ledger.url],
    networkId,
    clock: systemClock,
    log: silentLog,
    timeoutMs: 1_000,
  });
  onTestFinished(async () => {
    await client.close();
    await ledger.stop();
  });
  const wallets = {
    treasury: Wallet.generate(),
    worker: Wallet.generate(),
    issuer: Wallet.generate(),
    signers: [Wallet.generate(), Wallet.generate(), Wallet.generate()] as const,
  };
  const lines: string[] = [];
  const options: SetupOptions = {
    log: (line) => lines.push(line),
    treasuryWallet: wallets.treasury,
    funder: genesis,
    pollMs: 5,
    onSubmitted: () => ledger.accept(1),
  };
  const submit = async (wallet: Wallet, transaction: { TransactionType: string } & Record<string, unknown>) =>
    submitReliably(
      client,
      { Account: wallet.address, ...transaction },
      {
        wallet,
        maxFeeDrops: 5_000n,
        sequence: (await sequenceOf(client, wallet.address, "validated")) ?? 0,
        log: () => undefined,
        pollMs: 5,
        onSubmitted: () => ledger.accept(1),
      },
    );
  await submit(genesis, {
    TransactionType: "Payment",
    Destination: wallets.issuer.address,
    Amount: "100000000",
  });
  const plan: TreasuryPlan = {
    treasury: wallets.treasury.address,
    signers: wallets.signers.map(({ address }) => address),
    quorum: 2,
    regularKey: wallets.worker.address,
    trustLines: [{ currency: RLUSD, issuer: wallets.issuer.address, limit: "1000000" }],
    tickets: 20,
    fundDrops: 1_000_000_000n,
    disableMaster: true,
  };
  const submitted = () => lines.filter((line) => line.includes("validated in ledger")).length;
  return { ledger, client, wallets, plan, options, lines, submitted, submit };
}

describe("setting up a treasury", () => {
  it("funds it, gives it signers, a worker's key, lines and tickets, and takes the master key away", async () => {
    const { ledger, client, plan, options, lines, submitted } = await world();
    const state = await setupTreasury(client, plan, options);
    expect(state).toMatchObject({
      account: { masterDisabled: true, regularKey: plan.regularKey, tickets: 20, objects: 22 },
      signerList: {
        quorum: 2,
        signers: expect.arrayContaining(plan.signers.map((account) => ({ account, weight: 1 }))),
      },
      limits: ["1000000"],
    });
    expect(submitted()).toBe(6);
    const balance = ledger.balanceOf(plan.treasury) ?? 0n;
    expect(balance).toBeGreaterThan(999_000_000n);
    expect(balance).toBeLessThan(1_000_000_000n);
    expect(lines.at(-1)).toBe(`${plan.treasury} is as planned.`);
    const order = lines.filter((line) => !line.startsWith(" ")).map((line) => line.split(":")[0]);
    expect(order.slice(0, 6)).toEqual([
      "Payment",
      "SignerListSet",
      "SetRegularKey",
      "TrustSet",
      "TicketCreate",
      "AccountSet",
    ]);
    const { account_data } = await client.request<{ account_data: { Flags: number } }>({
      command: "account_info",
      account: plan.treasury,
      ledger_index: "validated",
    });
    expect(account_data.Flags & LedgerEntry.AccountRootFlags.lsfDisableMaster).not.toBe(0);
    const { lines: trust } = await client.request<{ lines: { no_ripple: boolean }[] }>({
      command: "account_lines",
      account: plan.treasury,
      ledger_index: "validated",
    });
    expect(trust).toMatchObject([{ no_ripple: true }]);
  });

  it("does nothing the second time", async () => {
    const { client, plan, options, submitted } = await world();
    await setupTreasury(client, plan, options);
    const before = submitted();
    await setupTreasury(client, plan, options);
    expect(submitted()).toBe(before);
  });

  it("does only what is missing", async () => {
    const { client, plan, options, lines } = await world();
    await setupTreasury(client, { ...plan, trustLines: [], tickets: 5, disableMaster: false }, options);
    lines.length = 0;
    const [rlusd] = plan.trustLines;
    const limit = "2000000.50";
    await setupTreasury(
      client,
      { ...plan, trustLines: rlusd === undefined ? [] : [{ ...rlusd, limit }], disableMaster: false },
      options,
    );
    expect(lines.filter((line) => /^[A-Z]\w+:/.test(line))).toEqual([
      expect.stringMatching(/^TrustSet: RLUSD .* up to 2000000\.50$/),
      "TicketCreate: 15, so that there are 20",
    ]);
  });

  it("names what it replaces", async () => {
    const { client, plan, options, lines, wallets } = await world();
    await setupTreasury(client, { ...plan, disableMaster: false }, options);
    lines.length = 0;
    const changed = {
      ...plan,
      quorum: 1,
      signers: plan.signers.slice(0, 2),
      regularKey: wallets.issuer.address,
    };
    await setupTreasury(client, { ...changed, disableMaster: false }, options);
    expect(lines.join("\n")).toContain("in place of 2 of ");
    expect(lines.join("\n")).toContain(
      `SetRegularKey: ${wallets.issuer.address}, in place of ${plan.regularKey}`,
    );
  });

  it("previews without changing anything, with what each step locks", async () => {
    const { ledger, client, plan } = await world();
    const index = ledger.validatedIndex();
    const { steps, faults, state } = await surveyTreasury(client, plan, { funder: genesis });
    expect(faults).toEqual([]);
    expect(state.account).toBeNull();
    const { reserveBaseDrops: base, reserveIncrementDrops: increment } = state.ledger;
    expect(steps.map(({ kind, reserveDrops }) => [kind, reserveDrops])).toEqual([
      ["fund", base],
      ["signers", increment],
      ["regular_key", 0n],
      ["trust", increment],
      ["tickets", 20n * increment],
      ["disable_master", 0n],
    ]);
    await ledger.accept(1);
    expect(ledger.validatedIndex()).toBe(index + 1);
    expect(ledger.balanceOf(plan.treasury)).toBeNull();
  });
});

describe("a setup that must not go on", () => {
  it("says how much is missing where nobody funds", async () => {
    const { client, plan, options } = await world();
    const refused = await setupTreasury(client, plan, { ...options, funder: undefined }).catch(
      (e: unknown) => e,
    );
    expect(refused).toBeInstanceOf(SetupRefused);
    expect(String(refused)).toMatch(
      /does not exist and needs \d+(\.\d+)? XRP for reserves and fees: send it/,
    );
  });

  it("keeps the master key when the ledger loses the signers before the last step", async () => {
    const { client, plan, options, wallets, submit } = await world();
    await setupTreasury(client, { ...plan, disableMaster: false }, options);
    // Between the look that finds only the last step missing and the step itself.
    const racing: typeof client = {
      ...client,
      request: (command) => client.request(command),
      agreed: async (command, pick) => {
        if (command.command === "account_info")
          await submit(wallets.treasury, { TransactionType: "SignerListSet", SignerQuorum: 0 });
        return client.agreed({ ...command, ledger_index: "validated" }, pick);
      },
    };
    const refused = await setupTreasury(racing, plan, options).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SetupRefused);
    expect(String(refused)).toContain("the master key stays");
    const { state } = await surveyTreasury(client, plan);
    expect(state.account?.masterDisabled).toBe(false);
  });

  it("leaves a treasury without a master key alone, but for what its regular key can sign", async () => {
    const { client, plan, options, wallets, submitted } = await world();
    await setupTreasury(client, plan, options);
    const before = submitted();
    const { notes, steps } = await surveyTreasury(client, { ...plan, tickets: 30 }, options);
    expect(steps).toEqual([]);
    expect(notes).toEqual(["tickets are left to the worker, which makes new ones as it uses them"]);
    await setupTreasury(client, { ...plan, tickets: 30 }, options);
    expect(submitted()).toBe(before);
    await expect(setupTreasury(client, { ...plan, quorum: 3 }, options)).rejects.toThrow(
      /the master key is disabled, so this takes the signers' signatures: SignerListSet/,
    );
    await setupTreasury(client, { ...plan, tickets: 30 }, { ...options, treasuryWallet: wallets.worker });
    expect(submitted()).toBe(before + 1);
  });

  it("is not begun by a key that is none of the treasury's", async () => {
    const { client, plan, options, wallets } = await world();
    await expect(setupTreasury(client, plan, { ...options, treasuryWallet: wallets.issuer })).rejects.toThrow(
      /cannot sign for it|only the master key itself/,
    );
  });

  it("refuses an issuer that does not exist", async () => {
    const { client, plan, options } = await world();
    const trustLines = [{ currency: "USD", issuer: Wallet.generate().address, limit: "1" }];
    await expect(setupTreasury(client, { ...plan, trustLines }, options)).rejects.toThrow(
      /does not exist on this/,
    );
  });

  it.each<[string, (plan: TreasuryPlan) => Partial<TreasuryPlan>, RegExp]>([
    ["a quorum that cannot be met", () => ({ quorum: 4 }), /quorum is 4/],
    ["no quorum", () => ({ quorum: 0 }), /quorum is 0/],
    ["a signer twice", ({ signers }) => ({ signers: [...signers, ...signers.slice(0, 1)] }), /named twice/],
    [
      "the treasury as signer",
      ({ treasury, signers }) => ({ signers: [...signers, treasury] }),
      /its own signers/,
    ],
    [
      "the worker as signer",
      ({ signers }) => ({ regularKey: signers[0] ?? null }),
      /would approve what it pays/,
    ],
    [
      "its own key as regular key",
      ({ treasury }) => ({ regularKey: treasury }),
      /another than the treasury's/,
    ],
    ["no signers but no master key", () => ({ signers: [] }), /name both, or keep it/],
    ["too many tickets", () => ({ tickets: 251 }), /0 to 250/],
    ["an address that is none", () => ({ treasury: "rNobody" }), /classic address/],
    [
      "an account without a key as signer",
      ({ signers }) => ({ signers: [...signers, "rrrrrrrrrrrrrrrrrrrrBZbvji"] }),
      /nobody holds its key/,
    ],
    [
      "a line to itself",
      ({ treasury }) => ({ trustLines: [{ currency: "USD", issuer: treasury, limit: "1" }] }),
      /cannot trust itself/,
    ],
  ])("refuses %s", async (_name, change, message) => {
    const { client, plan, options, submitted } = await world();
    await expect(setupTreasury(client, { ...plan, ...change(plan) }, options)).rejects.toThrow(message);
    expect(submitted()).toBe(0);
  });

  it("refuses accounts that everybody has the key of, except on the local network", async () => {
    const { worker } = localXrplAccounts();
    const main = await world(0);
    await expect(
      setupTreasury(main.client, { ...main.plan, regularKey: worker.address }, main.options),
    ).rejects.toThrow(/development account whose key everybody knows/);
    const local = await world();
    await setupTreasury(local.client, { ...local.plan, regularKey: worker.address }, local.options);
  });
});

describe("a setup on an unreliable server", () => {
  it("ends as planned, each step once, whatever becomes of its submissions", async () => {
    const { ledger, client, plan, options, submitted } = await world();
    ledger.faults.dropSubmissions(1);
    ledger.faults.closeAfterAccepting(1);
    ledger.faults.closeBeforeAccepting(1);
    ledger.faults.queueSubmissions(1);
    ledger.faults.delaySubmissions(1, 3);
    ledger.faults.refuseSubmissions(1, "telCAN_NOT_QUEUE_FULL");
    const state = await setupTreasury(client, plan, options);
    expect(state.account).toMatchObject({ masterDisabled: true, tickets: 20, objects: 22 });
    expect(submitted()).toBe(6);
    const spent =
      100_000_000n + (100_000_000_000_000_000n - 100_000_000n - (ledger.balanceOf(genesis.address) ?? 0n));
    expect(spent).toBeLessThan(1_100_010_000n);
  });

  it("can be interrupted anywhere and run again", async () => {
    const { ledger, client, plan, options, submitted } = await world();
    for (let interruptions = 0; interruptions < 6; interruptions += 1) {
      const interrupted = setupTreasury(client, plan, {
        ...options,
        onSubmitted: async () => {
          throw new Error("interrupted");
        },
      });
      await expect(interrupted).rejects.toThrow("interrupted");
      // What was submitted is on its way, and the next run finds it there.
    }
    const state = await setupTreasury(client, plan, options);
    expect(state.account).toMatchObject({ masterDisabled: true, tickets: 20, objects: 22 });
    expect(ledger.balanceOf(plan.treasury)).toBeLessThan(1_000_000_000n);
    expect(submitted()).toBeLessThanOrEqual(6);
  });

  it("knows a transaction that can no longer happen, and one that failed for good", async () => {
    const { ledger, client, wallets, submit } = await world();
    ledger.faults.dropSubmissions(1_000);
    const dead = submit(genesis, {
      TransactionType: "Payment",
      Destination: wallets.issuer.address,
      Amount: "1",
    });
    await expect(dead).rejects.toThrow(/was in no ledger in time and never will be/);
    const { client: other, submit: again, wallets: others } = await world();
    const failed = again(others.issuer, {
      TransactionType: "Payment",
      Destination: others.treasury.address,
      Amount: "1",
    });
    await expect(failed).rejects.toThrow(TransactionFailed);
    await expect(failed).rejects.toThrow(/tecNO_DST_INSUF_XRP/);
    expect(other.status()).toMatchObject([{ healthy: true }]);
    expect(client.status()).toMatchObject([{ healthy: true }]);
  });

  it("does not pay more than the cap for a fee", async () => {
    const { ledger, submit, wallets } = await world();
    ledger.faults.setBaseFee(6_000);
    await ledger.accept(2);
    await expect(
      submit(genesis, { TransactionType: "Payment", Destination: wallets.issuer.address, Amount: "1" }),
    ).rejects.toThrow(/fee of \d+ drops now, above the cap of 5000/);
  });
});
