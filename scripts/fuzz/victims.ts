import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient, PayoutView } from "../local/api-client.ts";
import { clientOf, earn, randomWallet, signInDemo } from "./players.ts";

/** Who may see a secret beside the victim. */
type Audience = "nobody" | "admins and approvers";

export type Secret = { what: string; text: string; audience: Audience };

/** Two players who do nothing while requests rain: whatever of theirs turns up elsewhere or moves is a fault. */
export type Victims = {
  account: string;
  playerId: string;
  sessionId: string;
  demoAccount: string;
  /** A wallet beside the first one: nothing public names it. */
  linked: string;
  /** Paid on chain. */
  payoutId: string;
  /** Approved, waits for the victim to bring its voucher to the vault. */
  claimId: string;
  secrets: readonly Secret[];
};

export async function createVictims(url: string, admin: ApiClient): Promise<Victims> {
  const wallet = randomWallet();
  const other = randomWallet();
  const agent = `victims-agent-${randomUUID()}`;
  const api = await clientOf(url).signIn(wallet);
  const { player, session } = await api.get<{ player: { id: string }; session: { id: string } }>(
    "/auth/session",
  );
  await earn(api, 400);

  const { message } = await api.post<{ message: string }>("/auth/wallets/challenge", {
    address: other.address,
    chain: "flare",
  });
  await api.post("/auth/wallets", {
    message,
    current: { signature: await wallet.signMessage(message) },
    added: { signature: await other.signMessage(message) },
  });

  const paid = await api.requestPayout(137n);
  const claim = await api.requestPayout(41n, { delivery: "claim" });
  const voucher = await api.get<{ signature: string }>(`/payouts/${claim.id}/voucher`);
  await untilConfirmed(api, paid.id);

  const memo = `victims-memo-${randomBytes(8).toString("hex")}`;
  const body = {
    to: wallet.address,
    asset: "FLR",
    amount: "7777777777777777",
    metadata: { memo },
  };
  await untilConfirmed(admin, (await admin.post<PayoutView>("/admin/payout", body, randomUUID())).id);

  const demo = await signInDemo(url, { "user-agent": agent });
  await earn(clientOf(url, demo.token), 23);

  const secrets: Secret[] = [
    { what: "the linked wallet", text: other.address, audience: "nobody" },
    { what: "the voucher", text: voucher.signature, audience: "nobody" },
    { what: "the session", text: session.id, audience: "nobody" },
    { what: "the access token", text: api.token ?? "", audience: "nobody" },
    { what: "the demo player's token", text: demo.token, audience: "nobody" },
    { what: "the demo player's refresh token", text: demo.refreshToken, audience: "nobody" },
    { what: "the user agent", text: agent, audience: "nobody" },
    { what: "the memo", text: memo, audience: "admins and approvers" },
    { what: "the player's id", text: player.id, audience: "admins and approvers" },
    { what: "the demo player", text: demo.player.id, audience: "admins and approvers" },
  ];
  return {
    account: wallet.address,
    playerId: player.id,
    sessionId: session.id,
    demoAccount: demo.player.account,
    linked: other.address,
    payoutId: paid.id,
    claimId: claim.id,
    secrets: secrets.flatMap((secret) => [
      secret,
      ...(secret.text.startsWith("0x") ? [{ ...secret, text: secret.text.toLowerCase() }] : []),
    ]),
  };
}

async function untilConfirmed(api: ApiClient, id: string): Promise<void> {
  for (;;) {
    const { status, reason } = await api.get<PayoutView>(`/payouts/${id}`);
    if (status === "confirmed") return;
    if (!["approved", "batched", "submitted"].includes(status))
      throw new Error(`the victim's payout ${status}: ${reason}`);
    await sleep(100);
  }
}
