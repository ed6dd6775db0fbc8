import type { FastifyInstance } from "fastify";
import { Type } from "typebox";

const Tier = Type.Object({ above: Type.String(), approvals: Type.Integer() });

const ClientConfigSchema = Type.Object({
  payoutMode: Type.String({
    description: "demo (nothing settles), server (payouts stay on the ledger) or onchain.",
  }),
  chains: Type.Object({
    flare: Type.Optional(
      Type.Object({
        chainId: Type.Integer(),
        vault: Type.String(),
        rpcUrl: Type.Optional(Type.String({ description: "Only on the local chain." })),
      }),
    ),
    xrpl: Type.Optional(
      Type.Object({
        networkId: Type.Integer(),
        treasury: Type.String({ description: "The account that pays." }),
        url: Type.Optional(Type.String({ description: "Only on the local ledger." })),
      }),
    ),
  }),
  assets: Type.Array(
    Type.Object({
      code: Type.String(),
      scale: Type.Integer({ description: "Digits after the point: 1 unit is 10^scale minor units." }),
      kind: Type.String(),
      tiers: Type.Array(Tier),
    }),
  ),
  rates: Type.Array(
    Type.Object({
      from: Type.String(),
      to: Type.String(),
      rate: Type.String({ description: "Minor units of `to` for one minor unit of `from`." }),
    }),
  ),
  clicks: Type.Object({
    maxEnergy: Type.Integer(),
    energyPerSecond: Type.Integer(),
    rewardPerTap: Type.String(),
  }),
  siwe: Type.Object({ domain: Type.String(), uri: Type.String() }),
});

export type ClientConfig = import("typebox").Static<typeof ClientConfigSchema>;

/** What a client needs to know before it can sign in, show amounts and build transactions. */
export function clientConfigRoutes(
  describe: () => Promise<ClientConfig>,
): (server: FastifyInstance) => Promise<void> {
  return async (server) => {
    server.get(
      "/config",
      {
        schema: {
          tags: ["config"],
          summary: "Chains, assets, rates and sign-in domain",
          response: { 200: ClientConfigSchema },
        },
      },
      async () => describe(),
    );
  };
}
