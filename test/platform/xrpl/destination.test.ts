import { describe, expect, it, onTestFinished } from "vitest";
import { LedgerEntry } from "xrpl";
import { systemClock } from "../../../src/platform/clock.ts";
import { parseAssetRef } from "../../../src/platform/xrpl/amount.ts";
import { createXrplClient } from "../../../src/platform/xrpl/client.ts";
import { findPayeeProblem, type XrplPayment } from "../../../src/platform/xrpl/destination.ts";
import { createXrplKeys } from "../../../src/platform/xrpl/keys.ts";
import { silentLog } from "../../kit/log.ts";
import { ServerDouble } from "./server-double.ts";

const TREASURY = "rpfFJPBHNWfUxGcWXJW1N9CHLm1yHwjjWq";
const PAYEE = "rJFsQbdv4KcHdcyFpqsPVy8je4Av4EwpXc";
const ISSUER = "rDPHLwEFMjy5GRDYLBA1LdYp7T8dn7xWmc";
const NOBODY = "r3TXNEe98EyPckvsMhs6XyoGCmgV3B83wp";
const flags = LedgerEntry.AccountRootFlags;

type Fields = Record<string, unknown>;

/** A server with three accounts; what is asked of one ledger is answered in the shapes of `account_info` and the like. */
async function ledgerWith(
  changes: { payee?: Fields; treasury?: Fields; lines?: Record<string, Fields[]> } = {},
) {
  const server = new ServerDouble();
  const accounts: Record<string, Fields> = {
    [TREASURY]: { Balance: "900000000", Flags: 0, ...changes.treasury },
    [PAYEE]: { Balance: "5000000", Flags: 0, ...changes.payee },
    [ISSUER]: { Balance: "5000000", Flags: flags.lsfDefaultRipple },
  };
  const lines: Record<string, Fields[]> = {
    [TREASURY]: [{ account: ISSUER, currency: "USD", balance: "500", limit: "1000" }],
    [PAYEE]: [{ account: ISSUER, currency: "USD", balance: "0", limit: "50" }],
    ...changes.lines,
  };
  const missing = { error: "actNotFound", error_code: 19, error_message: "Account not found." };
  server.replies.account_info = ({ account }) => {
    const found = accounts[String(account)];
    return found === undefined ? missing : { result: { account_data: { Account: account, ...found } } };
  };
  server.replies.account_lines = ({ account, limit, marker }) => {
    const from = Number(marker ?? 0);
    const page = (lines[String(account)] ?? []).slice(from, from + Number(limit));
    const next = from + page.length;
    const isLast = next >= (lines[String(account)] ?? []).length;
    return { result: { lines: page, ...(isLast ? {} : { marker: String(next) }) } };
  };
  server.replies.account_objects = { result: { account_objects: [] } };
  server.replies.deposit_authorized = { result: { deposit_authorized: false } };
  const client = createXrplClient({
    urls: [await server.start()],
    networkId: 0,
    clock: systemClock,
    log: silentLog,
    timeoutMs: 500,
  });
  onTestFinished(async () => {
    await client.close();
    await server.stop();
  });
  const problemOf = async (payment: Partial<XrplPayment> = {}, ledger: bigint | "validated" = "validated") =>
    findPayeeProblem(
      client,
      {
        from: TREASURY,
        to: { address: PAYEE, tag: null },
        asset: { kind: "xrp" },
        amount: 1n,
        scale: 6,
        ...payment,
      },
      ledger,
    );
  return { server, client, problemOf };
}

const to = (address: string) => ({ to: { address, tag: null } });
const usd = { asset: parseAssetRef(`USD.${ISSUER}`), scale: 2 };

