import { encodeObject } from "./codec.ts";
import type { TransactionFields } from "./transaction.ts";

const MAX_MEMOS_BYTES = 1024;
const MEMO_FIELDS = new Set(["MemoType", "MemoData", "MemoFormat"]);
/** What RFC 3986 allows in a URL. */
const URL_TEXT = /^[0-9A-Za-z\-._~:/?#[\]@!$&'()*+,;=%]*$/;
/** The tag of the array before it and the end marker after it are not counted. */
const ARRAY_FRAME_BYTES = 2;

/** What a server refuses to relay, whatever the ledger says; null when it is all right. */
export function localComplaint({ Memos }: TransactionFields): string | null {
  if (Memos === undefined) return null;
  if (encodeObject({ Memos }).length / 2 - ARRAY_FRAME_BYTES > MAX_MEMOS_BYTES) {
    return "The memo exceeds the maximum allowed size.";
  }
  for (const { Memo } of Memos) {
    if (Memo === undefined) return "A memo array may contain only Memo objects.";
    for (const [field, value] of Object.entries(Memo)) {
      if (!MEMO_FIELDS.has(field)) {
        return "A memo may contain only MemoType, MemoData or MemoFormat fields.";
      }
      if (field !== "MemoData" && !URL_TEXT.test(Buffer.from(value, "hex").toString("latin1"))) {
        return "The MemoType and MemoFormat fields may only contain characters that are allowed in URLs under RFC 3986.";
      }
    }
  }
  return null;
}
