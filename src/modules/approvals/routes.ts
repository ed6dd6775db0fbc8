import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import { problemResponses, type Routes } from "../../platform/http/index.ts";
import { type Auth, type Session, sessionOf } from "../auth/index.ts";
import type { Payout } from "../payouts/index.ts";
import type { ApprovalActs, Approver } from "./approve-payout.ts";
import { notAnApprover } from "./errors.ts";
import { readApprovalView } from "./read-approval.ts";
import {
  ApprovalStateSchema,
  ApprovalViewSchema,
  PayoutIdParams,
  RejectionBody,
  SignatureBody,
} from "./schemas.ts";
import type { SigningScheme } from "./scheme.ts";

const SECURITY: Record<string, string[]>[] = [{ bearer: [] }, { cookie: [] }];
const TAGS = ["approvals"];

/** Approving needs an address to compare signatures with; a session without one cannot have the role. */
function approverOf({ address, account }: Session): Approver {
  if (address === null) throw notAnApprover(null, "configuration");
  return { address, account };
}

export function approvalRoutes(parts: {
  db: Database;
  clock: Clock;
  auth: Pick<Auth, "requireRole">;
  acts: ApprovalActs;
  schemeOf: (payout: Payout) => SigningScheme;
}): Routes {
  const { auth, acts } = parts;
  return async (routes) => {
    routes.get(
      "/admin/payouts/:id/approval",
      {
        onRequest: auth.requireRole("admin", "approver"),
        schema: {
          tags: TAGS,
          security: SECURITY,
          summary: "What to sign for a payout, in full, with what it means and what it would do",
          params: PayoutIdParams,
          response: { 200: ApprovalViewSchema, ...problemResponses(400, 401, 403, 404, 409, 503) },
        },
      },
      async (request) => readApprovalView(parts, request.params.id, sessionOf(request).address),
    );

    routes.post(
      "/admin/payouts/:id/approvals",
      {
        onRequest: auth.requireRole("approver"),
        schema: {
          tags: TAGS,
          security: SECURITY,
          summary: "Approve a payout with a signature of exactly what its approval shows",
          params: PayoutIdParams,
          body: SignatureBody,
          response: { 200: ApprovalStateSchema, ...problemResponses(400, 401, 403, 404, 409, 422, 503) },
        },
      },
      async (request) => acts.approve(approverOf(sessionOf(request)), request.params.id, request.body),
    );

    routes.delete(
      "/admin/payouts/:id/approvals/mine",
      {
        onRequest: auth.requireRole("approver"),
        schema: {
          tags: TAGS,
          security: SECURITY,
          summary: "Take your own approval back, until the payout is in a batch",
          params: PayoutIdParams,
          response: { 200: ApprovalStateSchema, ...problemResponses(400, 401, 403, 404, 409, 503) },
        },
      },
      async (request) => acts.revoke(approverOf(sessionOf(request)), request.params.id),
    );

    routes.post(
      "/admin/payouts/:id/rejection",
      {
        onRequest: auth.requireRole("approver"),
        schema: {
          tags: TAGS,
          security: SECURITY,
          summary:
            "Reject a payout that waits, for approvals or for a new address; what was held for it goes back",
          params: PayoutIdParams,
          body: RejectionBody,
          response: { 200: ApprovalStateSchema, ...problemResponses(400, 401, 403, 404, 409, 503) },
        },
      },
      async (request) =>
        acts.reject(approverOf(sessionOf(request)), request.params.id, request.body.reason.trim()),
    );
  };
}
