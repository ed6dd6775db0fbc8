import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/kit/global-setup.ts"],
    setupFiles: ["test/kit/seed.ts"],
    pool: "forks",
    maxWorkers: 2,
    // Far beyond what anything takes: a limit ends what hangs, and says nothing of how fast a machine is.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    execArgv: ["--disable-warning=ExperimentalWarning"],
    reporters: ["default"],
  },
});
