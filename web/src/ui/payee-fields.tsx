import { TextInput } from "@mantine/core";
import type { Rail } from "../api/types.ts";
import { isWhole, type ReadPayee } from "../chain/payee-text.ts";
import classes from "./payee-fields.module.css";

/** What stays in line when one of two fields side by side has more to say. */
const ORDER: ("label" | "input" | "error" | "description")[] = ["label", "input", "error", "description"];

/** Where something is paid, as it is typed: an address and, on the XRP Ledger, a destination tag. */
export function PayeeFields(props: {
  rail: Rail;
  label: string;
  description: string;
  to: string;
  onTo: (text: string) => void;
  tag: string;
  onTag: (text: string) => void;
  /** What is wrong with the shape of what was typed. */
  shapeFault: ReadPayee["fault"];
  /** What the server says against it. */
  refused: { to: string | null; tag: string | null };
  /** Whether somebody wanted to go on, and so should hear of what is missing. */
  isPressed: boolean;
}) {
  const { rail, to, tag, shapeFault, refused, isPressed } = props;
  const isXrpl = rail === "xrpl";
  const shape = (field: "to" | "tag"): string | null =>
    shapeFault?.field === field ? shapeFault.text : null;
  return (
    <div className={isXrpl ? classes.withTag : undefined}>
      <TextInput
        label={props.label}
        placeholder={isXrpl ? "r…" : "0x…"}
        value={to}
        onChange={(event) => props.onTo(event.currentTarget.value)}
        error={refused.to ?? ((isPressed || isWhole(to)) && shape("to"))}
        description={props.description}
        inputWrapperOrder={ORDER}
        autoComplete="off"
        spellCheck={false}
        classNames={{ input: "mono" }}
      />
      {isXrpl && (
        <TextInput
          label="Destination tag"
          inputMode="numeric"
          value={tag}
          onChange={(event) => props.onTag(event.currentTarget.value)}
          error={refused.tag ?? (tag !== "" && shape("tag"))}
          description="If the payee has one: exchanges know their customers by it."
          inputWrapperOrder={ORDER}
          autoComplete="off"
          classNames={{ input: "num" }}
        />
      )}
    </div>
  );
}