describe("whether a payee can be paid", () => {
  it("finds nothing against an account that takes everything", async () => {
    const { problemOf } = await ledgerWith();
    expect(await problemOf()).toBeNull();
    expect(await problemOf({ ...usd, amount: 5_000n })).toBeNull();
  });

  it("refuses the sender, and addresses that are none or nobody's, without asking", async () => {
    const { server, problemOf } = await ledgerWith();
    for (const [address, code] of [
      [TREASURY, "destination_is_sender"],
      ["rrrrrrrrrrrrrrrrrrrrrhoLvTp", "black_hole_address"],
      ["rrrrrrrrrrrrrrrrrrrrBZbvji", "black_hole_address"],
      ["rNotAnAddress", "invalid_address"],
    ] as const)
      expect(await problemOf(to(address)), address).toMatchObject({ code, effect: "payee" });
    expect(server.asked).toEqual([]);
  });

  it("knows accounts that are not there yet", async () => {
    const { problemOf } = await ledgerWith();
    expect(await problemOf({ ...to(NOBODY), amount: 999_999n })).toMatchObject({
      code: "destination_unfunded",
      message: expect.stringContaining("it takes 1 XRP at once"),
    });
    expect(await problemOf({ ...to(NOBODY), amount: 1_000_000n })).toBeNull();
    expect(await problemOf({ ...to(NOBODY), ...usd })).toMatchObject({ code: "destination_not_found" });
  });

  it("asks who is authorized only where it matters, and believes the answer", async () => {
    const { server, problemOf } = await ledgerWith({ payee: { Flags: flags.lsfDepositAuth } });
    expect(await problemOf()).toMatchObject({
      code: "deposit_not_authorized",
      effect: "payee",
      message: expect.stringContaining(`authorize ${TREASURY}`),
    });
    server.replies.deposit_authorized = { result: { deposit_authorized: true } };
    expect(await problemOf()).toBeNull();
    server.replies.deposit_authorized = {
      error: "srcActNotFound",
      error_message: "Source account not found.",
    };
    expect(await problemOf()).toMatchObject({ code: "treasury_not_found", effect: "operator" });
    const poor = await ledgerWith({ payee: { Flags: flags.lsfDepositAuth, Balance: "1000000" } });
    expect(await poor.problemOf({ amount: 1_000_000n })).toBeNull();
    expect(poor.server.countOf("deposit_authorized")).toBe(0);
  });

  it("refuses an account that gave its keys away, unless others sign for it", async () => {
    const sealed = { Flags: flags.lsfDisableMaster, RegularKey: "rrrrrrrrrrrrrrrrrrrrBZbvji" };
    const { server, problemOf } = await ledgerWith({ payee: sealed });
    expect(await problemOf()).toMatchObject({ code: "destination_is_black_hole" });
    server.replies.account_objects = { result: { account_objects: [{ LedgerEntryType: "SignerList" }] } };
    expect(await problemOf()).toBeNull();
    const normal = await ledgerWith({ payee: { Flags: flags.lsfDisableMaster, RegularKey: ISSUER } });
    expect(await normal.problemOf()).toBeNull();
  });

  it("finds the trust line on whatever page it stands", async () => {
    const others = Array.from({ length: 900 }, (_, index) => ({
      account: ISSUER,
      currency: index.toString(16).padStart(40, "A").toUpperCase(),
      balance: "0",
      limit: "1",
    }));
    const its = { account: ISSUER, currency: "USD", balance: "0", limit: "50" };
    const { server, problemOf } = await ledgerWith({ lines: { [PAYEE]: [...others, its] } });
    expect(await problemOf(usd)).toBeNull();
    expect(server.countOf("account_lines")).toBe(1 + 3);
    const without = await ledgerWith({ lines: { [PAYEE]: others } });
    expect(await without.problemOf(usd)).toMatchObject({ code: "trust_line_missing" });
  });

  it("gives up on an account with more trust lines than anybody needs", async () => {
    const { server, problemOf } = await ledgerWith();
    server.replies.account_lines = ({ account }) => ({
      result:
        account === TREASURY
          ? { lines: [{ account: ISSUER, currency: "USD", balance: "500", limit: "1000" }] }
          : { lines: [], marker: "more" },
    });
    expect(await problemOf(usd)).toMatchObject({ code: "too_many_trust_lines", effect: "payee" });
  });

  it("reads one ledger only", async () => {
    const { server, problemOf } = await ledgerWith({ payee: { Flags: flags.lsfDepositAuth } });
    server.replies.deposit_authorized = { result: { deposit_authorized: true } };
    const read = () =>
      server.asked
        .filter(({ command }) => /^account_|^deposit/.test(command))
        .map(({ ledger_index }) => ledger_index);
    await problemOf(usd);
    expect(new Set(read())).toEqual(new Set([7]));
    server.asked.length = 0;
    await problemOf(usd, 5n);
    expect(new Set(read())).toEqual(new Set([5]));
  });

  it("concludes nothing from a server that does not answer", async () => {
    const { server, problemOf } = await ledgerWith();
    server.diesOn.add("account_info");
    await expect(problemOf()).rejects.toMatchObject({ code: "xrpl_unavailable" });
  });
});

describe("keys of an account", () => {
  it("are read from the validated ledger each time", async () => {
    const { server, client } = await ledgerWith({ payee: { RegularKey: ISSUER } });
    const { keysOf } = createXrplKeys(client);
    expect(await keysOf(TREASURY)).toEqual({ masterDisabled: false, regularKey: null });
    expect(await keysOf(PAYEE)).toEqual({ masterDisabled: false, regularKey: ISSUER });
    expect(await keysOf(NOBODY)).toBeNull();
    server.replies.account_info = ({ account }) => ({
      result: { account_data: { Account: account, Flags: flags.lsfDisableMaster | flags.lsfRequireDestTag } },
    });
    expect(await keysOf(PAYEE)).toEqual({ masterDisabled: true, regularKey: null });
    const asked = server.asked.filter(({ command }) => command === "account_info");
    expect(asked.every(({ ledger_index }) => ledger_index === "validated")).toBe(true);
  });

  it("are not guessed when the ledger does not answer", async () => {
    const { server, client } = await ledgerWith();
    server.replies.account_info = { error: "actMalformed", error_message: "Account malformed." };
    await expect(createXrplKeys(client).keysOf(PAYEE)).rejects.toMatchObject({ code: "actMalformed" });
    await server.stop();
    await expect(createXrplKeys(client).keysOf(PAYEE)).rejects.toMatchObject({ code: "xrpl_unavailable" });
  });
});
