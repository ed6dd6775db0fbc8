import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Contract, formatUnits, type HDNodeWallet, JsonRpcProvider, parseEther, Wallet } from "ethers";
import { hardhatWallets, loadConfig } from "../src/config.ts";
import { payoutVaultAbi } from "../src/generated/contracts.ts";
import { createLogger } from "../src/platform/log.ts";
import { startServer } from "../src/server.ts";
import { demoXrpl } from "./demo/xrpl.ts";
import { ApiClient, type PayoutView } from "./local/api-client.ts";
import { startStack } from "./local/stack.ts";
import { makeTempDir } from "./local/temp-dir.ts";

const PLAYERS = 25;
const SMALL_PAYOUTS = 20;
const TAPS_PER_PLAYER = 200;
const TAPS_PER_REQUEST = 5;
const COINS_CASHED_OUT = 100n;
const SETTLE_TIMEOUT_MS = 60_000;
const RECONCILE_TIMEOUT_MS = 30_000;

type Player = { name: string; wallet: HDNodeWallet; api: ApiClient };
type Treasury = {
  house: { owner: string; asset: string; posted: string }[];
  rails: { rail: string; settlement: { reconciledAt: string | null; drift: unknown } }[];
};
type Expectation = { label: string; payout: PayoutView; ends: string };

const differences: string[] = [];
const began = performance.now();

function say(text: string): void {
  process.stdout.write(`${((performance.now() - began) / 1_000).toFixed(1).padStart(5)} s  ${text}\n`);
}

function compare(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) differences.push(`${what}: ${String(actual)}, expected ${String(expected)}`);
}

