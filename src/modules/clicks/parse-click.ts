import { Type } from "typebox";
import { invalidClick } from "./errors.ts";

export const MAX_TAPS = 50;
const NONCE_SHAPE = /^[\x21-\x7e]{1,64}$/;

export const ClickBody = Type.Object(
  {
    clientNonce: Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: "^[\\x21-\\x7e]+$",
      description:
        "New for every click of a session. The same one again gives the first answer again, so a click whose answer was lost can be repeated safely.",
      examples: ["c2f1-000017"],
    }),
    count: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_TAPS, description: "Taps in this request; 1 unless given." }),
    ),
  },
  { additionalProperties: false },
);

export type ClickInput = { clientNonce: string; count: number };

/** Reads a click from anywhere: the socket has no schema in front of it, and both take exactly the same. */
export function parseClick(input: unknown): ClickInput {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw invalidClick("a click is an object with clientNonce and, optionally, count");
  }
  const { clientNonce, count = 1, ...unknown } = input as Record<string, unknown>;
  const [surplus] = Object.keys(unknown);
  if (surplus !== undefined) {
    throw invalidClick(`a click has clientNonce and count only, not ${JSON.stringify(surplus.slice(0, 40))}`);
  }
  if (typeof clientNonce !== "string" || !NONCE_SHAPE.test(clientNonce)) {
    throw invalidClick(
      "clientNonce must be 1 to 64 printable ASCII characters without spaces, new for every click",
    );
  }
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || count > MAX_TAPS) {
    throw invalidClick(`count must be a whole number of taps from 1 to ${MAX_TAPS}`);
  }
  return { clientNonce, count };
}
