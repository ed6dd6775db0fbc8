import { useQuery } from "@tanstack/react-query";
import { get, post } from "../api/http.ts";
import { queryClient, sessionQuery } from "../api/queries.ts";
import { sessionHint } from "../api/session-hint.ts";
import type { Player, Rail, Role, Session, WalletProof } from "../api/types.ts";

/** Who plays; null for nobody, undefined while that is not known. */
export function usePlayer(): Player | null | undefined {
  const { data } = useQuery(sessionQuery);
  return data === undefined ? undefined : (data?.player ?? null);
}

export function hasRole(player: Player | null | undefined, ...roles: Role[]): boolean {
  return player?.roles.some((role) => roles.includes(role)) === true;
}

export const isDemo = (player: Player): boolean => player.roles.includes("demo");

/** A wallet of theirs that can call contracts, as far as the session knows one. */
export function evmAddressOf(player: Player | null | undefined): string | null {
  return [player?.address, player?.account].find((address) => address?.startsWith("0x")) ?? null;
}

export type Challenge = { message: string; nonce: string; expiresAt: string };

export const askChallenge = ({ address, chain }: { address: string; chain: Rail }): Promise<Challenge> =>
  post<Challenge>("/auth/wallet-challenge", { address, chain });

/** Trades a signed message for a session, whose tokens stay in cookies. */
export async function signInWith(message: string, proof: WalletProof): Promise<void> {
  await post("/auth/verify", { message, ...proof });
  await begin();
}

export async function signInAsDemo(): Promise<void> {
  await post("/auth/demo");
  await begin();
}

export async function signOut(): Promise<void> {
  try {
    await post("/auth/logout");
  } finally {
    sessionHint.clear();
    queryClient.setQueryData(sessionQuery.queryKey, null);
    queryClient.removeQueries({ predicate: ({ queryKey }) => !KEPT.has(String(queryKey[0])) });
  }
}

/** What does not depend on who is signed in. */
const KEPT = new Set(["config", "session", "leaderboard"]);

async function begin(): Promise<void> {
  sessionHint.renew();
  const session = await get<Session>("/auth/session");
  queryClient.removeQueries({ predicate: ({ queryKey }) => !KEPT.has(String(queryKey[0])) });
  queryClient.setQueryData(sessionQuery.queryKey, session);
}
