const MIN_BYTES = 32;
const MAX_BYTES = 1024 * 1024;
const OBJECT = 14;
const ARRAY = 15;
const END = 1;

/** Bytes by type code, as the ledger's binary format lays fields out. Types of variable length are null. */
const SIZES: Record<number, number | null> = {
  1: 2,
  2: 4,
  3: 8,
  4: 16,
  5: 32,
  7: null,
  8: null,
  9: 12,
  16: 1,
  17: 20,
  19: null,
  20: 12,
  21: 24,
  22: 48,
  23: 64,
  26: 20,
};
const AMOUNT = 6;
const PATHS = 18;
const ISSUE = 24;

/** Every transaction has these, and the server names the first that is missing. */
const REQUIRED: readonly [name: string, type: number, field: number][] = [
  ["TransactionType", 1, 2],
  ["Account", 8, 1],
  ["Fee", 6, 8],
  ["Sequence", 2, 4],
  ["SigningPubKey", 7, 3],
];

class Complaint extends Error {}

/** Why the bytes are not a transaction, in the server's words; null when they may be one. */
export function blobComplaint(blob: string): string | null {
  const bytes = Buffer.from(blob, "hex");
  if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) return "Transaction length invalid";
  try {
    const seen = new Walk(bytes).object(true);
    const missing = REQUIRED.find(([, type, field]) => !seen.has(`${type}.${field}`));
    return missing === undefined ? null : `Field '${missing[0]}' is required but missing.`;
  } catch (error) {
    if (error instanceof Complaint) return error.message;
    throw error;
  }
}

/** TxnSignature and Signers: everything else is signed. */
const UNSIGNED = new Set(["7.4", "15.3"]);

/** What the signatures of a transaction cover, byte for byte as it came. */
export function signedPart(blob: string): string {
  const bytes = Buffer.from(blob, "hex");
  const fields = new Walk(bytes).object(true);
  const parts = [...fields].filter(([name]) => !UNSIGNED.has(name));
  return parts
    .map(([, { from, to }]) => bytes.toString("hex", from, to))
    .join("")
    .toUpperCase();
}

type Span = { from: number; to: number };

class Walk {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  object(isOutermost: boolean): Map<string, Span> {
    const seen = new Map<string, Span>();
    while (this.#at < this.#bytes.length) {
      const from = this.#at;
      const [type, field] = this.#header();
      if (type === OBJECT && field === END) {
        if (isOutermost) throw new Complaint("Object end marker not expected.");
        return seen;
      }
      if (seen.has(`${type}.${field}`)) throw new Complaint("Duplicate field detected");
      this.#value(type);
      seen.set(`${type}.${field}`, { from, to: this.#at });
    }
    if (!isOutermost) throw new Complaint("invalid SerialIter get8");
    return seen;
  }

  #header(): [type: number, field: number] {
    const byte = this.#byte();
    let [type, field] = [byte >> 4, byte & 15];
    if (type === 0) {
      type = this.#byte();
      if (type < 16) throw new Complaint("Unknown field");
    }
    if (field === 0) {
      field = this.#byte();
      if (field < 16) throw new Complaint("Unknown field");
    }
    return [type, field];
  }

  #value(type: number): void {
    if (type === OBJECT) this.object(false);
    else if (type === ARRAY) this.#array();
    else if (type === AMOUNT) this.#amount();
    else if (type === PATHS) this.#paths();
    else if (type === ISSUE) this.#skip(this.#peek(20).every((byte) => byte === 0) ? 20 : 40);
    else {
      const size = SIZES[type];
      if (size === undefined) throw new Complaint("Unknown field");
      this.#skip(size ?? this.#length());
    }
  }

  #array(): void {
    for (;;) {
      const [type, field] = this.#header();
      if (type === ARRAY && field === END) return;
      if (type !== OBJECT) throw new Complaint("Non-object in array");
      this.object(false);
    }
  }

  #amount(): void {
    const first = this.#peek(1)[0] ?? 0;
    const isToken = (first & 0x80) !== 0;
    const isMultiPurpose = !isToken && (first & 0x20) !== 0;
    this.#skip(isToken ? 48 : isMultiPurpose ? 33 : 8);
  }

  #paths(): void {
    for (let type = this.#byte(); type !== 0; type = this.#byte()) {
      if (type === 0xff) continue;
      for (const flag of [0x01, 0x10, 0x20]) if ((type & flag) !== 0) this.#skip(20);
    }
  }

  #length(): number {
    const first = this.#byte();
    if (first <= 192) return first;
    if (first <= 240) return 193 + (first - 193) * 256 + this.#byte();
    if (first <= 254) return 12_481 + (first - 241) * 65_536 + this.#byte() * 256 + this.#byte();
    throw new Complaint("Invalid VL length");
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Complaint("invalid SerialIter get8");
    this.#at += 1;
    return byte;
  }

  #peek(count: number): Buffer {
    return this.#bytes.subarray(this.#at, this.#at + count);
  }

  #skip(count: number): void {
    if (this.#at + count > this.#bytes.length) throw new Complaint("invalid SerialIter getRaw");
    this.#at += count;
  }
}
