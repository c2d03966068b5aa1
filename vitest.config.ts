import { availableParallelism } from "node:os"
import { configDefaults, defineConfig } from "vitest/config"

const conditions = ["opbus-source"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["test/**/*.test.ts"],
    // In a real browser: vitest.browser.config.ts.
    exclude: [...configDefaults.exclude, "test/browser/**"],
    pool: "forks",
    maxWorkers: Math.max(1, Math.min(4, availableParallelism())),
    // Child processes and `import("opbus/…")` in a worker resolve to the sources as well.
    execArgv: conditions.map((condition) => `--conditions=${condition}`),
    env: { NODE_OPTIONS: conditions.map((condition) => `--conditions=${condition}`).join(" ") },
    testTimeout: 30_000,
    hookTimeout: 60_000
  }
})
