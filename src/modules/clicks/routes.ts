import { problemResponses, type Routes } from "../../platform/http/index.ts";
import { type Auth, type Session, sessionOf } from "../auth/index.ts";
import { ClickBody } from "./parse-click.ts";
import { type ClickReply, ClickReplySchema, type ClickStateReply, ClickStateSchema } from "./schemas.ts";

const SECURITY: Record<string, string[]>[] = [{ bearer: [] }, { cookie: [] }];

export function clickRoutes(deps: {
  auth: Pick<Auth, "requireSession">;
  click(
    session: Session,
    input: unknown,
    meta: { ip: string; userAgent: string | undefined },
  ): Promise<ClickReply>;
  stateOf(session: Session): Promise<ClickStateReply>;
}): Routes {
  return async (server) => {
    server.post(
      "/click",
      {
        onRequest: deps.auth.requireSession,
        schema: {
          tags: ["clicks"],
          summary: "Click, once or several times",
          description:
            "The server counts: `accepted` says how many taps were earned with the energy there was. The same `clientNonce` gives the first answer again, whenever it is repeated, as long as `count` is the same; with another count it is `nonce_reused`. `session` here means one sign-in: nonces of different sessions do not meet.",
          security: SECURITY,
          body: ClickBody,
          response: { 200: ClickReplySchema, ...problemResponses(400, 401, 403, 422, 429, 503) },
        },
      },
      (request) =>
        deps.click(sessionOf(request), request.body, {
          ip: request.ip,
          userAgent: request.headers["user-agent"],
        }),
    );

    server.get(
      "/click",
      {
        onRequest: deps.auth.requireSession,
        schema: {
          tags: ["clicks"],
          summary: "Where the player stands: clicks, balance and energy",
          security: SECURITY,
          response: { 200: ClickStateSchema, ...problemResponses(401, 503) },
        },
      },
      (request) => deps.stateOf(sessionOf(request)),
    );
  };
}
