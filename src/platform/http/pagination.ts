import { type TSchema, Type } from "typebox";
import { AppError } from "../errors.ts";

/** What every list takes. */
export const CursorQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
    cursor: Type.Optional(
      Type.String({ maxLength: 200, description: "`nextCursor` of the page before; opaque." }),
    ),
  },
  { additionalProperties: false },
);

/** What every list gives. `nextCursor` is null on the last page. */
export type Page<T> = { items: T[]; nextCursor: string | null };

export function pageSchema<T extends TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item), nextCursor: Type.Union([Type.String(), Type.Null()]) });
}

/** Opaque to clients: the sort key of the last row shown. */
export function encodeCursor(key: string | bigint): string {
  return Buffer.from(String(key)).toString("base64url");
}

/** Reads a cursor back, checking it against the shape that its list's keys have. */
export function decodeCursor(cursor: string, shape: RegExp): string {
  const key = Buffer.from(cursor, "base64url").toString("utf8");
  if (!shape.test(key)) {
    throw new AppError("invalid", "invalid_cursor", "cursor must be a nextCursor that this list returned");
  }
  return key;
}

/** Cuts a page from `limit + 1` rows: the extra row only tells that there is more. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string | bigint,
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}
