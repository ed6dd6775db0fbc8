import { describe, expect, it } from "vitest";
import { createJudge, type Fault } from "../../scripts/fuzz/judge.ts";
import type { Operation } from "../../scripts/fuzz/operations.ts";
import type { FuzzRequest } from "../../scripts/fuzz/request.ts";
import type { Answer, NoAnswer, Sent } from "../../scripts/fuzz/send.ts";
import type { Victims } from "../../scripts/fuzz/victims.ts";

const ID = "01890000-0000-7000-8000-000000000001";
const victims: Victims = {
  account: "0xVictim",
  playerId: "player-of-victim",
  sessionId: "session-of-victim",
  demoAccount: "demo:victim",
  linked: "0xLinked",
  payoutId: ID,
  claimId: "01890000-0000-7000-8000-000000000002",
  secrets: [
    { what: "the linked wallet", text: "0xLinked", audience: "nobody" },
    { what: "the memo", text: "a-memo", audience: "admins and approvers" },
  ],
};
const problem = new Map([["application/problem+json", { type: "object" }]]);
const operation = (method: string, path: string, more: Partial<Operation> = {}): Operation => ({
  name: `${method} ${path}`,
  method,
  path,
  parameters: [],
  body: null,
  secured: true,
  responses: new Map([
    [200, new Map([["application/json", { type: "object", required: ["id"] }]])],
    [404, problem],
  ]),
  ...more,
});
const judge = createJudge(
  [
    operation("GET", "/api/v1/payouts/{id}"),
    operation("POST", "/api/v1/admin/pause"),
    operation("GET", "/api/v1/balance/{account}/statement"),
  ],
  victims,
);

/** What the judge says of an answer to a request for a payout that is nobody's in particular. */
function faults(
  answer: Partial<Answer> | NoAnswer,
  asked: { request?: Partial<FuzzRequest>; sent?: Partial<Sent> } = {},
): string[] {
  const request: FuzzRequest = {
    operation: "GET /api/v1/payouts/{id}",
    role: "player",
    carriage: "bearer",
    method: "GET",
    target: "",
    headers: [],
    body: null,
    mutations: [],
    ...asked.request,
  };
  const sent: Sent = {
    url: "http://x",
    method: "GET",
    target: "/api/v1/payouts/some",
    headers: [],
    body: null,
    ...asked.sent,
  };
  const whole = "failed" in answer ? answer : { ...good, ...answer };
  return judge(request, sent, whole).map(({ kind }: Fault) => kind);
}

const good: Answer = {
  status: 200,
  headers: new Map([
    ["content-type", "application/json; charset=utf-8"],
    ["x-request-id", "r1"],
  ]),
  body: '{"id":"some"}',
};
const refusal = (status: number, change: object = {}): Answer => ({
  status,
  headers: new Map([
    ["content-type", "application/problem+json"],
    ["x-request-id", "r1"],
  ]),
  body: JSON.stringify({
    type: "urn:coinclicker:problem:not_there",
    status,
    code: "not_there",
    detail: "it is not there",
    requestId: "r1",
    ...change,
  }),
});

describe("the judge of a fuzzed request", () => {
  it("has nothing to say against a good answer and a good refusal", () => {
    expect(faults({})).toEqual([]);
    expect(faults(refusal(404))).toEqual([]);
  });

  it.each<[string, Partial<Answer> | NoAnswer, string[]]>([
    ["no answer in time", { failed: "hang", detail: "" }, ["hang"]],
    ["a connection that ends", { failed: "cut", detail: "" }, ["no answer"]],
    ["a failure of ours", refusal(500), ["server error", "undocumented status"]],
    ["a status that is not documented", refusal(409), ["undocumented status"]],
    ["a body against its schema", { body: '{"no":1}' }, ["against its schema"]],
    ["a body that is no JSON", { body: "oh" }, ["against its schema"]],
    ["a problem under another status", refusal(404, { status: 400 }), ["wrong problem"]],
    ["a problem without a code", refusal(404, { code: undefined }), ["wrong problem", "wrong problem"]],
    ["a problem of another request", refusal(404, { requestId: "r2" }), ["wrong problem"]],
    [
      "a refusal that is no problem",
      { ...refusal(404), headers: good.headers },
      ["no problem", "undocumented media type"],
    ],
    [
      "a header that was put in",
      { headers: new Map([...good.headers, ["x-injected", "1"]]) },
      ["header injected"],
    ],
    ["a victim's wallet", { body: '{"id":"0xLinked"}' }, ["somebody else's data"]],
    ["a victim's memo", { body: '{"id":"a-memo"}' }, ["somebody else's data"]],
  ])("finds %s", (_what, answer, kinds) => {
    expect(faults(answer)).toEqual(kinds);
  });

  it("lets staff see what is theirs to see, and whoever brought something have it back", () => {
    expect(faults({ body: '{"id":"a-memo"}' }, { request: { role: "admin" } })).toEqual([]);
    expect(faults({ body: '{"id":"0xLinked"}' }, { request: { role: "admin" } })).toEqual([
      "somebody else's data",
    ]);
    expect(faults({ body: '{"id":"0xLinked"}' }, { sent: { target: "/api/v1/payouts/0xLinked" } })).toEqual(
      [],
    );
  });

  it.each<[string, Partial<FuzzRequest>, Partial<Sent>]>([
    ["nobody is let in", { role: "nobody" }, {}],
    ["an ended session is let in", { role: "ended" }, {}],
    ["a victim's payout is shown", {}, { target: `/api/v1/payouts/${ID}` }],
    [
      "a victim's payout is shown, asked for in disguise",
      {},
      { target: `/api/v1/payouts/${ID.replace("0", "%30")}` },
    ],
    ["a victim's statement is shown", { role: "approver" }, { target: "/api/v1/balance/0xVictim/statement" }],
    ["a player does what admins do", {}, { method: "POST", target: "/api/v1/admin/pause" }],
    [
      "another site's page acts by a cookie",
      { role: "admin" },
      {
        method: "POST",
        target: "/api/v1/admin/pause",
        headers: [
          ["origin", "https://evil.example"],
          ["cookie", "cc_access=x"],
        ],
      },
    ],
  ])("finds it when %s", (_what, request, sent) => {
    expect(faults({}, { request, sent })).toEqual(["open door"]);
  });
});
