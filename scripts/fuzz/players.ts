import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { HDNodeWallet } from "ethers";
import { ApiClient, ApiProblem } from "../local/api-client.ts";

export type DemoSession = { token: string; refreshToken: string; player: { id: string; account: string } };

export function randomWallet(): HDNodeWallet {
  return HDNodeWallet.fromSeed(randomBytes(32));
}

/** An address of its own, so that limits by address are met only where that is the point. */
export function randomIp(): string {
  return `10.${[...randomBytes(3)].join(".")}`;
}

export function clientOf(url: string, token: string | null = null): ApiClient {
  const api = new ApiClient(url, { "x-forwarded-for": randomIp() });
  api.token = token;
  return api;
}

export async function signInDemo(url: string, headers: Record<string, string> = {}): Promise<DemoSession> {
  const answer = await fetch(`${url}/api/v1/auth/demo`, {
    method: "POST",
    headers: { "x-forwarded-for": randomIp(), ...headers },
  });
  return (await answer.json()) as DemoSession;
}

/** Clicks until so many were counted; a throttle is waited for. */
export async function earn(api: ApiClient, clicks: number): Promise<void> {
  for (let left = clicks; left > 0; ) {
    try {
      const body = { clientNonce: randomUUID(), count: Math.min(50, left) };
      left -= (await api.post<{ accepted: number }>("/click", body)).accepted;
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.status !== 429) throw error;
      await sleep(200);
    }
  }
}
