import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { HDNodeWallet, TypedDataDomain, TypedDataField, Wallet } from "ethers";
import { sign } from "ripple-keypairs";
import { io, type Socket } from "socket.io-client";
import type { Transaction, Wallet as XrplWallet } from "xrpl";

/** How long settlement may take to bind a ticket. */
const PAYLOAD_TIMEOUT_MS = 15_000;

/** A problem that the API answered. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  constructor(method: string, path: string, status: number, body: { code?: string; detail?: string }) {
    super(`${method} ${path}: ${status} ${body.code ?? "?"}: ${body.detail ?? "no detail"}`);
    this.name = "ApiProblem";
    this.status = status;
    this.code = body.code ?? "unknown";
  }
}

export type PayoutView = {
  id: string;
  number: string | null;
  status: string;
  source: string;
  rail: string;
  account: string;
  to: string;
  asset: string;
  amount: string;
  reason: string;
  txHash: string | null;
  blockNumber: string | null;
};

type Signer = Wallet | HDNodeWallet;

/** The API as a player or an approver with a wallet uses it; scripts and end-to-end tests talk through it. */
export class ApiClient {
  readonly url: string;
  token: string | null = null;
  readonly #headers: Readonly<Record<string, string>>;
  /** `headers` go with every request. */
  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.url = url;
    this.#headers = headers;
  }

  async signIn(wallet: Signer): Promise<this> {
    const challenge = await this.post<{ message: string }>("/auth/wallet-challenge", {
      address: wallet.address,
      chain: "flare",
    });
    const signature = await wallet.signMessage(challenge.message);
    const { token } = await this.post<{ token: string }>("/auth/verify", {
      message: challenge.message,
      signature,
    });
    this.token = token;
    return this;
  }

  /** As GemWallet and Crossmark do it: a signature over the message's bytes, with the public key beside it. */
  async signInXrpl(wallet: XrplWallet): Promise<this> {
    const { message } = await this.post<{ message: string }>("/auth/wallet-challenge", {
      address: wallet.address,
      chain: "xrpl",
    });
    const bytes = Buffer.from(message, "utf8").toString("hex");
    const { token } = await this.post<{ token: string }>("/auth/verify", {
      message,
      signature: sign(bytes, wallet.privateKey),
      publicKey: wallet.publicKey,
    });
    this.token = token;
    return this;
  }

  /** Signs the transaction that the API offers an approver of the XRP Ledger, once it is there, and hands it in. */
  async approveXrpl(wallet: XrplWallet, payoutId: string): Promise<void> {
    const path = `/admin/payouts/${payoutId}/approval`;
    const { transaction } = await this.#whenReady<{ multisign: { transaction: Transaction } }>(path).then(
      ({ multisign }) => multisign,
    );
    const { tx_blob: blob } = wallet.sign(transaction, true);
    await this.post(`/admin/payouts/${payoutId}/approvals`, { blob });
  }

  async #whenReady<T>(path: string): Promise<T> {
    const deadline = performance.now() + PAYLOAD_TIMEOUT_MS;
    for (;;) {
      try {
        return await this.get<T>(path);
      } catch (error) {
        const isEarly = error instanceof ApiProblem && error.code === "payload_not_ready";
        if (!isEarly || performance.now() > deadline) throw error;
      }
      await sleep(100);
    }
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>("GET", path);
  }

  post<T>(path: string, body: unknown, idempotencyKey?: string): Promise<T> {
    return this.#call<T>("POST", path, body, idempotencyKey);
  }

  /** Cashes out COIN, for FLR unless said otherwise; the key is new, so every call is a new intent. */
  requestPayout(
    amount: bigint,
    more: { to?: string; delivery?: "push" | "claim"; payAs?: string } = {},
  ): Promise<PayoutView> {
    const body = { asset: "COIN", amount: String(amount), payAs: "FLR", ...more };
    return this.post<PayoutView>("/payouts", body, randomUUID());
  }

  /** Signs what the API shows an approver, and hands the signature in. */
  async approve(wallet: Signer, payoutId: string): Promise<void> {
    const { typedData } = await this.get<{
      typedData: {
        domain: TypedDataDomain;
        types: Record<string, TypedDataField[]>;
        message: Record<string, unknown>;
      };
    }>(`/admin/payouts/${payoutId}/approval`);
    const { EIP712Domain: _domain, ...types } = typedData.types;
    const signature = await wallet.signTypedData(typedData.domain, types, typedData.message);
    await this.post(`/admin/payouts/${payoutId}/approvals`, { signature });
  }

  socket(): Socket {
    return io(this.url, { path: "/ws", transports: ["websocket"], auth: { token: this.token } });
  }

  async #call<T>(method: string, path: string, body?: unknown, idempotencyKey?: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        ...this.#headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = (text === "" ? {} : JSON.parse(text)) as T & { code?: string; detail?: string };
    if (!response.ok) throw new ApiProblem(method, path, response.status, answer);
    return answer;
  }
}
