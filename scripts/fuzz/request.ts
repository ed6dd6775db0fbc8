import fc from "fast-check";
import { fromSchema, type Hints } from "./from-schema.ts";
import {
  hostileBody,
  hostileContentType,
  hostileHeader,
  hostileJson,
  hostilePiece,
  hostileText,
} from "./hostile.ts";
import type { Operation } from "./operations.ts";

/** Who asks. `ended` holds a token that was logged out, `forged` one that nobody issued. */
export const ROLES = ["nobody", "demo", "player", "other", "approver", "admin", "ended", "forged"] as const;
export type Role = (typeof ROLES)[number];

/** How a request says who asks. */
export type Carriage = "bearer" | "own cookie" | "foreign cookie";

/** A request as it goes out, but for what stands between `@@`: the world puts in what only it knows, such as ids and tokens. */
export type FuzzRequest = {
  operation: string;
  role: Role;
  carriage: Carriage;
  method: string;
  /** With the query, as on the request line. */
  target: string;
  headers: [string, string][];
  body: string | null;
  /** What was done to it, in order; nothing when it is as the schema wants it. */
  mutations: string[];
};

type Draft = {
  role: Role;
  carriage: Carriage;
  method: string;
  path: string;
  query: [string, string][];
  headers: [string, string][];
  json: unknown;
  /** Stands for `json` when a mutation has replaced the bytes themselves. */
  rawBody: string | null;
};

type Mutation = { name: string; apply(draft: Draft): Draft };

/** How often each role asks: of the players' routes, of those of admins and approvers, and to be logged out. */
const ROLE_WEIGHTS: Record<Role, { players: number; staff: number; leaving: number }> = {
  nobody: { players: 2, staff: 1, leaving: 2 },
  demo: { players: 2, staff: 1, leaving: 6 },
  player: { players: 6, staff: 2, leaving: 1 },
  other: { players: 2, staff: 1, leaving: 1 },
  approver: { players: 2, staff: 6, leaving: 0 },
  admin: { players: 3, staff: 6, leaving: 0 },
  ended: { players: 1, staff: 1, leaving: 2 },
  forged: { players: 1, staff: 1, leaving: 1 },
};

function crowdOf(path: string): "players" | "staff" | "leaving" {
  if (path.endsWith("/auth/logout")) return "leaving";
  return path.includes("/admin/") ? "staff" : "players";
}

/** Requests to one operation: as its schema wants them, and a good part of them then spoilt in one to three ways. */
export function requestTo(operation: Operation, hints: Hints): fc.Arbitrary<FuzzRequest> {
  const { parameters } = operation;
  /** What is known of a parameter of this very operation comes before what is known of its name. */
  const nameOf = (name: string) =>
    hints.has(`${operation.name} ${name}`) ? `${operation.name} ${name}` : name;
  const valuesOf = (where: string) => {
    const here = parameters.filter((parameter) => parameter.in === where);
    return fc.record(
      Object.fromEntries(here.map(({ name, schema }) => [name, fromSchema(schema, hints, nameOf(name))])),
      { requiredKeys: here.filter(({ required }) => required).map(({ name }) => name) },
    );
  };
  const crowd = crowdOf(operation.path);
  const drafts: fc.Arbitrary<Draft> = fc
    .record({
      role: fc.oneof(
        ...ROLES.map((role) => ({ weight: ROLE_WEIGHTS[role][crowd], arbitrary: fc.constant(role) })),
      ),
      carriage: fc.oneof(
        { weight: 8, arbitrary: fc.constant<Carriage>("bearer") },
        { weight: 2, arbitrary: fc.constant<Carriage>("own cookie") },
        { weight: 1, arbitrary: fc.constant<Carriage>("foreign cookie") },
      ),
      path: valuesOf("path"),
      query: valuesOf("query"),
      headers: valuesOf("header"),
      json:
        operation.body === null ? fc.constant(undefined) : fromSchema(operation.body, hints, operation.name),
    })
    .map(({ path, query, headers, ...rest }) => ({
      ...rest,
      method: operation.method,
      path: operation.path.replace(/\{(\w+)\}/g, (_all, name: string) => encodePiece(path[name])),
      query: Object.entries(query).map(([key, value]): [string, string] => [key, encodePiece(value)]),
      headers: Object.entries(headers).map(([key, value]): [string, string] => [key, String(value)]),
      rawBody: null,
    }));
  const spoilt = fc.array(mutation(operation), { minLength: 1, maxLength: 3 });
  return fc
    .tuple(
      drafts,
      fc.oneof({ weight: 2, arbitrary: fc.constant<Mutation[]>([]) }, { weight: 3, arbitrary: spoilt }),
    )
    .map(([draft, mutations]) => finish(operation, draft, mutations));
}

function encodePiece(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? "");
  // What the world fills in is encoded when it is filled in.
  return text
    .split(/(@@[\w.]+@@)/)
    .map((part) => (part.startsWith("@@") ? part : encodeURIComponent(part.toWellFormed())))
    .join("");
}

function mutation(operation: Operation): fc.Arbitrary<Mutation> {
  const ofUrl = [replaceSegment, appendSegment, extraQuery, repeatQuery, spoilQuery];
  const ofBody = [replaceInJson, addToJson, dropFromJson, replaceBody, changeContentType];
  const common = [addHeader, changeMethod, dropHeaders];
  const fitting = [
    ...ofUrl,
    ...common,
    ...(operation.body === null ? [replaceBody] : [...ofBody, ...ofBody]),
  ];
  return fc.oneof(...fitting.map((make) => make()));
}

