import type { Limiters } from "../../platform/rate-limit.ts";

/** Generous to a room of players behind one address, and still far below what guessing would need. */
export function authLimits(limiters: Limiters) {
  return {
    challengePerIp: limiters.limit({ name: "challenge-ip", points: 120, seconds: 60 }),
    challengePerAddress: limiters.limit({ name: "challenge-address", points: 30, seconds: 60 }),
    verifyPerIp: limiters.limit({ name: "verify-ip", points: 120, seconds: 60 }),
    demoPerIp: limiters.limit({ name: "demo-ip", points: 100, seconds: 60 }),
    refreshPerIp: limiters.limit({ name: "refresh-ip", points: 300, seconds: 60 }),
  };
}

export type AuthLimits = ReturnType<typeof authLimits>;
