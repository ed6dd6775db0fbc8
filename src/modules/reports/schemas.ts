import { Type } from "typebox";
import { AmountSchema } from "../../platform/amounts.ts";
import { CursorQuery, pageSchema } from "../../platform/http/index.ts";

const Time = Type.String({ format: "date-time" });
const SignedAmount = Type.String({
  pattern: "^(0|-?[1-9][0-9]{0,37})$",
  description: "Minor units as a decimal string, with a minus sign when it went out.",
});

export const LeaderboardQuery = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })) },
  { additionalProperties: false },
);

export const LeaderboardSchema = Type.Object({
  players: Type.Array(
    Type.Object({
      rank: Type.Integer({ minimum: 1 }),
      account: Type.String(),
      displayName: Type.String(),
      score: Type.Integer({ description: "Clicks that counted." }),
    }),
  ),
  winners: Type.Array(
    Type.Object({
      account: Type.String(),
      amount: AmountSchema,
      asset: Type.String(),
      payoutId: Type.String(),
      txHash: Type.Union([Type.String(), Type.Null()]),
      at: Time,
    }),
    { description: "The payouts that were confirmed last." },
  ),
});

export const AccountParams = Type.Object({
  account: Type.String({
    maxLength: 200,
    description: "The address of a player's first wallet, or `demo:` and the id of a demo player.",
    examples: ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"],
  }),
});

const PublicPayoutSchema = Type.Object({
  id: Type.String(),
  number: Type.Union([Type.String(), Type.Null()]),
  status: Type.String(),
  source: Type.String(),
  rail: Type.String(),
  to: Type.String(),
  asset: Type.String(),
  amount: AmountSchema,
  spent: Type.Object({ asset: Type.String(), amount: AmountSchema }),
  txHash: Type.Union([Type.String(), Type.Null()]),
  blockNumber: Type.Union([Type.String(), Type.Null()]),
  createdAt: Time,
});

export const BalanceSchema = Type.Object({
  account: Type.String(),
  balances: Type.Array(
    Type.Object({
      asset: Type.String(),
      available: AmountSchema,
      held: Type.String({ description: "Reserved by payouts that are under way; not in `available`." }),
    }),
    { description: "One for every asset; zero for those that the account never had." },
  ),
  payouts: pageSchema(PublicPayoutSchema),
});

export const StatementQuery = Type.Object(
  { ...CursorQuery.properties, asset: Type.Optional(Type.String({ pattern: "^[A-Z0-9]{1,12}$" })) },
  { additionalProperties: false },
);

const BalanceAt = Type.Object({ available: AmountSchema, held: AmountSchema });

export const StatementSchema = pageSchema(
  Type.Object({
    id: Type.String({ description: "The transfer." }),
    asset: Type.String(),
    kind: Type.String({
      description:
        "`posted` moved it; `pending` holds it; `post_pending`, `void_pending` and `expire_pending` end a hold.",
    }),
    amount: SignedAmount,
    previous: BalanceAt,
    current: BalanceAt,
    counterparty: Type.String(),
    cause: Type.String(),
    ref: Type.String(),
    pendingId: Type.Union([Type.String(), Type.Null()], { description: "The hold that this ends." }),
    at: Time,
  }),
);
