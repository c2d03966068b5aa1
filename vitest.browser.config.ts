import { availableParallelism } from "node:os"
import { configDefaults, defineConfig, mergeConfig } from "vitest/config"
import base from "./vitest.config.ts"

const alone = "test/browser/**/*.alone.test.ts"

const shared = { ...base, test: { ...base.test, include: [], exclude: [] } }

/** Groups run one after the other. */
const project = (name: string, groupOrder: number, include: string, exclude: ReadonlyArray<string>, workers: number) =>
  mergeConfig(shared, {
    test: {
      name,
      include: [include],
      exclude: [...configDefaults.exclude, ...exclude],
      maxWorkers: workers,
      sequence: { groupOrder },
      testTimeout: 120_000
    }
  })

/**
 * The tests in a real browser; `node scripts/browser.ts` runs them where Chromium is. What measures time is in
 * `*.alone.test.ts`: nothing else of ours runs meanwhile.
 */
export default defineConfig({
  test: {
    projects: [
      project("stories", 0, "test/browser/**/*.test.ts", [alone], Math.max(1, Math.min(2, availableParallelism()))),
      project("alone", 1, alone, [], 1)
    ]
  }
})
