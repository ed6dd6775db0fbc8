import { splitTag } from "../chain/rails.ts";
import { shorten } from "../lib/shorten.ts";
import { Copyable } from "./copyable.tsx";
import { OnChain } from "./on-chain.tsx";
import classes from "./payee.module.css";

/** Where money goes: an address and, on the XRP Ledger, the tag that the payee's exchange knows its customer by. */
export function Payee({ value, what = "address" }: { value: string; what?: string }) {
  const { address, tag } = splitTag(value);
  return (
    <span className={classes.payee}>
      <OnChain kind="address" value={address} what={what} whole />
      {tag !== null && (
        <span className={classes.tag}>
          destination tag <Copyable value={tag} what="destination tag" whole />
        </span>
      )}
    </span>
  );
}

/** The same in a few words, for lists. */
export function payeeWords(value: string): string {
  const { address, tag } = splitTag(value);
  return tag === null ? shorten(address) : `${shorten(address)}, tag ${tag}`;
}
