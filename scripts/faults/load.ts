import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Wallet } from "ethers";
import { Wallet as XrplWallet } from "xrpl";
import { ApiClient } from "../local/api-client.ts";
import { Caller, type Offence } from "./caller.ts";
import { LightSocket } from "./light-socket.ts";
import { createRandom, type Random } from "./random.ts";

const SIGNED_IN_WITHIN_MS = 30_000;

/** Signing in is no part of what is tested: a machine that is busy with starting may refuse it at first. */
export async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + SIGNED_IN_WITHIN_MS; ; await sleep(250)) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}

/** A click that was answered, with what the answer said. */
export type AcknowledgedClick = {
  player: string;
  nonce: string;
  count: number;
  answer: Record<string, unknown>;
};
/** A payout that was accepted, with what was asked for. */
export type AcknowledgedPayout = {
  player: string;
  key: string;
  request: { asset: string; amount: string; payAs: string; to: string };
  answer: Record<string, unknown>;
};

export type Player = {
  name: string;
  account: string;
  caller: Caller;
  /** COIN that this player has for certain. */
  coins: number;
  token: string;
};

const FLARE_PLAYERS = 8;
const XRPL_PLAYERS = 4;
const CLICK_EVERY_MS = 130;
const PAYOUT_EVERY_CLICKS = 6;
/** From here on approvers sign: 100 FLR or XRP, at one each for a COIN. */
const TIER = 100;
const LARGE_SHARE = 0.1;
const SOCKET_SHARE = 0.5;
const REFUSED_SHARE = 0.03;
const HELD_WITHIN_MS = 45_000;
/** Clients that hang up before they are answered, and ask again at once. */
const IMPATIENT_SHARE = 0.06;
const IMPATIENT_MS = 12;

export type LoadOptions = {
  seed: number;
  urls: readonly string[];
  refusingPayee: string;
  offences: Offence[];
};

/**
 * Players with wallets of their own who click and cash out, every payout to an address that was never paid before. What is
 * acknowledged is written down; what is not answered is asked again under its nonce or key until it is.
 */
