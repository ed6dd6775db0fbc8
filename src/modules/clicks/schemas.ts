import { Type } from "typebox";
import { AmountSchema } from "../../platform/amounts.ts";

const Energy = Type.Integer({ minimum: 0, description: "Taps that would count now." });
const MaxEnergy = Type.Integer({ minimum: 1 });
const Clicks = Type.Integer({ minimum: 0, description: "All taps of the player that counted." });

export const ClickReplySchema = Type.Object(
  {
    ok: Type.Literal(true),
    clicks: Clicks,
    accepted: Type.Integer({ minimum: 0, description: "How many of this request's taps counted." }),
    balance: AmountSchema,
    energy: Energy,
    maxEnergy: MaxEnergy,
    reason: Type.Optional(
      Type.Literal("no_energy", {
        description: "Why fewer taps counted than were sent; absent when all did.",
      }),
    ),
    retryAfterMs: Type.Optional(
      Type.Integer({ minimum: 0, description: "With `reason`: when the next tap will count." }),
    ),
  },
  { description: "The answer to a click. `balance` is COIN that can be spent, after this click." },
);

export const ClickStateSchema = Type.Object({
  clicks: Clicks,
  balance: AmountSchema,
  energy: Energy,
  maxEnergy: MaxEnergy,
  energyPerSecond: Type.Integer({ minimum: 1 }),
  rewardPerTap: AmountSchema,
  retryAfterMs: Type.Integer({ minimum: 0, description: "When the next tap will count; 0 is now." }),
});

export type ClickReply = {
  ok: true;
  clicks: number;
  accepted: number;
  balance: string;
  energy: number;
  maxEnergy: number;
  reason?: "no_energy";
  retryAfterMs?: number;
};

export type ClickStateReply = {
  clicks: number;
  balance: string;
  energy: number;
  maxEnergy: number;
  energyPerSecond: number;
  rewardPerTap: string;
  retryAfterMs: number;
};
