/** Many programs, one after the other: what `npm run campaign -- history` runs, and briefly the tests. */
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { SqlHistoryStore } from "opbus/history/SqlHistoryStore"
import { LibsqlClient } from "opbus/sql"
import { run } from "./executor.ts"
import { generate } from "./generator.ts"
import { kindsOf, type Program } from "./program.ts"
import { type Failure, Runner, type Store } from "./runner.ts"
import { pretty, shrink } from "./shrink.ts"

/** Runs one program, on a store of its own. */
export const runOn = (
  program: Program,
  store: "memory" | "sql",
  seen?: (kind: string) => void
): Effect.Effect<Failure | undefined> =>
  store === "memory" ? run(program, store, seen) : Effect.acquireUseRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "opbus-campaign-"))),
    (folder) => run(program, sqlStore(folder), seen),
    (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
  )

const sqlStore = (folder: string): Store =>
  SqlHistoryStore.layer.pipe(
    Layer.provide(LibsqlClient.layer({ url: path.join(folder, "history.db"), synchronous: "NORMAL" })),
    Layer.orDie
  )

/** A program that is being shrunk must go on failing in the same way. */
const kindOf = (failure: Failure): string => failure.message.split(/[:\n]/)[0]!

/** The failing program made small, and how to see it again. */
export const explain = (failure: Failure, store: "memory" | "sql"): Effect.Effect<string> =>
  Effect.gen(function*() {
    if (failure.message.startsWith("it hangs")) Runner.patience = 2_000
    const small = yield* shrink(
      failure.program,
      (candidate) =>
        Effect.map(runOn(candidate, store), (result) => result !== undefined && kindOf(result) === kindOf(failure)),
      store === "memory" ? 3000 : 300
    )
    const again = (yield* runOn(small, store)) ?? failure
    return [
      `seed ${failure.program.seed} fails, here shrunk from ${failure.program.steps.length} to ${small.steps.length} steps:`,
      pretty(again.program),
      `at step ${again.at}: ${again.message}`,
      "",
      `  npm run campaign -- history --seed ${failure.program.seed}${store === "sql" ? " --store sql" : ""}`
    ].join("\n")
  })

export interface HistoryCampaign {
  readonly count: number
  readonly from: number
  readonly store: "memory" | "sql"
  readonly verbose: boolean
  readonly progress: boolean
  readonly keepGoing: boolean
}

/** Gives the exit code. */
export const campaignHistory = (options: HistoryCampaign): Promise<number> =>
  Effect.runPromise(Effect.gen(function*() {
    const started = performance.now()
    const kinds = new Map<string, number>()
    const seen = (kind: string, count = 1) => kinds.set(kind, (kinds.get(kind) ?? 0) + count)
    const failing: Array<number> = []
    let steps = 0
    let reported = started
    const rate = (done: number) => (done / ((performance.now() - started) / 1000)).toFixed(0)
    for (let i = 0; i < options.count; i++) {
      const seed = options.from + i
      const program = generate(seed)
      if (options.verbose) console.log(`${pretty(program)}\n`)
      steps += program.steps.length
      for (const [kind, count] of kindsOf(program)) seen(kind, count)
      const failure = yield* runOn(program, options.store, (kind) => seen(kind))
      if (failure !== undefined) {
        failing.push(seed)
        if (!options.keepGoing) {
          if (options.verbose) console.log(`at step ${failure.at}: ${failure.message}\n`)
          console.log(yield* explain(failure, options.store))
          break
        }
        console.log(`seed ${seed} fails at step ${failure.at}: ${failure.message.split("\n")[0]}`)
      }
      const now = performance.now()
      if (now - reported > (options.progress ? 1000 : 10_000)) {
        reported = now
        console.log(`${i + 1} of ${options.count} histories, ${rate(i + 1)}/s`)
      }
    }
    if (options.keepGoing && failing.length > 0) {
      console.log(`${failing.length} seeds fail: ${failing.slice(0, 100).join(", ")}`)
    }
    if (failing.length > 0) return 1
    if (!options.verbose) {
      console.log("\nwhat was generated:")
      const width = Math.max(...[...kinds.keys()].map((kind) => kind.length))
      for (const [kind, count] of [...kinds].sort(([a], [b]) => a < b ? -1 : 1)) {
        console.log(`  ${kind.padEnd(width)} ${String(count).padStart(9)}`)
      }
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(
      `\n${options.count} ${
        options.count === 1 ? "history" : "histories"
      } of ${steps} steps as the model says, seeds ${options.from} to ${
        options.from + options.count - 1
      }, store ${options.store}, ${seconds} s, ${rate(options.count)}/s`
    )
    return 0
  }))
