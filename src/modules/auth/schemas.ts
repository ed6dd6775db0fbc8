import { Type } from "typebox";

const Timestamp = Type.String({ format: "date-time", description: "RFC 3339, UTC." });

const ChainSchema = Type.Union([Type.Literal("flare"), Type.Literal("xrpl")]);

const WalletAddressSchema = Type.String({
  pattern: "^(0x[0-9a-fA-F]{40}|r[1-9A-HJ-NP-Za-km-z]{24,34})$",
  description:
    "An EVM address (a mixed-case one must carry a correct EIP-55 checksum), or a classic address of the XRP Ledger.",
  examples: ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"],
});

export const ChallengeBody = Type.Object(
  { address: WalletAddressSchema, chain: ChainSchema },
  { additionalProperties: false },
);

export const ChallengeReply = Type.Object({
  message: Type.String({
    description:
      "Sign exactly this text: with `personal_sign` (EIP-4361), or with a wallet of the XRP Ledger as a message or in the memo of a SignIn.",
  }),
  nonce: Type.String(),
  expiresAt: Timestamp,
});

const Message = Type.String({ minLength: 1, maxLength: 2_000 });

// Long enough for a wallet contract with many owners; their signatures have any form (ERC-1271).
const EvmSignature = Type.String({ pattern: "^0x([0-9a-fA-F]{2})*$", maxLength: 16_386 });
const XrplSignature = Type.String({
  pattern: "^([0-9a-fA-F]{2}){1,72}$",
  description:
    "Over the message's UTF-8 bytes, as GemWallet and Crossmark return it; ed25519 or secp256k1 (DER).",
});
const XrplPublicKey = Type.String({ pattern: "^[0-9a-fA-F]{66}$" });
const XrplBlob = Type.String({
  pattern: "^([0-9a-fA-F]{2})+$",
  maxLength: 16_384,
  description:
    "A signed SignIn as Xaman returns it: no TransactionType, Account the address, and one memo whose MemoData is the hex of the message's UTF-8 bytes.",
});

const STRICT = { additionalProperties: false } as const;

export const VerifyBody = Type.Union([
  Type.Object({ message: Message, signature: EvmSignature }, STRICT),
  Type.Object({ message: Message, signature: XrplSignature, publicKey: XrplPublicKey }, STRICT),
  Type.Object({ message: Message, blob: XrplBlob }, STRICT),
]);

const ProofSchema = Type.Union([
  Type.Object({ signature: EvmSignature }, STRICT),
  Type.Object({ signature: XrplSignature, publicKey: XrplPublicKey }, STRICT),
  Type.Object({ blob: XrplBlob }, STRICT),
]);

export const LinkBody = Type.Object({ message: Message, current: ProofSchema, added: ProofSchema }, STRICT);

export const WalletParams = Type.Object({ address: WalletAddressSchema });

export const WalletSchema = Type.Object({
  address: Type.String(),
  chain: ChainSchema,
  payTo: Type.Boolean({ description: "Whether the account is paid here on this chain." }),
  linkedAt: Timestamp,
  isFirst: Type.Boolean({ description: "Whether it is the wallet by which the account is known." }),
});

export const WalletsReply = Type.Object({ items: Type.Array(WalletSchema) });

export const RefreshBody = Type.Object(
  { refreshToken: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) },
  { additionalProperties: false },
);

const PlayerSchema = Type.Object({
  id: Type.String({ format: "uuid" }),
  address: Type.Union([Type.String(), Type.Null()], {
    description: "The wallet that signed in; null for a demo session.",
  }),
  account: Type.String({ description: "The address of the player's first wallet, or `demo:{id}`." }),
  roles: Type.Array(
    Type.Union([
      Type.Literal("player"),
      Type.Literal("demo"),
      Type.Literal("approver"),
      Type.Literal("admin"),
    ]),
  ),
});

export const SignedInReply = Type.Object({
  token: Type.String({ description: "For `Authorization: Bearer …`; the same is set as a cookie." }),
  expiresAt: Timestamp,
  refreshToken: Type.String({ description: "Good for one POST auth/refresh; the same is set as a cookie." }),
  refreshExpiresAt: Timestamp,
  player: PlayerSchema,
});

export const SessionReply = Type.Object({
  player: PlayerSchema,
  session: Type.Object({ id: Type.String({ format: "uuid" }), expiresAt: Timestamp }),
});
