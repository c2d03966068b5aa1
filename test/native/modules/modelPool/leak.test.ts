import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { kinds } from "../support.ts"

const MB = 1 << 20

const run = (kind: string, policy: string) =>
  JSON.parse(execFileSync(process.execPath, [
    "--conditions=opbus-source",
    fileURLToPath(new URL("leak.ts", import.meta.url)),
    kind,
    policy
  ], { encoding: "utf8" })) as {
    readonly outcomes: ReadonlyArray<string>
    readonly before: number
    readonly full: number
    readonly peak: number
    readonly after: number
  }

const times = (count: number, text: string) => Array.from({ length: count }, () => text)

// Only Linux says how large a process was at most since a given moment.
describe.skipIf(process.platform !== "linux")("fourteen models of 20 MB into a pool of 64 MB", () => {
  for (const kind of kinds) {
    for (const policy of ["refuse", "make-room"]) {
      it(`in ${kind}, ${policy}: the process never passes its start by more than the budget and a tenth`, () => {
        const { after, before, full, outcomes, peak } = run(kind, policy)
        const figures = JSON.stringify({ before, full, peak, after })
        const fromTheFourth = policy === "refuse" ? "BudgetExceeded" : "made room"
        assert.deepStrictEqual(outcomes, [...times(3, "ok"), ...times(11, fromTheFourth)])
        assert.isAtMost(peak, before + 64 * MB * 1.1, figures)
        assert.isAtLeast(full, before + 55 * MB, `the pages are really there: ${figures}`)
        assert.isAtMost(after, before + 8 * MB, `and really given back: ${figures}`)
      }, 60_000)
    }
  }
})
