import { Type } from "typebox";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/index.ts";
import { problemResponses, type Routes } from "../../platform/http/index.ts";
import { type Auth, sessionOf } from "../auth/index.ts";
import { pauseRail, type RailPause, resumeRail } from "../payouts/index.ts";
import { railNotPaused } from "./errors.ts";

const Rail = Type.Union([Type.Literal("flare"), Type.Literal("xrpl")], { default: "flare" });
const Reason = Type.String({ minLength: 3, maxLength: 500, pattern: "\\S" });

const PauseBody = Type.Object({ reason: Reason, rail: Type.Optional(Rail) }, { additionalProperties: false });
const ResumeBody = Type.Object(
  {
    confirm: Type.Literal("resume", {
      description:
        "Says that whoever resumes has looked at why the rail was paused; payouts leave again at once.",
    }),
    reason: Reason,
    rail: Type.Optional(Rail),
  },
  { additionalProperties: false },
);

export const PauseSchema = Type.Object({
  actor: Type.String({ description: "An address, or the part of the system that found something wrong." }),
  reason: Type.String(),
  details: Type.Record(Type.String(), Type.Unknown()),
  pausedAt: Type.String(),
});

const RailState = Type.Object({
  rail: Type.String(),
  paused: Type.Boolean(),
  changed: Type.Boolean({
    description: "false when somebody had paused it before: that first pause stands.",
  }),
  pause: Type.Union([PauseSchema, Type.Null()], { description: "The pause that stands, or that was ended." }),
});

export function pauseView(pause: RailPause) {
  return {
    actor: pause.actor,
    reason: pause.reason,
    details: pause.details,
    pausedAt: pause.pausedAt.toISOString(),
  };
}

/** The pause switch. A pause holds for every process from the moment that it is answered. */
export function railRoutes(deps: { db: Database; clock: Clock; auth: Pick<Auth, "requireRole"> }): Routes {
  const { db, clock, auth } = deps;
  const common = {
    tags: ["admin"],
    security: [{ bearer: [] }, { cookie: [] }] as Record<string, string[]>[],
  };
  return async (routes) => {
    routes.post(
      "/admin/pause",
      {
        onRequest: auth.requireRole("admin"),
        schema: {
          ...common,
          summary:
            "Stop payouts: nothing new is requested, batched or signed; what was sent is still watched",
          body: PauseBody,
          response: { 200: RailState, ...problemResponses(400, 401, 403, 503) },
        },
      },
      async (request) => {
        const { rail = "flare", reason } = request.body;
        const actor = sessionOf(request).account;
        const { pause, changed } = await db.transaction((tx) =>
          pauseRail(tx, { rail, actor, reason: reason.trim(), now: clock.now() }),
        );
        return { rail, paused: true, changed, pause: pauseView(pause) };
      },
    );

    routes.post(
      "/admin/resume",
      {
        onRequest: auth.requireRole("admin"),
        schema: {
          ...common,
          summary: "Let payouts run again",
          body: ResumeBody,
          response: { 200: RailState, ...problemResponses(400, 401, 403, 409, 503) },
        },
      },
      async (request) => {
        const { rail = "flare", reason } = request.body;
        const actor = sessionOf(request).account;
        const ended = await db.transaction((tx) => resumeRail(tx, { rail, actor, reason: reason.trim() }));
        if (ended === null) throw railNotPaused(rail);
        return { rail, paused: false, changed: true, pause: pauseView(ended) };
      },
    );
  };
}
