import { availableParallelism } from "node:os"
import { configDefaults, defineConfig, mergeConfig } from "vitest/config"
import base from "./vitest.config.ts"

/** The tests in a real browser; `node scripts/browser.ts` runs them where Chromium is. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: configDefaults.exclude } },
  defineConfig({
    test: {
      include: ["test/browser/**/*.test.ts"],
      maxWorkers: Math.max(1, Math.min(2, availableParallelism())),
      testTimeout: 60_000
    }
  })
)
