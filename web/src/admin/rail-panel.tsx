import { Group, Text, Title } from "@mantine/core";
import { useId } from "react";
import { networkName } from "../chain/networks.ts";
import { railWords } from "../chain/rails.ts";
import classes from "./admin.module.css";
import { AssetBooks } from "./asset-books.tsx";
import { DriftNote } from "./drift-note.tsx";
import { PauseButton, StandingPause } from "./pause-switch.tsx";
import { SettlementFacts } from "./settlement-facts.tsx";
import type { AssetTreasury, RailTreasury } from "./types.ts";

/** One way out for money: whether it is open, what lies on its chain, and how the worker that pays there is doing. */
export function RailPanel({ treasury }: { treasury: RailTreasury }) {
  const { rail, pause, chain, settlement } = treasury;
  const words = railWords(rail);
  const title = useId();
  return (
    <section className="panel" aria-labelledby={title}>
      <Group justify="space-between" align="flex-start" px="var(--cc-pad)" pt="md" gap="xs">
        <div>
          <Title order={2} id={title}>
            {words.name}
          </Title>
          {chain.chainId !== null && (
            <Text size="sm" c="dimmed">
              {networkName(rail, chain.chainId)} ({chain.chainId})
            </Text>
          )}
        </div>
        <PauseButton rail={rail} pause={pause} />
      </Group>
      <div className={`panel-body ${classes.rail}`}>
        <StandingPause rail={rail} pause={pause} />
        <DriftNote rail={rail} settlement={settlement} />
        {coinFirst(chain.assets, words.coin).map((entry) => (
          <AssetBooks key={entry.asset} entry={entry} rail={rail} />
        ))}
        <SettlementFacts treasury={treasury} />
      </div>
    </section>
  );
}

/** The chain's own coin is what is looked for first. */
function coinFirst(assets: readonly AssetTreasury[], coin: string): readonly AssetTreasury[] {
  return assets.toSorted((a, b) => Number(b.asset === coin) - Number(a.asset === coin));
}
