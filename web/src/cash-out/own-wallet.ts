import type { LinkedWallet, Player, Rail } from "../api/types.ts";
import { railOf } from "../chain/rails.ts";

/** Where an account is paid on a rail that names no address: as the server decides it; null for nowhere. */
export function ownWallet(
  wallets: readonly LinkedWallet[] | undefined,
  { account }: Pick<Player, "account">,
  rail: Rail,
): string | null {
  const chosen = wallets?.find(({ chain, payTo }) => chain === rail && payTo);
  return chosen?.address ?? (railOf(account) === rail ? account : null);
}
