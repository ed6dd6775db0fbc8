import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import { payloadInvalid } from "./errors.ts";

const SubscribeMessage = Type.Object(
  {
    channel: Type.String({ maxLength: 80 }),
    /** The last `id` that the client got. */
    since: Type.Optional(Type.String({ pattern: "^(0|[1-9][0-9]{0,17})$" })),
  },
  { additionalProperties: false },
);
const UnsubscribeMessage = Type.Object(
  { channel: Type.String({ maxLength: 80 }) },
  { additionalProperties: false },
);
const AuthenticateMessage = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 4_096 }) },
  { additionalProperties: false },
);

/** What clients send is checked before anything looks at it; a refusal names what is wrong. */
function reader<T extends TSchema>(event: string, schema: T): (payload: unknown) => Static<T> {
  const validator = Compile(schema);
  return (payload) => {
    if (validator.Check(payload)) return payload as Static<T>;
    const faults = validator
      .Errors(payload)
      .slice(0, 3)
      .map(
        (fault) =>
          `${fault.instancePath === "" ? "the payload" : fault.instancePath.slice(1)} ${fault.message}`,
      );
    throw payloadInvalid(event, faults.join("; "));
  };
}

export const readSubscribe = reader("subscribe", SubscribeMessage);
export const readUnsubscribe = reader("unsubscribe", UnsubscribeMessage);
export const readAuthenticate = reader("authenticate", AuthenticateMessage);
