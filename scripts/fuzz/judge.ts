import { Ajv, type ValidateFunction } from "ajv";
import type { Operation, Schema } from "./operations.ts";
import type { FuzzRequest, Role } from "./request.ts";
import type { Answer, NoAnswer, Sent } from "./send.ts";
import type { Secret, Victims } from "./victims.ts";

/** Something that must never be; `kind` and `where` tell faults apart, `detail` says what was seen. */
export type Fault = { kind: string; where: string; detail: string };

/** What the edge may say to any request, before or beside what its route documents. */
const EDGE_STATUSES = new Set([400, 401, 403, 404, 413, 429, 431]);
/** An admin's request of chance may have paused the rail, and a busy machine may hold up everything: both say so. */
const AWAY = /"code":"(?:rail_paused|overloaded)"/;
const WITHOUT_SESSION = new Set<Role>(["nobody", "ended", "forged"]);
const SHOWN = 300;

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export type Judge = (request: FuzzRequest, sent: Sent, answer: Answer | NoAnswer) => Fault[];

/** Looks at one request and its answer, and says what is wrong with them. */
export function createJudge(operations: readonly Operation[], victims: Victims): Judge {
  const ajv = new Ajv({ strict: false, formats: { "date-time": DATE_TIME, uuid: UUID } });
  const validators = new Map<Schema, ValidateFunction>();
  const templates = operations.map((operation) => ({
    operation,
    pattern: new RegExp(`^${operation.path.replace(/\{\w+\}/g, "[^/]+")}$`),
  }));

  function schemaFault(schema: Schema, text: string): string | null {
    let validate = validators.get(schema);
    if (validate === undefined) {
      validate = ajv.compile(schema);
      validators.set(schema, validate);
    }
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return `it is no JSON: ${text.slice(0, SHOWN)}`;
    }
    return validate(body) ? null : `${ajv.errorsText(validate.errors)}: ${text.slice(0, SHOWN)}`;
  }

  return (request, sent, answer) => {
    const where = request.operation;
    const fault = (kind: string, detail: string): Fault => ({ kind, where, detail });
    if ("failed" in answer) return [fault(answer.failed === "hang" ? "hang" : "no answer", answer.detail)];

    const faults: Fault[] = [];
    const { status, headers, body } = answer;
    const shown = `${status} ${body.slice(0, SHOWN)}`;
    const path = sent.target.split(/[?#]/)[0] ?? "";
    const reached = templates.find(
      ({ operation, pattern }) => operation.method === sent.method && pattern.test(path),
    )?.operation;
    const answersOnly = sent.method === "HEAD";
    const type = (headers.get("content-type") ?? "").split(";")[0] ?? "";

    const isAway = status === 503 && AWAY.test(body);
    if (status >= 500 && !isAway) faults.push(fault("server error", shown));
    if (headers.has("x-injected")) faults.push(fault("header injected", JSON.stringify([...headers])));
    if (!headers.has("x-request-id") && status !== 431) faults.push(fault("no request id", shown));
    if (status >= 400 && !answersOnly) {
      if (type !== "application/problem+json") faults.push(fault("no problem", `${type}: ${shown}`));
      else
        faults.push(...problemFaults(body, status, headers).map((detail) => fault("wrong problem", detail)));
    }
    if (reached !== undefined && reached.responses.size > 0 && !answersOnly) {
      const documented = reached.responses.get(status);
      const isEdge = status === 429 || isAway || (request.mutations.length > 0 && EDGE_STATUSES.has(status));
      if (documented === undefined) {
        if (!isEdge) faults.push(fault("undocumented status", shown));
      } else if (documented.size > 0) {
        const schema = documented.get(type);
        if (schema === undefined) faults.push(fault("undocumented media type", `${type}: ${shown}`));
        else if (type.endsWith("json")) {
          const wrong = schemaFault(schema, body);
          if (wrong !== null) faults.push(fault("against its schema", `${status}: ${wrong}`));
        }
      }
    }
    if (status < 400 && reached !== undefined) faults.push(...doorFaults(request, sent, reached));
    faults.push(...secretFaults(request.role, sent, `${JSON.stringify([...headers])}${body}`, where));
    return faults;
  };

  /** Successes that somebody had who should have been turned away. */
  function doorFaults({ role, headers, operation }: FuzzRequest, sent: Sent, reached: Operation): Fault[] {
    // A header of chance that happens to hold a token would be another story.
    if (headers.some(([name]) => name === "authorization" || name === "cookie")) return [];
    const open = (detail: string): Fault => ({ kind: "open door", where: operation, detail });
    const isStaff = role === "admin" || role === "approver";
    const faults: Fault[] = [];
    const byItsOwnToken = reached.path.endsWith("/auth/logout");
    if (reached.secured && WITHOUT_SESSION.has(role) && !byItsOwnToken)
      faults.push(open(`${reached.name} for ${role}`));
    if (reached.path.includes("/admin/") && !isStaff) faults.push(open(`${reached.name} for ${role}`));
    const target = decode(sent.target);
    const isVictimsPayout = [victims.payoutId, victims.claimId].some((id) => target.includes(id));
    if (isVictimsPayout && reached.path.includes("{id}") && !isStaff)
      faults.push(open(`${target} for ${role}`));
    if (reached.path.endsWith("/statement") && target.includes(victims.account) && role !== "admin")
      faults.push(open(`${target} for ${role}`));
    if (target.includes(victims.demoAccount) && role !== "admin") faults.push(open(`${target} for ${role}`));
    if (
      sent.headers.some(([name, value]) => name === "origin" && value.includes("evil")) &&
      role !== "nobody"
    ) {
      const isUnsafe = sent.method !== "GET" && sent.method !== "HEAD" && sent.method !== "OPTIONS";
      const byCookie = sent.headers.some(([name]) => name === "cookie");
      if (isUnsafe && byCookie && reached.secured)
        faults.push(open(`${reached.name} by another site's page`));
    }
    return faults;
  }

  function secretFaults(role: Role, sent: Sent, seen: string, where: string): Fault[] {
    const asked = decode(`${sent.target}${sent.body ?? ""}${JSON.stringify(sent.headers)}`);
    return leaks(victims.secrets, role, asked, seen).map(({ what }) => ({
      kind: "somebody else's data",
      where,
      detail: `${what} was shown to ${role}`,
    }));
  }
}

/** The secrets that `seen` holds, `role` may not see, and did not bring along itself. */
export function leaks(secrets: readonly Secret[], role: Role, asked: string, seen: string): Secret[] {
  const isStaff = role === "admin" || role === "approver";
  return secrets.filter(
    ({ text, audience }) =>
      seen.includes(text) && !asked.includes(text) && !(isStaff && audience !== "nobody"),
  );
}

function problemFaults(body: string, status: number, headers: ReadonlyMap<string, string>): string[] {
  let problem: { status?: unknown; code?: unknown; detail?: unknown; type?: unknown; requestId?: unknown };
  try {
    problem = JSON.parse(body) as typeof problem;
  } catch {
    return [`it is no JSON: ${body.slice(0, SHOWN)}`];
  }
  const faults: string[] = [];
  if (problem.status !== status) faults.push(`it says ${problem.status} under ${status}`);
  if (typeof problem.code !== "string" || !/^[a-z][a-z0-9_]*$/.test(problem.code))
    faults.push(`its code is ${problem.code}`);
  if (problem.type !== `urn:coinclicker:problem:${problem.code}`) faults.push(`its type is ${problem.type}`);
  if (typeof problem.detail !== "string" || problem.detail === "")
    faults.push("it does not say what is wrong");
  if (problem.requestId !== headers.get("x-request-id")) faults.push("its request id is not the answer's");
  return faults.map((text) => `${text}: ${body.slice(0, SHOWN)}`);
}

function decode(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });
}
