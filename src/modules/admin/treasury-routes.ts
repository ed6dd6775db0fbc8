import { type TSchema, Type } from "typebox";
import type { Database } from "../../platform/db/index.ts";
import { problemResponses, type Routes } from "../../platform/http/index.ts";
import type { Auth } from "../auth/index.ts";
import { PauseSchema } from "./rail-routes.ts";
import { readTreasury, type TreasurySource } from "./treasury.ts";

const Amount = Type.String({ description: "Minor units; may be negative." });
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const House = Type.Object({
  owner: Type.String(),
  asset: Type.String(),
  posted: Amount,
  held: Amount,
  available: Amount,
});

const UnderWay = Type.Object({
  asset: Type.String(),
  status: Type.String(),
  count: Type.Integer(),
  amount: Amount,
});

const Chain = Type.Object({
  rail: Type.String(),
  chainId: nullable(Type.Integer()),
  vault: nullable(Type.String()),
  operator: nullable(
    Type.Object({
      address: Type.String(),
      balance: nullable(
        Type.String({ description: "What is left for fees, in the minor unit of the chain's own coin." }),
      ),
    }),
  ),
  assets: Type.Array(
    Type.Object({
      asset: Type.String(),
      ledger: Type.Object({
        vault: Amount,
        rewardsAvailable: Amount,
        rewardsHeld: Amount,
        credited: Amount,
        underWay: Amount,
      }),
      chain: nullable(
        Type.Object({ vault: Amount, owed: Amount, bucketAvailable: Amount, bucketCapacity: Amount }),
      ),
    }),
  ),
});

const SettlementStatus = Type.Object({
  rail: Type.String(),
  state: Type.String(),
  problems: Type.Array(Type.String()),
  head: nullable(Type.String()),
  finalBlock: nullable(Type.String()),
  scannedBlock: nullable(Type.String()),
  reconciledAt: nullable(Type.String()),
  drift: Type.Unknown({
    description: "What differs between ledger, batches and chain; null when nothing does.",
  }),
  batches: Type.Array(
    Type.Object({
      id: Type.String(),
      status: Type.String(),
      size: Type.Integer(),
      asset: Type.String(),
      total: Amount,
      note: nullable(Type.String()),
    }),
  ),
  endpoints: Type.Array(
    Type.Object({ url: Type.String(), healthy: Type.Boolean(), problem: nullable(Type.String()) }),
  ),
});

const Treasury = Type.Object({
  house: Type.Array(House, { description: "The house accounts on the ledger." }),
  payouts: Type.Array(UnderWay, { description: "What is held, in flight or owed by the vault, by status." }),
  rails: Type.Array(
    Type.Object({
      rail: Type.String(),
      pause: nullable(PauseSchema),
      chain: Chain,
      settlement: SettlementStatus,
    }),
    { description: "Every way out for money that this process knows." },
  ),
});

export function treasuryRoutes(deps: {
  db: Database;
  auth: Pick<Auth, "requireRole">;
  settlement: TreasurySource | null;
}): Routes {
  return async (routes) => {
    routes.get(
      "/admin/treasury",
      {
        onRequest: deps.auth.requireRole("admin"),
        schema: {
          tags: ["admin"],
          summary: "Where the money is: on chain, on the ledger, under way; and whether they agree",
          security: [{ bearer: [] }, { cookie: [] }],
          response: { 200: Treasury, ...problemResponses(401, 403, 503) },
        },
      },
      async () => readTreasury(deps.db, deps.settlement),
    );
  };
}
