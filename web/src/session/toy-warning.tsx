import { Note } from "../ui/states.tsx";

export function ToyWarning() {
  return (
    <Note tone="warn">
      A toy: the key of this wallet lies unprotected in this browser. It is good for the local chain, whose
      coins are worth nothing.
    </Note>
  );
}
