import { Button, Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { Player, Rail } from "../api/types.ts";
import type { ReadPayee } from "../chain/payee-text.ts";
import { railWords } from "../chain/rails.ts";
import { shorten } from "../lib/shorten.ts";
import { PayeeFields } from "../ui/payee-fields.tsx";
import { LinkDialog } from "../wallet/link-dialog.tsx";
import classes from "./form.module.css";
import { PayeeHelp } from "./payee-help.tsx";

export type Where = "own" | "other";

/** Where it is paid: one's own wallet on the asset's chain, or an address that is typed. What the chain has against it stands beside it. */
export function Destination(props: {
  rail: Rail;
  asset: string;
  player: Player;
  /** The wallet at which the account is paid on this rail; null for none. */
  own: string | null;
  /** Whether that is known yet. */
  isKnown: boolean;
  where: Where;
  onWhere: (where: Where) => void;
  to: string;
  onTo: (text: string) => void;
  tag: string;
  onTag: (text: string) => void;
  shapeFault: ReadPayee["fault"];
  isPressed: boolean;
  /** What the server says against it, by field. */
  refused: { to: string | null; tag: string | null; error: unknown };
  onAskAgain: () => void;
}) {
  const { rail, own, where, to, refused } = props;
  const [isLinking, setLinking] = useState(false);
  const { on } = railWords(rail);
  // There is no field for the tag of one's own wallet, so what is said of it is said of the wallet.
  const ownFault = where === "own" ? (refused.to ?? refused.tag) : null;
  const payee = where === "other" ? to.trim() : own;
  const help = payee !== null && refused.to !== null && (
    <PayeeHelp payee={payee} asset={props.asset} error={refused.error} onAskAgain={props.onAskAgain} />
  );
  return (
    <Radio.Group
      label="To"
      value={where}
      onChange={(next) => props.onWhere(next === "other" ? "other" : "own")}
    >
      <Stack gap="sm" mt="xs">
        <Radio
          value="own"
          label={own === null ? `Your wallet ${on}` : `Your wallet, ${shorten(own)}`}
          description={own === null && props.isKnown ? `Your account has none ${on} yet.` : undefined}
          disabled={own === null}
          aria-invalid={ownFault !== null}
        />
        {own === null && props.isKnown && (
          <div className={classes.under}>
            <Button variant="default" size="xs" onClick={() => setLinking(true)}>
              Link a wallet…
            </Button>
          </div>
        )}
        {ownFault !== null && (
          <Stack gap="xs" className={classes.under}>
            <Text size="sm" c="var(--cc-bad)" role="alert">
              {ownFault}
            </Text>
            {help}
          </Stack>
        )}
        <Radio value="other" label="Another address" />
        {where === "other" && (
          <Stack gap="xs" className={classes.under}>
            <PayeeFields
              rail={rail}
              label="Receiving address"
              description="A payment cannot be called back. An address that is new to your account may have to wait first."
              to={to}
              onTo={props.onTo}
              tag={props.tag}
              onTag={props.onTag}
              shapeFault={props.shapeFault}
              refused={refused}
              isPressed={props.isPressed}
            />
            {help}
          </Stack>
        )}
      </Stack>
      {isLinking && <LinkDialog player={props.player} onClose={() => setLinking(false)} />}
    </Radio.Group>
  );
}
