import { type Logger as PinoLogger, pino } from "pino";

export type Logger = PinoLogger;

/** Paths that may hold a token, a signature or a key, at the top of a record or one level down. */
const SECRETS = [
  "authorization",
  "cookie",
  "token",
  "accessToken",
  "refreshToken",
  "signature",
  "signatures",
  "privateKey",
  "secret",
  "rawTransaction",
];

/** Structured logs on standard output; everything named like a secret is written as `[redacted]`. */
export function createLogger(
  options: { level: string; name?: string },
  destination?: NodeJS.WritableStream,
): Logger {
  const paths = SECRETS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  paths.push('req.headers["set-cookie"]', 'res.headers["set-cookie"]');
  const settings = {
    name: options.name ?? "coinclicker",
    level: options.level,
    redact: { paths, censor: "[redacted]" },
  };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}