/** Players earn and cash out, approvers sign, both chains pay; then they are compared with the ledger to the last unit. */
async function main(): Promise<void> {
  const dataDir = makeTempDir("demo");
  const stack = await startStack({ dataDir, onProgress: say });
  const config = loadConfig({
    ...stack.env,
    PORT: "0",
    PUBLIC_URL: "http://127.0.0.1:3000",
    LOG_LEVEL: "error",
  });
  const server = await startServer(config, createLogger({ level: config.logLevel }, process.stderr));
  if (stack.chain === null || config.flare.vaultAddress === null)
    throw new Error("the demo needs the local chain");
  const provider = new JsonRpcProvider(stack.chain.url, config.flare.chainId, { staticNetwork: true });
  const vault = new Contract(config.flare.vaultAddress, payoutVaultAbi, provider);
  try {
    const fundedWei = await provider.getBalance(config.flare.vaultAddress);
    const approvers = await Promise.all(
      [1, 2, 3, 4].map(async (index) => {
        const wallet = new Wallet(hardhatWallets()[index]?.privateKey ?? "");
        return { wallet, api: await new ApiClient(server.url).signIn(wallet) };
      }),
    );
    const players = await Promise.all(
      Array.from({ length: PLAYERS }, async (_unused, index): Promise<Player> => {
        const wallet = Wallet.createRandom();
        return { name: `player ${index + 1}`, wallet, api: await new ApiClient(server.url).signIn(wallet) };
      }),
    );
    say(`${players.length} players and ${approvers.length} approvers signed in with their wallets`);

    const feed = await watchFeed(server.url);
    await clickAll(players);
    say(`${PLAYERS * TAPS_PER_PLAYER} clicks, half of them over sockets, are on the ledger`);

    const expected: Expectation[] = await requestSmall(players, stack.chain.refusingPayee);
    expected.push(...(await requestLarge(players, approvers)));
    const [admin] = approvers;
    if (admin === undefined || stack.xrpl === null)
      throw new Error("the demo needs an admin and the local ledger");
    const xrpl = await demoXrpl({ url: server.url, local: stack.xrpl, admin: admin.api, say });
    compare("a payout to an unfunded account below the reserve", xrpl.refused, "destination_unfunded");
    say(`${expected.length + xrpl.expected.length} payouts requested; waiting for the chains`);

    const [settled, settledXrpl] = await Promise.all([
      settle(admin.api, expected),
      settle(admin.api, xrpl.expected),
    ]);
    for (const { label, payout, ends } of [...settled, ...settledXrpl]) {
      compare(`${label} ended`, payout.status, ends);
    }
    printTable([...settled, ...settledXrpl]);

    await verifyChain({ settled, provider, vault, vaultAddress: config.flare.vaultAddress, fundedWei });
    await verifyFeed(feed, [...settled, ...settledXrpl]);
    const posted = await readHouse(admin.api);
    await verifyLedger(posted, provider, config.flare.vaultAddress, vault);
    xrpl.verify(settledXrpl, posted, compare);
    feed.socket.disconnect();
  } finally {
    await server.stop();
    provider.destroy();
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
  if (differences.length > 0) {
    process.stdout.write(
      `\nDIFFERENCES (${differences.length})\n${differences.map((d) => `  ${d}\n`).join("")}`,
    );
    process.exitCode = 1;
    return;
  }
  say("chains and ledger agree to the wei and to the drop; every confirmation reached the feed exactly once");
}

async function watchFeed(url: string) {
  const socket = new ApiClient(url).socket();
  const seen = new Map<string, number>();
  socket.on("feed", (event: { type: string; payload: { id?: string } }) => {
    const id = event.payload.id;
    if (event.type === "payout" && id !== undefined) seen.set(id, (seen.get(id) ?? 0) + 1);
  });
  const ack = (await socket.timeout(5_000).emitWithAck("subscribe", { channel: "feed" })) as { ok: boolean };
  if (!ack.ok) throw new Error("the feed refused the subscription");
  return { socket, seen };
}

async function clickAll(players: readonly Player[]): Promise<void> {
  await Promise.all(
    players.map(async ({ name, api }, index) => {
      const socket = index % 2 === 0 ? null : api.socket();
      let accepted = 0;
      for (let taps = 0; taps < TAPS_PER_PLAYER; taps += TAPS_PER_REQUEST) {
        const click = { clientNonce: `tap-${taps}`, count: TAPS_PER_REQUEST };
        const answer =
          socket === null
            ? await api.post<{ accepted: number }>("/click", click)
            : ((await socket.timeout(5_000).emitWithAck("click", click)) as { accepted: number });
        accepted += answer.accepted;
      }
      socket?.disconnect();
      compare(`${name}'s accepted clicks`, accepted, TAPS_PER_PLAYER);
    }),
  );
}

async function requestSmall(players: readonly Player[], refusingPayee: string): Promise<Expectation[]> {
  return Promise.all(
    players.slice(0, SMALL_PAYOUTS + 1).map(async ({ name, api }, index) => {
      const refuses = index === SMALL_PAYOUTS;
      const payout = await api.requestPayout(COINS_CASHED_OUT, refuses ? { to: refusingPayee } : {});
      return {
        label: refuses ? `${name} → contract that refuses` : name,
        payout,
        ends: refuses ? "credited" : "confirmed",
      };
    }),
  );
}

async function requestLarge(
  players: readonly Player[],
  approvers: readonly { wallet: Wallet; api: ApiClient }[],
): Promise<Expectation[]> {
  const cases = [
    { amount: parseEther("150"), signers: [1, 2], ends: "confirmed" },
    { amount: parseEther("12000"), signers: [1, 2, 3], ends: "confirmed" },
    { amount: parseEther("500"), signers: [], ends: "rejected" },
  ];
  const expectations: Expectation[] = [];
  for (const [index, { amount, signers, ends }] of cases.entries()) {
    const player = players[SMALL_PAYOUTS + 1 + index];
    const proposer = approvers[0];
    if (player === undefined || proposer === undefined) throw new Error("too few players");
    const body = {
      to: player.wallet.address,
      asset: "FLR",
      amount: String(amount),
      metadata: { note: "demo" },
    };
    const payout = await proposer.api.post<PayoutView>("/admin/payout", body, crypto.randomUUID());
    for (const signer of signers) {
      const approver = approvers[signer];
      if (approver !== undefined) await approver.api.approve(approver.wallet, payout.id);
    }
    if (ends === "rejected") {
      await approvers[1]?.api.post(`/admin/payouts/${payout.id}/rejection`, { reason: "not this one" });
    }
    const how = signers.length > 0 ? `${signers.length} of 4` : "rejected";
    expectations.push({ label: `admin → ${player.name}, ${how}`, payout, ends });
  }
  return expectations;
}

/** Reads every payout again until none can change any more. */
async function settle<T extends Expectation>(admin: ApiClient, expected: readonly T[]): Promise<T[]> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const now = await Promise.all(
      expected.map(async (entry) => ({
        ...entry,
        payout: await admin.get<PayoutView>(`/payouts/${entry.payout.id}`),
      })),
    );
    const open = now.filter(
      ({ payout }) => !["confirmed", "credited", "rejected", "failed"].includes(payout.status),
    );
    if (open.length === 0 || performance.now() > deadline) return now;
    await sleep(250);
  }
}

