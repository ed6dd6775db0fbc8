import { Type } from "typebox";
import { AmountSchema } from "../../platform/amounts.ts";
import { PAYOUT_STATUSES, type PayoutStatus } from "./state.ts";

const Time = Type.String({ format: "date-time" });
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const PayoutIdParams = Type.Object({
  id: Type.String({ pattern: "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$" }),
});

const AssetCode = Type.String({ minLength: 1, maxLength: 16, examples: ["COIN"] });
/** What an exchange tells its customers' deposits apart by. */
export const DestinationTag = Type.Integer({
  minimum: 0,
  maximum: 4_294_967_295,
  description: "XRP Ledger only; may also be part of `to`.",
});

const DeliverySchema = Type.Union([Type.Literal("push"), Type.Literal("claim")], {
  description: "push: we send it. claim: you bring our voucher to the vault and pay the gas.",
});

export const StatusSchema = Type.Unsafe<PayoutStatus>({ type: "string", enum: [...PAYOUT_STATUSES] });

const summaryFields = {
  id: Type.String(),
  number: nullable(
    Type.String({ description: "The number that the vault pays at most once; given when approved." }),
  ),
  status: StatusSchema,
  source: Type.Union([Type.Literal("demo"), Type.Literal("server"), Type.Literal("onchain")]),
  rail: Type.String(),
  delivery: DeliverySchema,
  account: Type.String(),
  to: Type.String(),
  asset: Type.String(),
  amount: AmountSchema,
  spent: Type.Object({ asset: Type.String(), amount: AmountSchema }),
  waitsUntil: nullable(Time),
  reason: Type.String({ description: "Why it needs what it needs; if it ended unpaid, why." }),
  txHash: nullable(Type.String()),
  blockNumber: nullable(Type.String()),
  createdAt: Time,
};

/** A payout as events tell it. */
export const PayoutSummarySchema = Type.Object({
  ...summaryFields,
  approvals: Type.Object({ required: Type.Integer(), expiresAt: nullable(Time) }),
});

const ApprovalsSchema = Type.Object({
  required: Type.Integer(),
  given: Type.Integer(),
  expiresAt: nullable(Time),
});

/** A payout as lists show it. */
export const PayoutListItemSchema = Type.Object({ ...summaryFields, approvals: ApprovalsSchema });

/** A payout in full. */
export const PayoutSchema = Type.Object({
  ...summaryFields,
  approvals: ApprovalsSchema,
  history: Type.Array(
    Type.Object({
      from: nullable(StatusSchema),
      to: StatusSchema,
      actor: Type.String(),
      reason: Type.String(),
      at: Time,
    }),
  ),
});

export const QuoteQuery = Type.Object(
  {
    asset: AssetCode,
    amount: AmountSchema,
    payAs: AssetCode,
    to: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    destinationTag: Type.Optional(DestinationTag),
  },
  { additionalProperties: false },
);

export const QuoteSchema = Type.Object({
  rate: Type.String({
    description: "Minor units of what is paid for one minor unit of what is spent; exact.",
  }),
  spent: Type.Object({ asset: Type.String(), amount: AmountSchema }),
  asset: Type.String(),
  amount: AmountSchema,
  source: Type.Union([Type.Literal("demo"), Type.Literal("server"), Type.Literal("onchain")]),
  approvals: Type.Object({ required: Type.Integer(), of: Type.Integer() }),
  reason: Type.String(),
  delivery: Type.Array(DeliverySchema),
  fees: Type.Array(Type.Object({ asset: Type.String(), amount: AmountSchema })),
  expected: Type.Object({
    seconds: nullable(Type.Integer({ description: "null when people have to decide first." })),
    text: Type.String(),
  }),
  limits: Type.Object({
    min: AmountSchema,
    playerLeftToday: AmountSchema,
    assetLeftToday: AmountSchema,
  }),
});

export const PayoutRequestBody = Type.Object(
  {
    asset: AssetCode,
    amount: AmountSchema,
    payAs: AssetCode,
    to: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        description:
          "An EVM address for what is paid on Flare; on the XRP Ledger a classic address, `r…:tag` or an X-address. Your own wallet there when left out.",
      }),
    ),
    destinationTag: Type.Optional(DestinationTag),
    delivery: Type.Optional(DeliverySchema),
  },
  { additionalProperties: false },
);

/** EIP-712 payload, whole, as `eth_signTypedData_v4` takes it. */
export const TypedDataSchema = Type.Object({
  domain: Type.Object({
    name: Type.String(),
    version: Type.String(),
    chainId: Type.Integer(),
    verifyingContract: Type.String(),
  }),
  types: Type.Record(Type.String(), Type.Array(Type.Object({ name: Type.String(), type: Type.String() }))),
  primaryType: Type.String(),
  message: Type.Object({
    number: Type.String(),
    asset: Type.String(),
    to: Type.String(),
    amount: Type.String(),
    validUntil: Type.String(),
  }),
});

export const VoucherSchema = Type.Object({
  typedData: TypedDataSchema,
  signature: Type.String(),
  vault: Type.String(),
  deadline: Time,
});

export const ReceiptSchema = Type.Object({
  id: Type.String(),
  status: StatusSchema,
  source: Type.Union([Type.Literal("demo"), Type.Literal("server"), Type.Literal("onchain")]),
  rail: Type.String(),
  account: Type.String(),
  to: Type.String(),
  asset: Type.String(),
  assetAddress: Type.String(),
  amount: AmountSchema,
  spent: Type.Object({ asset: Type.String(), amount: AmountSchema }),
  settledAt: Time,
  chain: nullable(
    Type.Object({
      chainId: Type.Integer(),
      vault: Type.String(),
      number: Type.String(),
      txHash: Type.String(),
      blockNumber: Type.String(),
    }),
  ),
  verify: Type.Array(Type.String({ description: "How to check it without trusting us." })),
});