const replaceSegment = () =>
  fc.tuple(fc.nat(8), hostilePiece).map(
    ([at, piece]): Mutation => ({
      name: "path segment",
      apply: (draft) => {
        const segments = draft.path.split("/");
        // The first two are empty and `api`: what is after them leads somewhere.
        segments[2 + (at % Math.max(1, segments.length - 2))] = piece;
        return { ...draft, path: segments.join("/") };
      },
    }),
  );

const appendSegment = () =>
  fc.constantFrom("/", "//", "/.", "/%2e%2e", "/../../admin/audit", "/admin", "%20", "%00", "?", "#").map(
    (tail): Mutation => ({
      name: "path tail",
      apply: (draft) => ({ ...draft, path: `${draft.path}${tail}` }),
    }),
  );

const extraQuery = () =>
  fc
    .tuple(
      fc.oneof(
        fc.constantFrom("__proto__", "constructor", "limit", "limit[]", "cursor", "a[b][c]", "toString"),
        hostilePiece,
      ),
      hostilePiece,
    )
    .map(
      ([key, value]): Mutation => ({
        name: "query parameter",
        apply: (draft) => ({ ...draft, query: [...draft.query, [key, value]] }),
      }),
    );

const repeatQuery = () =>
  fc.nat(4).map(
    (at): Mutation => ({
      name: "repeated query parameter",
      apply: (draft) => {
        const again = draft.query[at % Math.max(1, draft.query.length)] ?? ["limit", "1"];
        return { ...draft, query: [...draft.query, again, again] };
      },
    }),
  );

const spoilQuery = () =>
  fc.tuple(fc.nat(4), hostilePiece).map(
    ([at, piece]): Mutation => ({
      name: "query value",
      apply: (draft) => ({
        ...draft,
        query: draft.query.map(([key, value], index) => [
          key,
          index === at % draft.query.length ? piece : value,
        ]),
      }),
    }),
  );

const replaceInJson = () =>
  fc.tuple(fc.nat(20), hostileJson).map(
    ([at, value]): Mutation => ({
      name: "value in the body",
      apply: (draft) => ({ ...draft, json: replaceAt(draft.json, at, value) }),
    }),
  );

const addToJson = () =>
  fc
    .tuple(
      fc.oneof(
        fc.constantFrom(
          "__proto__",
          "constructor",
          "prototype",
          "toJSON",
          "",
          "id",
          "role",
          "roles",
          "account",
        ),
        hostileText,
      ),
      hostileJson,
    )
    .map(
      ([key, value]): Mutation => ({
        name: "surplus member in the body",
        apply: (draft) => ({
          ...draft,
          json: isObject(draft.json)
            ? Object.fromEntries([...Object.entries(draft.json), [key, value]])
            : { [key]: value },
        }),
      }),
    );

const dropFromJson = () =>
  fc.nat(5).map(
    (at): Mutation => ({
      name: "missing member in the body",
      apply: (draft) => {
        if (!isObject(draft.json)) return { ...draft, json: undefined };
        const entries = Object.entries(draft.json);
        return {
          ...draft,
          json: Object.fromEntries(entries.filter((_entry, index) => index !== at % entries.length)),
        };
      },
    }),
  );

const replaceBody = () =>
  hostileBody.map((body): Mutation => ({ name: "body", apply: (draft) => ({ ...draft, rawBody: body }) }));

const changeContentType = () =>
  hostileContentType.map(
    (type): Mutation => ({
      name: "content type",
      apply: (draft) => ({ ...draft, headers: [...draft.headers, ["content-type", type]] }),
    }),
  );

const addHeader = () =>
  hostileHeader.map(
    (header): Mutation => ({
      name: "header",
      apply: (draft) => ({ ...draft, headers: [...draft.headers, header] }),
    }),
  );

const dropHeaders = () =>
  fc.constant<Mutation>({ name: "no headers", apply: (draft) => ({ ...draft, headers: [] }) });

const changeMethod = () =>
  fc
    .constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "PROPFIND")
    .map((method): Mutation => ({ name: "method", apply: (draft) => ({ ...draft, method }) }));

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Replaces the `at`-th value inside `json`, counted in depth, or all of it. */
function replaceAt(json: unknown, at: number, value: unknown): unknown {
  if (!isObject(json)) return value;
  const entries = Object.entries(json);
  if (entries.length === 0) return value;
  const index = at % (entries.length + 1);
  if (index === entries.length) return value;
  return Object.fromEntries(
    entries.map(([key, inner], i) => {
      if (i !== index) return [key, inner];
      return [key, isObject(inner) && at % 2 === 1 ? replaceAt(inner, at >> 1, value) : value];
    }),
  );
}

function finish(operation: Operation, draft: Draft, mutations: readonly Mutation[]): FuzzRequest {
  const spoilt = mutations.reduce((before, { apply }) => apply(before), draft);
  const { role, carriage, method, path, query, rawBody } = spoilt;
  const body = rawBody ?? (spoilt.json === undefined ? null : JSON.stringify(spoilt.json));
  const headers: [string, string][] = [
    ...(body === null ? [] : [["content-type", "application/json"] satisfies [string, string]]),
    ...spoilt.headers,
  ];
  return {
    operation: operation.name,
    role,
    carriage,
    method,
    target: query.length === 0 ? path : `${path}?${query.map((pair) => pair.join("=")).join("&")}`,
    // The last one of a name is what was wanted last; an empty one is not sent.
    headers: [...new Map(headers)].filter(([name, value]) => name !== "content-type" || value !== ""),
    body,
    mutations: mutations.map(({ name }) => name),
  };
}
