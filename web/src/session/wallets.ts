import { post, request } from "../api/http.ts";
import { queryClient } from "../api/queries.ts";
import type { LinkedWallet, Rail, WalletProof } from "../api/types.ts";
import type { Challenge } from "./session.ts";

/** A message that links a wallet to the account once both wallets have signed it. */
export const askLink = ({ address, chain }: { address: string; chain: Rail }): Promise<Challenge> =>
  post<Challenge>("/auth/wallets/challenge", { address, chain });

export async function link(
  message: string,
  proofs: { current: WalletProof; added: WalletProof },
): Promise<LinkedWallet> {
  const wallet = await post<LinkedWallet>("/auth/wallets", { message, ...proofs });
  await walletsChanged();
  return wallet;
}

export async function unlink(address: string): Promise<void> {
  await request("DELETE", `/auth/wallets/${address}`);
  await walletsChanged();
}

export async function payTo(address: string): Promise<void> {
  await post<LinkedWallet>(`/auth/wallets/${address}/pay-to`);
  await walletsChanged();
}

/** Where one is paid without naming an address has changed, and quotes with it. */
async function walletsChanged(): Promise<void> {
  void queryClient.invalidateQueries({ queryKey: ["quote"] });
  await queryClient.invalidateQueries({ queryKey: ["wallets"] });
}
