import fc from "fast-check";
import type { Schema } from "./operations.ts";

/** Values of the field's own world, by the name of the property or parameter; a schema alone would never guess them. */
export type Hints = ReadonlyMap<string, fc.Arbitrary<unknown>>;

const MAX_ITEMS = 3;
const LONGEST = 200;

/** Values that a schema allows; mostly what `hints` know of the name, so that requests get past the first look. */
export function fromSchema(schema: Schema, hints: Hints, name = ""): fc.Arbitrary<unknown> {
  const bare = bySchema(schema, hints);
  const hint = hints.get(name);
  return hint === undefined ? bare : fc.oneof({ weight: 5, arbitrary: hint }, { weight: 1, arbitrary: bare });
}

function bySchema(schema: Schema, hints: Hints): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => fromSchema(one, hints)));
  switch (schema.type) {
    case "string":
      return texts(schema);
    case "integer":
      return fc.oneof(
        fc.integer({ min: schema.minimum ?? -(2 ** 31), max: schema.maximum ?? 2 ** 31 - 1 }),
        fc.constantFrom(schema.minimum ?? 0, schema.maximum ?? 1),
      );
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(fromSchema(schema.items ?? {}, hints), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? MAX_ITEMS, MAX_ITEMS),
      });
    case "object":
      return objects(schema, hints);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function texts(schema: Schema): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = LONGEST } = schema;
  if (schema.pattern === undefined) {
    return fc.string({ unit: "grapheme", minLength, maxLength: Math.min(maxLength, LONGEST) });
  }
  return fc
    .stringMatching(new RegExp(schema.pattern), { size: "medium" })
    .filter((text) => text.length >= minLength && text.length <= maxLength);
}

function objects(schema: Schema, hints: Hints): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {});
  const fields = Object.fromEntries(properties.map(([key, value]) => [key, fromSchema(value, hints, key)]));
  const { additionalProperties, maxProperties } = schema;
  if (properties.length === 0 && typeof additionalProperties === "object") {
    return fc.dictionary(
      fc.string({ unit: "grapheme", maxLength: 20 }),
      fromSchema(additionalProperties, hints),
      {
        maxKeys: MAX_ITEMS,
      },
    );
  }
  // One of several: which one is as good as any other.
  if (maxProperties === 1) {
    return fc.oneof(...Object.entries(fields).map(([key, value]) => value.map((one) => ({ [key]: one }))));
  }
  return fc.record(fields, { requiredKeys: schema.required ?? [] });
}