function printTable(entries: readonly Expectation[]): void {
  const rows = entries.map(({ label, payout }) => [
    label,
    payout.number ?? "",
    payout.status,
    `${formatUnits(payout.amount, payout.rail === "xrpl" ? 6 : 18)} ${payout.asset}`,
    payout.blockNumber ?? "",
    payout.txHash ?? "",
  ]);
  const table = [["payout", "number", "status", "amount", "block", "transaction"], ...rows];
  const widths =
    table[0]?.map((_title, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  process.stdout.write(
    `\n${table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n")}\n\n`,
  );
}

async function verifyChain(options: {
  settled: readonly Expectation[];
  provider: JsonRpcProvider;
  vault: Contract;
  vaultAddress: string;
  fundedWei: bigint;
}): Promise<void> {
  const { settled, provider, vault, vaultAddress, fundedWei } = options;
  let paidWei = 0n;
  for (const { label, payout } of settled) {
    const paid = payout.status === "confirmed";
    const held = payout.status === "credited";
    if (paid) paidWei += BigInt(payout.amount);
    // Every payee of this demo is new, or a contract that refuses, so a balance is what was paid and nothing else.
    compare(
      `${label}: balance of ${payout.to}`,
      await provider.getBalance(payout.to),
      paid ? BigInt(payout.amount) : 0n,
    );
    if (payout.number !== null) {
      const consumed = (await vault.getFunction("isConsumed")(payout.number)) as boolean;
      compare(`${label}: number ${payout.number} consumed`, consumed, paid || held);
    }
    if (held) {
      const owed = (await vault.getFunction("creditOf")(
        "0x0000000000000000000000000000000000000000",
        payout.to,
      )) as bigint;
      compare(`${label}: credit of ${payout.to}`, owed, BigInt(payout.amount));
    }
  }
  compare("balance of the vault", await provider.getBalance(vaultAddress), fundedWei - paidWei);
}

async function verifyFeed(
  feed: { seen: Map<string, number> },
  settled: readonly Expectation[],
): Promise<void> {
  const announced = settled.filter(({ payout }) => ["confirmed", "credited"].includes(payout.status));
  const deadline = performance.now() + 5_000;
  while (announced.some(({ payout }) => !feed.seen.has(payout.id)) && performance.now() < deadline)
    await sleep(50);
  for (const { label, payout } of announced)
    compare(`${label}: times on the feed`, feed.seen.get(payout.id), 1);
}

/**
 * What the ledger says of the house accounts, as an admin sees it, once both rails have reconciled again: what a payment
 * cost is booked a moment after the payment itself.
 */
async function readHouse(admin: ApiClient): Promise<(owner: string, asset: string) => bigint> {
  const look = () => admin.get<Treasury>("/admin/treasury");
  const reconciledAt = ({ rails }: Treasury) => rails.map(({ settlement }) => settlement.reconciledAt);
  const before = reconciledAt(await look());
  const deadline = performance.now() + RECONCILE_TIMEOUT_MS;
  let treasury = await look();
  while (reconciledAt(treasury).some((at, rail) => at === before[rail])) {
    if (performance.now() > deadline) throw new Error("a rail has not reconciled again");
    await sleep(100);
    treasury = await look();
  }
  for (const { rail, settlement } of treasury.rails) compare(`drift on ${rail}`, settlement.drift, null);
  return (owner, asset) =>
    BigInt(
      treasury.house.find((account) => account.owner === owner && account.asset === asset)?.posted ?? "0",
    );
}

/** The ledger's side against the vault's. */
async function verifyLedger(
  posted: (owner: string, asset: string) => bigint,
  provider: JsonRpcProvider,
  vaultAddress: string,
  vault: Contract,
): Promise<void> {
  compare(
    "ledger: −house:external",
    -posted("house:external", "FLR"),
    await provider.getBalance(vaultAddress),
  );
  const owed = (await vault.getFunction("totalOwed")("0x0000000000000000000000000000000000000000")) as bigint;
  compare("ledger: house:credited", posted("house:credited", "FLR"), owed);
}

// Ending by process.exit lets the database and the chain be ended too.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
await main();
