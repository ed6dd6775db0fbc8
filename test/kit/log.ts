import { createLogger } from "../../src/platform/log.ts";

/** What tests log: nothing, unless TEST_LOG_LEVEL says otherwise. */
export const silentLog = createLogger({ level: process.env.TEST_LOG_LEVEL ?? "silent" });
