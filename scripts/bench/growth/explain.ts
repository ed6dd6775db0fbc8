import type pg from "pg";

type PlanNode = {
  "Node Type": string;
  "Index Name"?: string;
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  Plans?: PlanNode[];
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
};

/** How statements went at the tables: by which index or whole table, and through how many blocks. */
export type Access = {
  scans: Set<string>;
  blocks: number;
};

/** A pool that answers as `pool` does and notes for each statement how it was executed. */
export function explaining(pool: pg.Pool): { pool: pg.Pool; access: Access } {
  const access: Access = { scans: new Set(), blocks: 0 };
  async function query(
    statement: string | { text: string; values?: unknown[] },
    values?: unknown[],
  ): Promise<pg.QueryResult> {
    const text = typeof statement === "string" ? statement : statement.text;
    const given = typeof statement === "string" ? values : statement.values;
    const { rows } = await pool.query<{ "QUERY PLAN": { Plan: PlanNode }[] }>(
      `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${text}`,
      given,
    );
    const plan = rows[0]?.["QUERY PLAN"][0]?.Plan;
    if (plan !== undefined) {
      access.blocks += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
      note(plan, access.scans);
    }
    return pool.query(text, given);
  }
  return { pool: { query } as unknown as pg.Pool, access };
}

/** Small tables of settings are read as a whole wherever they appear. */
const SETTINGS = new Set(["assets"]);

function note(node: PlanNode, scans: Set<string>): void {
  const type = node["Node Type"];
  const relation = node["Relation Name"] ?? "";
  if (type.includes("Index") && node["Index Name"] !== undefined) scans.add(node["Index Name"]);
  else if (type.endsWith("Scan") && relation !== "" && !SETTINGS.has(relation)) {
    scans.add(`${type.toUpperCase()} of ${relation}`);
  }
  for (const child of node.Plans ?? []) note(child, scans);
}
