import { Text } from "@mantine/core";
import type { TypedData } from "../api/types.ts";
import { CopyAction, Copyable } from "../ui/copyable.tsx";
import { ExactText } from "../ui/exact-text.tsx";
import { FieldList } from "../ui/field-list.tsx";
import { Panel } from "../ui/page.tsx";
import classes from "./admin.module.css";

/** Exactly what a wallet is given, for those who compare it with what the wallet shows. */
export function TypedDataPanel({ typedData, digest }: { typedData: TypedData; digest: string }) {
  const text = JSON.stringify(typedData, null, 2);
  const { message, domain } = typedData;
  return (
    <Panel title="Exactly what is signed" aside={<CopyAction value={text} what="the payload" />}>
      <Text size="sm" c="dimmed">
        Your wallet shows these fields (EIP-712). The vault checks the signature over them itself.
      </Text>
      <FieldList
        fields={[
          ...Object.entries(message),
          ["vault", domain.verifyingContract],
          ["chainId", `${domain.chainId}`],
        ]}
      />
      <Text size="sm" c="dimmed">
        Digest <Copyable value={digest} what="digest" whole />
      </Text>
      <details className={classes.details}>
        <summary>The whole payload as JSON</summary>
        <ExactText text={text} label="EIP-712 payload" />
      </details>
    </Panel>
  );
}
