import { type Static, type TSchema, Type } from "typebox";
import { AmountSchema } from "../../platform/amounts.ts";
import { TypedDataSchema } from "../payouts/index.ts";

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Time = Type.String({ description: "ISO 8601, UTC." });
const Formatted = Type.String({
  description: "The amount in whole units of the asset, for people.",
  examples: ["1.5"],
});

/** Something that only the chain knows: null and a note when it could not be asked, never a guess. */
const onChain = <T extends TSchema>(schema: T) =>
  Type.Object({ value: nullable(schema), note: nullable(Type.String()) });

const Money = Type.Object({ asset: Type.String(), amount: AmountSchema, formatted: Formatted });
const Limit = Type.Object({
  used: AmountSchema,
  cap: AmountSchema,
  formatted: Type.String({ examples: ["150 of 1000 FLR"] }),
});

export const PayoutIdParams = Type.Object(
  { id: Type.String({ pattern: "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$" }) },
  { additionalProperties: false },
);

export const SignatureBody = Type.Object(
  {
    signature: Type.Optional(
      Type.String({
        pattern: "^0x([0-9a-fA-F]{2})+$",
        maxLength: 16_386,
        description:
          "For a payout on Flare: what `eth_signTypedData_v4` gave for `typedData`; for a contract account, what its `isValidSignature` (ERC-1271) accepts.",
      }),
    ),
    blob: Type.Optional(
      Type.String({
        pattern: "^([0-9a-fA-F]{2})+$",
        maxLength: 16_384,
        description:
          "For a payout on the XRP Ledger: `multisign.transaction`, signed for multi-signing with your account (in xrpl.js `wallet.sign(transaction, true).tx_blob`).",
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1, maxProperties: 1 },
);

export const RejectionBody = Type.Object(
  { reason: Type.String({ minLength: 3, maxLength: 500, pattern: "\\S" }) },
  { additionalProperties: false },
);

export const ApprovalStateSchema = Type.Object({
  payoutId: Type.String(),
  status: Type.String(),
  required: Type.Integer(),
  given: Type.Integer(),
});

const Summary = Type.Object({
  text: Type.String({ examples: ["Pay 150 FLR (150000000000000000000) to 0x… for 0x…"] }),
  status: Type.String(),
  account: Type.String({ description: "Whose payout it is." }),
  to: Type.String(),
  amount: Money,
  spent: Money,
  firstPaymentToAddress: Type.Boolean(),
  history: Type.Object(
    { count: Type.Integer(), total: AmountSchema, formatted: Formatted },
    { description: "What this account was paid of this asset before." },
  ),
  limitsToday: Type.Object({ player: nullable(Limit), asset: nullable(Limit) }),
  proposedBy: Type.String(),
  reason: Type.String({ description: "Why approvals are needed." }),
  expiresAt: Time,
  signedBy: Type.Array(Type.Object({ approver: Type.String(), at: Time })),
  warnings: Type.Array(Type.String()),
});

const Simulation = Type.Object({
  funds: Type.Object(
    {
      owner: Type.String({ examples: ["house:rewards"] }),
      asset: Type.String(),
      before: Type.String(),
      after: Type.String(),
      available: Type.String({ description: "Neither held for this payout nor for another." }),
    },
    { description: "The ledger account that pays." },
  ),
  vault: Type.Object({
    address: Type.String({ description: "The vault, or the treasury account on the XRP Ledger." }),
    balanceBefore: onChain(Type.String()),
    balanceAfter: onChain(Type.String({ description: "Below zero when the vault cannot pay it." })),
    paused: onChain(Type.Boolean()),
    numberConsumed: onChain(Type.Boolean()),
  }),
  requiredApprovals: Type.Object({
    ours: Type.Integer(),
    onChain: onChain(Type.Integer()),
    agree: nullable(Type.Boolean()),
  }),
  payeeIsContract: onChain(Type.Boolean()),
  payeeProblem: onChain(
    Type.String({ description: "Why the chain would refuse to pay the payee now, where it can tell." }),
  ),
});

const Multisign = Type.Object({
  transaction: Type.Record(Type.String(), Type.Unknown(), {
    description: "The payment without signatures; sign it exactly as it is, for multi-signing.",
  }),
  ticket: Type.String({ description: "It can be included at most once, however often it is sent." }),
  lastLedgerSequence: Type.String({ description: "After this ledger it is void and is offered anew." }),
  feeDrops: Type.String(),
});

export const ApprovalViewSchema = Type.Object({
  typedData: Type.Union([TypedDataSchema, Type.Null()], { description: "What to sign on Flare." }),
  multisign: Type.Union([Multisign, Type.Null()], { description: "What to sign on the XRP Ledger." }),
  digest: Type.String(),
  summary: Summary,
  simulation: Simulation,
  signatures: Type.Array(Type.Object({ signer: Type.String(), signature: Type.String(), at: Time })),
  required: Type.Integer(),
  given: Type.Integer(),
});

export type ApprovalView = Static<typeof ApprovalViewSchema>;
export type PayoutSummary = Static<typeof Summary>;
export type PayoutSimulation = Static<typeof Simulation>;
