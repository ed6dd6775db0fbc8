import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, type LedgerStream, multisign, Wallet } from "xrpl";
import { startXrplLedger, type XrplLedger } from "../../scripts/local/xrpl-ledger/index.ts";
import { connectClient, fund, genesis, send } from "./accounts.ts";

describe("xrpl.js against the standalone ledger", () => {
  let ledger: XrplLedger;
  let client: Client;
  beforeAll(async () => {
    ledger = await startXrplLedger();
    client = await connectClient(ledger);
  });
  afterAll(async () => {
    await client?.disconnect();
    await ledger?.stop();
  });

  async function funded(count: number): Promise<[Wallet, Wallet, Wallet]> {
    const [first, second, third] = await fund(ledger, client, count);
    return [first ?? Wallet.generate(), second ?? Wallet.generate(), third ?? Wallet.generate()];
  }

  it("funds an account from the genesis account", async () => {
    const [alice] = await funded(1);
    expect(ledger.balanceOf(alice.address)).toBe(1_000_000_000n);
    expect(await client.getXrpBalance(alice.address)).toBe(1_000);
  });

  it("pays, and finds the payment by its hash and in the receiver's history", async () => {
    const [alice, bob] = await funded(2);
    const before = ledger.balanceOf(bob.address) ?? 0n;
    const prepared = await client.autofill({
      TransactionType: "Payment",
      Account: alice.address,
      Destination: bob.address,
      Amount: "2500000",
    });
    const { tx_blob, hash } = alice.sign(prepared);
    const submitted = await client.submit(tx_blob);
    expect(submitted.result.engine_result).toBe("tesSUCCESS");
    expect(ledger.balanceOf(bob.address)).toBe(before);
    await ledger.accept();
    expect(ledger.balanceOf(bob.address)).toBe(before + 2_500_000n);
    const { result } = await client.request({ command: "tx", transaction: hash });
    expect(result).toMatchObject({ validated: true, meta: { delivered_amount: "2500000" } });
    const history = await client.request({ command: "account_tx", account: bob.address });
    expect(history.result.transactions[0]).toMatchObject({ hash, validated: true });
  });

  it("waits for a payment with submitAndWait", async () => {
    const [alice, bob] = await funded(2);
    const wait = client.submitAndWait(
      { TransactionType: "Payment", Account: alice.address, Destination: bob.address, Amount: "1" },
      { wallet: alice },
    );
    let isDone = false;
    const done = wait.finally(() => {
      isDone = true;
    });
    // The library looks once a second; ledgers close on in the meantime as they do elsewhere.
    while (!isDone) {
      await ledger.accept();
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 200))]);
    }
    expect((await done).result).toMatchObject({ validated: true, meta: { TransactionResult: "tesSUCCESS" } });
  });

  it("makes tickets and pays by them in any order", async () => {
    const [alice, bob] = await funded(2);
    expect(
      await send(ledger, client, alice, {
        TransactionType: "TicketCreate",
        Account: alice.address,
        TicketCount: 3,
      }),
    ).toBe("tesSUCCESS");
    const owned = await client.request({
      command: "account_objects",
      account: alice.address,
      type: "ticket",
    });
    const tickets = owned.result.account_objects.map((one) =>
      "TicketSequence" in one ? one.TicketSequence : 0,
    );
    expect(tickets).toHaveLength(3);
    for (const TicketSequence of tickets.toSorted((a, b) => b - a)) {
      const payment = {
        TransactionType: "Payment",
        Account: alice.address,
        Destination: bob.address,
        Amount: "7",
        Sequence: 0,
        TicketSequence,
      } as const;
      expect(await send(ledger, client, alice, payment)).toBe("tesSUCCESS");
    }
    expect(ledger.balanceOf(bob.address)).toBe(1_000_000_021n);
    const left = await client.request({ command: "account_objects", account: alice.address, type: "ticket" });
    expect(left.result.account_objects).toEqual([]);
  });

  it("pays from an account whose signers sign together, its own key disabled", async () => {
    const [treasury, first, receiver] = await funded(3);
    const second = Wallet.generate();
    const SignerEntries = [first, second].map(({ address }) => ({
      SignerEntry: { Account: address, SignerWeight: 1 },
    }));
    expect(
      await send(ledger, client, treasury, {
        TransactionType: "SignerListSet",
        Account: treasury.address,
        SignerQuorum: 2,
        SignerEntries,
      }),
    ).toBe("tesSUCCESS");
    expect(
      await send(ledger, client, treasury, {
        TransactionType: "AccountSet",
        Account: treasury.address,
        SetFlag: 4,
      }),
    ).toBe("tesSUCCESS");
    const payment = await client.autofill(
      {
        TransactionType: "Payment",
        Account: treasury.address,
        Destination: receiver.address,
        Amount: "5000000",
      },
      2,
    );
    const alone = await client.submit(treasury.sign(payment).tx_blob);
    expect(alone.result.engine_result).toBe("tefMASTER_DISABLED");
    const combined = multisign([first, second].map((one) => one.sign(payment, true).tx_blob));
    const submitted = await client.submit(combined);
    expect(submitted.result.engine_result).toBe("tesSUCCESS");
    await ledger.accept();
    expect(ledger.balanceOf(receiver.address)).toBe(1_005_000_000n);
  });

  it("lets a regular key sign", async () => {
    const [alice, bob] = await funded(2);
    const regular = Wallet.generate();
    expect(
      await send(ledger, client, alice, {
        TransactionType: "SetRegularKey",
        Account: alice.address,
        RegularKey: regular.address,
      }),
    ).toBe("tesSUCCESS");
    expect(
      await send(ledger, client, regular, {
        TransactionType: "Payment",
        Account: alice.address,
        Destination: bob.address,
        Amount: "1",
      }),
    ).toBe("tesSUCCESS");
  });

  it("pays tokens over trust lines", async () => {
    const [issuer, alice, bob] = await funded(3);
    const usd = (value: string) => ({ currency: "USD", issuer: issuer.address, value });
    expect(
      await send(ledger, client, issuer, {
        TransactionType: "AccountSet",
        Account: issuer.address,
        SetFlag: 8,
      }),
    ).toBe("tesSUCCESS");
    for (const holder of [alice, bob]) {
      expect(
        await send(ledger, client, holder, {
          TransactionType: "TrustSet",
          Account: holder.address,
          LimitAmount: usd("1000"),
        }),
      ).toBe("tesSUCCESS");
    }
    expect(
      await send(ledger, client, issuer, {
        TransactionType: "Payment",
        Account: issuer.address,
        Destination: alice.address,
        Amount: usd("100.25"),
      }),
    ).toBe("tesSUCCESS");
    expect(
      await send(ledger, client, alice, {
        TransactionType: "Payment",
        Account: alice.address,
        Destination: bob.address,
        Amount: usd("0.1"),
      }),
    ).toBe("tesSUCCESS");
    expect(ledger.tokenBalanceOf(alice.address, "USD", issuer.address)).toBe("100.15");
    expect(ledger.tokenBalanceOf(bob.address, "USD", issuer.address)).toBe("0.1");
    expect(ledger.tokenBalanceOf(issuer.address, "USD", bob.address)).toBe("-0.1");
    expect(await client.getBalances(bob.address)).toContainEqual({
      currency: "USD",
      issuer: issuer.address,
      value: "0.1",
    });
  });

  it("says so when it is given a transaction that it does not know", async () => {
    const [alice] = await funded(1);
    const prepared = await client.autofill({
      TransactionType: "OfferCreate",
      Account: alice.address,
      TakerGets: "1",
      TakerPays: { currency: "USD", issuer: genesis.address, value: "1" },
    });
    const { result } = await client.submit(alice.sign(prepared).tx_blob);
    expect(result.engine_result).toBe("temUNKNOWN");
  });

  it("tells subscribers of ledgers", async () => {
    await client.request({ command: "subscribe", streams: ["ledger"] });
    const heard = new Promise<LedgerStream>((resolve) => client.once("ledgerClosed", resolve));
    const index = await ledger.accept();
    expect(await heard).toMatchObject({ ledger_index: index, txn_count: 0, fee_base: 10 });
  });
});

describe("a ledger of a network above 1024", () => {
  it("takes only transactions that name it", async () => {
    const ledger = await startXrplLedger({ networkId: 4_242 });
    const client = await connectClient(ledger);
    try {
      const payment = {
        TransactionType: "Payment",
        Account: genesis.address,
        Destination: Wallet.generate().address,
        Amount: "20000000",
        Fee: "10",
        Sequence: 1,
      } as const;
      const submit = async (NetworkID?: number): Promise<string> => {
        const { tx_blob } = genesis.sign({ ...payment, ...(NetworkID === undefined ? {} : { NetworkID }) });
        return (await client.submit(tx_blob)).result.engine_result;
      };
      expect(await submit()).toBe("telREQUIRES_NETWORK_ID");
      expect(await submit(4_243)).toBe("telWRONG_NETWORK");
      expect(await submit(4_242)).toBe("tesSUCCESS");
      // The library adds it by itself where the server says that it is needed.
      expect(await client.autofill({ ...payment, Sequence: 2 })).toMatchObject({ NetworkID: 4_242 });
    } finally {
      await client.disconnect();
      await ledger.stop();
    }
  });
});
