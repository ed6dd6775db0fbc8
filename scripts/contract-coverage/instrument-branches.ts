import { createHash } from "node:crypto";
import { createRequire } from "node:module";

/** One of the two ways that a condition can go. */
export type Branch = {
  file: string;
  line: number;
  condition: string;
  outcome: boolean;
  /** What the instrumented code reports when it goes this way: 32 bytes, hex. */
  tag: string;
};

type AstNode = { nodeType: string; src: string; [key: string]: unknown };
type Span = { start: number; end: number };
/** `blocks` are the bodies of inline assembly that have conditions. */
type Conditions = { conditions: Span[]; blocks: Span[] };

const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };

/** Where a node keeps what it decides on. The right side of `&&` and `||` decides only what is around them. */
const CONDITION_OF: Readonly<Record<string, string>> = {
  IfStatement: "condition",
  WhileStatement: "condition",
  DoWhileStatement: "condition",
  ForStatement: "condition",
  Conditional: "condition",
  BinaryOperation: "leftExpression",
  YulIf: "condition",
  YulForLoop: "condition",
};
/** Decides too, but no contract here has any; better no figure than a wrong one. */
const UNKNOWN = new Set(["TryStatement", "YulSwitch"]);

/** Hardhat's instrumentation defines the library; a hit is a static call that its EVM notices. */
const SOLIDITY_HELPER = `
function __went(uint256 tag, bool condition) pure returns (bool) {
    __NomicFoundationCoverage.sendHit(condition ? tag | 1 : tag);
    return condition;
}
`;
/** Puts back what the code around it may still read: the first word of memory, and the size of the last answer. */
const YUL_HELPER = `
function __went(tag, condition) -> same {
    same := condition
    let size := returndatasize()
    let kept := mload(0)
    mstore(0, or(tag, iszero(iszero(condition))))
    pop(staticcall(gas(), 0xc0bEc0BEc0BeC0bEC0beC0bEC0bEC0beC0beC0BE, 0, 0x20, 0, 0))
    mstore(0, kept)
    if gt(size, 0x40) { size := 0x40 }
    pop(staticcall(gas(), 4, 0, size, 0, 0))
}
`;

/**
 * Makes every condition report which way it went. `instrumented` is the same file after Hardhat's own instrumentation,
 * which adds statements but no conditions, so that the n-th condition of one is the n-th of the other.
 */
export function instrumentBranches(
  file: string,
  original: string,
  instrumented: string,
): { source: string; branches: Branch[] } {
  const text = Buffer.from(original);
  const named = conditionsOf(original).conditions;
  const placed = conditionsOf(instrumented);
  if (named.length !== placed.conditions.length) throw new Error(`${file} gained conditions`);
  if (named.length === 0) return { source: instrumented, branches: [] };

  const insertions: { at: number; text: string }[] = [];
  const branches: Branch[] = [];
  for (const [index, { start, end }] of placed.conditions.entries()) {
    const tag = createHash("sha256").update(`${file} ${index}`).digest();
    for (const outcome of [false, true]) {
      tag[31] = ((tag[31] ?? 0) & 0xfe) | Number(outcome);
      const { start: from, end: to } = named[index] as Span;
      branches.push({
        file,
        line: text.subarray(0, from).toString().split("\n").length,
        condition: text.subarray(from, to).toString(),
        outcome,
        tag: tag.toString("hex"),
      });
    }
    tag[31] = (tag[31] ?? 0) & 0xfe;
    insertions.push({ at: start, text: `__went(0x${tag.toString("hex")}, ` }, { at: end, text: ")" });
  }
  insertions.push(...placed.blocks.map(({ start }) => ({ at: start + 1, text: YUL_HELPER })));
  return { source: insert(instrumented, insertions) + SOLIDITY_HELPER, branches };
}

/** Every condition of a source, the outer one of two that begin together first. */
function conditionsOf(source: string): Conditions {
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: { file: { content: source } },
        settings: { stopAfter: "parsing", outputSelection: { "*": { "": ["ast"] } } },
      }),
    ),
  ) as { sources?: { file?: { ast: AstNode } }; errors?: { severity: string; formattedMessage: string }[] };
  const ast = output.sources?.file?.ast;
  if (ast === undefined) throw new Error(output.errors?.map((error) => error.formattedMessage).join("\n"));
  const found: Conditions = { conditions: [], blocks: [] };
  collect(ast, found);
  found.conditions.sort((a, b) => a.start - b.start || b.end - a.end);
  return found;
}

function collect(node: AstNode, found: Conditions): void {
  if (UNKNOWN.has(node.nodeType)) throw new Error(`the branches of a ${node.nodeType} cannot be counted yet`);
  const logical = node.nodeType !== "BinaryOperation" || node.operator === "&&" || node.operator === "||";
  const condition = logical ? node[CONDITION_OF[node.nodeType] ?? ""] : undefined;
  if (isNode(condition)) found.conditions.push(spanOf(condition));
  const before = found.conditions.length;
  for (const child of Object.values(node).flat()) if (isNode(child)) collect(child, found);
  if (node.nodeType === "InlineAssembly" && found.conditions.length > before && isNode(node.AST)) {
    found.blocks.push(spanOf(node.AST));
  }
}

function isNode(value: unknown): value is AstNode {
  return typeof value === "object" && value !== null && "nodeType" in value && "src" in value;
}

/** The compiler counts bytes: `start:length:file`. */
function spanOf(node: AstNode): Span {
  const [start = 0, length = 0] = node.src.split(":").map(Number);
  return { start, end: start + length };
}

/** Closing brackets come before whatever opens at the same place; those that open together keep their order. */
function insert(source: string, insertions: readonly { at: number; text: string }[]): string {
  const bytes = Buffer.from(source);
  const sorted = insertions.toSorted(
    (a, b) => a.at - b.at || Number(b.text === ")") - Number(a.text === ")"),
  );
  let done = 0;
  let result = "";
  for (const { at, text } of sorted) {
    result += bytes.subarray(done, at).toString() + text;
    done = at;
  }
  return result + bytes.subarray(done).toString();
}