export class Load {
  readonly clicks: AcknowledgedClick[] = [];
  readonly payouts: AcknowledgedPayout[] = [];
  readonly players: Player[] = [];
  readonly #options: LoadOptions;
  readonly #ending = new AbortController();
  #loops: Promise<void>[] = [];
  #stopping = false;
  #gate: PromiseWithResolvers<void> | null = null;
  #mayPay = true;
  #busy = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  async signIn(): Promise<void> {
    const { urls, offences } = this.#options;
    const join = async (turn: number, sign: (client: ApiClient) => Promise<ApiClient>, account: string) => {
      const { token } = await persistently(() => sign(new ApiClient(urls[turn % urls.length] ?? "")));
      const caller = new Caller({ urls, offences, signal: this.#ending.signal, turn });
      caller.token = token;
      const name = `player ${turn + 1}`;
      this.players.push({ name, account, caller, coins: 0, token: token ?? "" });
    };
    const flare = Array.from({ length: FLARE_PLAYERS }, (_unused, index) => {
      const wallet = new Wallet(Wallet.createRandom().privateKey);
      return join(index, (client) => client.signIn(wallet), wallet.address);
    });
    const xrpl = Array.from({ length: XRPL_PLAYERS }, (_unused, index) => {
      const wallet = XrplWallet.generate();
      return join(FLARE_PLAYERS + index, (client) => client.signInXrpl(wallet), wallet.address);
    });
    await Promise.all([...flare, ...xrpl]);
  }

  start(): void {
    const random = createRandom(this.#options.seed ^ 0x10ad);
    this.#loops = this.players.map((player) => this.#play(player, createRandom(random.below(2 ** 32))));
  }

  /** Nobody begins anything new; resolves when everything that was begun is answered. */
  async hold(): Promise<void> {
    this.#gate ??= Promise.withResolvers<void>();
    for (const deadline = performance.now() + HELD_WITHIN_MS; this.#busy > 0; await sleep(10)) {
      if (performance.now() > deadline) throw new Error(`${this.#busy} players got no answer`);
    }
  }

  release(options: { payouts: boolean } = { payouts: true }): void {
    this.#mayPay = options.payouts;
    this.#gate?.resolve();
    this.#gate = null;
  }

  /** Ends the load and waits, for so long, until every request under way is answered; gives how many are not. */
  async stop(patienceMs: number): Promise<number> {
    this.#stopping = true;
    this.release();
    const timer = setTimeout(() => this.#ending.abort(), patienceMs);
    await Promise.all(this.#loops);
    clearTimeout(timer);
    return this.#ending.signal.aborted ? this.#unanswered : 0;
  }
  #unanswered = 0;

  /** What was acknowledged after this moment is not known any more: its database is gone. */
  forgetAfter(mark: { clicks: number; payouts: number }): void {
    this.clicks.length = mark.clicks;
    this.payouts.length = mark.payouts;
  }

  mark(): { clicks: number; payouts: number } {
    return { clicks: this.clicks.length, payouts: this.payouts.length };
  }

  /** Every player cashes out once more, at once. */
  async payEverybody(): Promise<void> {
    await Promise.all(this.players.map((player, index) => this.#cashOut(player, createRandom(index), 5)));
  }

  async #play(player: Player, random: Random): Promise<void> {
    let socket: LightSocket | null = null;
    for (let round = 0; !this.#stopping; round += 1) {
      await this.#gate?.promise;
      this.#busy += 1;
      try {
        const overSocket = random.chance(SOCKET_SHARE);
        if (overSocket && socket === null)
          socket = await LightSocket.connect(player.caller.url, player.token).catch(() => null);
        if (!(await this.#click(player, random, overSocket ? socket : null))) {
          socket?.drop();
          socket = null;
        }
        if (this.#mayPay && round % PAYOUT_EVERY_CLICKS === PAYOUT_EVERY_CLICKS - 1) {
          const isLarge = random.chance(LARGE_SHARE) && player.coins > TIER;
          const amount = isLarge ? random.between(TIER, Math.min(player.coins, 300)) : random.between(2, 40);
          if (amount <= player.coins) await this.#cashOut(player, random, amount);
        }
      } finally {
        this.#busy -= 1;
      }
      await sleep(random.between(CLICK_EVERY_MS / 2, CLICK_EVERY_MS * 1.5));
    }
    socket?.drop();
  }

  /** false when the socket is of no use any more. */
  async #click(player: Player, random: Random, socket: LightSocket | null): Promise<boolean> {
    const count = random.between(5, 40);
    const body = { clientNonce: randomUUID(), count };
    if (random.chance(IMPATIENT_SHARE))
      await player.caller.once("POST", "/click", { body, waitMs: random.between(1, IMPATIENT_MS) });
    const answer = socket === null ? null : await socket.ask("click", body);
    if (answer?.ok === true) {
      this.#clicked(player, body, answer);
      return true;
    }
    // Lost or refused: the same click again, over HTTP, where it counts once all the same.
    const again = await player.caller.call("POST", "/click", { body });
    if (again === null) this.#unanswered += 1;
    else if (again.status === 200) this.#clicked(player, body, again.body);
    else this.#refused("POST /click", again);
    return socket === null;
  }

  #clicked(
    player: Player,
    { clientNonce: nonce, count }: { clientNonce: string; count: number },
    answer: Record<string, unknown>,
  ): void {
    this.clicks.push({ player: player.name, nonce, count, answer });
    player.coins += Number(answer.accepted);
  }

  async #cashOut(player: Player, random: Random, amount: number): Promise<void> {
    const onXrpl = player.account.startsWith("r");
    const to = onXrpl
      ? XrplWallet.generate().address
      : random.chance(REFUSED_SHARE)
        ? this.#options.refusingPayee
        : Wallet.createRandom().address;
    const request = { asset: "COIN", amount: String(amount), payAs: onXrpl ? "XRP" : "FLR", to };
    const key = randomUUID();
    player.coins -= amount;
    if (random.chance(IMPATIENT_SHARE))
      await player.caller.once("POST", "/payouts", {
        body: request,
        key,
        waitMs: random.between(1, IMPATIENT_MS),
      });
    const answer = await player.caller.call("POST", "/payouts", { body: request, key });
    if (answer === null) this.#unanswered += 1;
    else if (answer.status === 202)
      this.payouts.push({ player: player.name, key, request, answer: answer.body });
    else if (answer.body.code === "insufficient_funds") player.coins = 0;
    else this.#refused("POST /payouts", answer);
  }

  /** Nothing that these players ask for may be refused for good. */
  #refused(what: string, answer: { status: number; body: Record<string, unknown> }): void {
    this.#options.offences.push({
      what: `${what} was refused: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`,
    });
  }
}
