import { type HelperProcess, startHelper } from "../helper-process.ts";

export type CrowdOrder =
  | { do: "connect"; host: string; path: string; socketIo: boolean; clients: number; localAddress: string }
  | { do: "expect"; messages: number }
  | { do: "disconnect" };
/** When the last message came, by the clock that all processes share, and what this process used of one core. */
export type Arrived = { lastNs: string; cpuMs: number };

/** As many as one process can have open, and leave room for its other files. */
const CLIENTS_EACH = 5_000;

/** Clients in processes of their own, each from a loopback address of its own so that ports do not run out. */
export class Crowd {
  readonly clients: number;
  readonly #helpers: { helper: HelperProcess<CrowdOrder>; clients: number }[];

  private constructor(clients: number) {
    this.clients = clients;
    this.#helpers = Array.from({ length: Math.ceil(clients / CLIENTS_EACH) }, (_unused, index) => ({
      helper: startHelper<CrowdOrder>(new URL("./crowd-process.ts", import.meta.url)),
      clients: Math.min(CLIENTS_EACH, clients - index * CLIENTS_EACH),
    }));
  }

  static async gather(
    server: { url: string; path: string; socketIo: boolean },
    clients: number,
  ): Promise<Crowd> {
    const crowd = new Crowd(clients);
    await Promise.all(
      crowd.#helpers.map((each, index) =>
        each.helper.ask({
          do: "connect",
          host: server.url,
          path: server.path,
          socketIo: server.socketIo,
          clients: each.clients,
          localAddress: `127.0.0.${index + 2}`,
        }),
      ),
    );
    return crowd;
  }

  /** Resolves when everybody has got `events` more, with when the last one did and the processor time that took. */
  async expect(events: number): Promise<{ lastNs: bigint; cpuMs: number }> {
    const all = await Promise.all(
      this.#helpers.map(({ helper, clients }) =>
        helper.ask<Arrived>({ do: "expect", messages: events * clients }),
      ),
    );
    return {
      lastNs: all.map(({ lastNs }) => BigInt(lastNs)).reduce((a, b) => (a > b ? a : b), 0n),
      cpuMs: all.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    };
  }

  async leave(): Promise<void> {
    await Promise.all(
      this.#helpers.map(async ({ helper }) => {
        await helper.ask({ do: "disconnect" });
        await helper.stop();
      }),
    );
  }
}
