import { setTimeout as sleep } from "node:timers/promises";
import { Wallet } from "ethers";
import { Wallet as XrplWallet } from "xrpl";
import { hardhatWallets } from "../../src/config.ts";
import { ApiClient } from "../local/api-client.ts";
import { LOCAL_APPROVERS } from "../local/stack.ts";
import { localXrplApprovers } from "../local/xrpl.ts";
import { persistently } from "./load.ts";

type Listed = { items: { id: string; rail: string; signedByMe: boolean; status: string }[] };
type Approver = { api: ApiClient; rail: string; approve(id: string): Promise<void> };

const LOOK_EVERY_MS = 250;

/** People who sign whatever waits for them, with their own wallets, as often as it takes. */
export class Approvers {
  readonly #approvers: Approver[] = [];
  readonly #urls: readonly string[];
  #stopping = false;
  #loops: Promise<void>[] = [];

  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  /** An admin's session, for what an operator does. */
  get admin(): ApiClient {
    const [first] = this.#approvers;
    if (first === undefined) throw new Error("nobody is signed in");
    return first.api;
  }

  async signIn(): Promise<void> {
    const url = this.#urls[0] ?? "";
    const flare = LOCAL_APPROVERS.map(async (index): Promise<Approver> => {
      const wallet = new Wallet(hardhatWallets()[index]?.privateKey ?? "");
      const api = await persistently(() => new ApiClient(url).signIn(wallet));
      return { api, rail: "flare", approve: (id) => api.approve(wallet, id) };
    });
    const xrpl = localXrplApprovers().map(async ({ seed }): Promise<Approver> => {
      const wallet = XrplWallet.fromSeed(seed);
      const api = await persistently(() => new ApiClient(url).signInXrpl(wallet));
      return { api, rail: "xrpl", approve: (id) => api.approveXrpl(wallet, id) };
    });
    this.#approvers.push(...(await Promise.all([...flare, ...xrpl])));
  }

  start(): void {
    this.#loops = this.#approvers.map((approver) => this.#watch(approver));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#loops);
  }

  /** Refusals are expected: others were faster, a ticket is not there yet, a process is gone. It is looked at again. */
  async #watch({ api, rail, approve }: Approver): Promise<void> {
    while (!this.#stopping) {
      try {
        const { items } = await api.get<Listed>("/admin/payouts?status=pending_approval&limit=100");
        for (const { id, signedByMe, rail: on } of items) {
          if (on === rail && !signedByMe && !this.#stopping) await approve(id).catch(() => undefined);
        }
      } catch {
        // The next look asks again.
      }
      await sleep(LOOK_EVERY_MS);
    }
  }
}
