/**
 * The leak that managed services are there for, scaled: fourteen models of 20 MB into a pool of 64 MB. Run as a process of
 * its own, because memory is counted per process: prints what each load came to, and how large the process was at most.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { ModelPoolService } from "opbus/native/modules/modelPool/ModelPoolService"
import { type Kind, start } from "../support.ts"

const kind = process.argv[2] as Kind
const makeRoom = process.argv[3] === "make-room"

const read = (file: string): string => fs.readFileSync(file, "utf8")

/** This process, and those that it has started. */
const family = (): ReadonlyArray<string> => {
  const own = String(process.pid)
  const children = fs.readdirSync(`/proc/${own}/task`).flatMap((task) =>
    read(`/proc/${own}/task/${task}/children`).split(" ").filter((pid) => pid !== "")
  )
  return [own, ...children]
}

const kilobytes = (pid: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(read(`/proc/${pid}/status`))?.[1])

const sum = (name: string): number => family().reduce((total, pid) => total + kilobytes(pid, name), 0) * 1024

/** From now on, the peak counts anew. */
const forgetPeaks = () => {
  for (const pid of family()) fs.writeFileSync(`/proc/${pid}/clear_refs`, "5")
}

const load = (pool: (typeof ModelPoolService)["Service"], id: string, sizeMb: number) =>
  Effect.match(
    pool.commands.load({ id, source: { _tag: "Seeded", seed: 3, sizeMb }, kind: "adapter", makeRoom }),
    { onFailure: ({ _tag }) => _tag, onSuccess: ({ unloaded }) => unloaded.length > 0 ? "made room" : "ok" }
  )

const program = Effect.gen(function*() {
  const pool = yield* start(ModelPoolService, kind, { budgetMb: 64 })
  // Everything that runs below has run before its memory is counted.
  for (let round = 0; round < 40; round++) {
    yield* load(pool, "warm-up", 1)
    yield* load(pool, "too large", 65)
    yield* pool.commands.stats({})
    yield* pool.commands.unload({ id: "warm-up", force: true })
  }
  const before = sum("VmRSS")
  forgetPeaks()
  const outcomes: Array<string> = []
  for (let number = 1; number <= 14; number++) outcomes.push(yield* load(pool, `m${number}`, 20))
  const full = sum("VmRSS")
  const peak = sum("VmHWM")
  yield* pool.managed.shedLoad
  return { outcomes, before, full, peak, after: sum("VmRSS") }
})

console.log(JSON.stringify(await Effect.runPromise(Effect.scoped(program))))
