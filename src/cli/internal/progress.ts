import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Invocation } from "../../operation/Invocation.ts"
import { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { Json } from "./globals.ts"
import { oneLine } from "./text.ts"

/**
 * Shows the progress of the next invocation of a key until the scope closes: as a line that is drawn over itself on a
 * terminal, as JSON lines with `--json`, else not at all.
 *
 * @internal
 */
export const show = (key: string): Effect.Effect<ProgressLine, never, Scope.Scope | OperationInvoker | JsonFlag> =>
  Effect.gen(function*() {
    const line = yield* make(key)
    const invoker = yield* OperationInvoker
    let root: string | undefined
    yield* invoker.observe((event: Invocation) => {
      if (event._tag === "Started" && event.key === key && event.parentId === undefined) root ??= event.id
      if (event._tag === "Progress" && event.rootId === root) line.draw(event.progress, event.key)
    })
    return line
  })

/**
 * The same for progress that somebody else brings.
 *
 * @internal
 */
export const make = (key: string): Effect.Effect<ProgressLine, never, Scope.Scope | JsonFlag> =>
  Effect.gen(function*() {
    const json = yield* Json
    const line = json ? asJson(key) : process.stderr.isTTY ? makeDrawn(key) : silent
    yield* Effect.addFinalizer(() => Effect.sync(line.clear))
    return line
  })

type JsonFlag = Effect.Services<typeof Json>

/** @internal */
export interface ProgressLine {
  /** `by`: the operation that reports, where it is another one inside of it. */
  readonly draw: (progress: unknown, by?: string) => void
  /** Takes the line off the terminal, so that something else can be printed there. */
  readonly clear: () => void
}

const silent: ProgressLine = { draw: () => {}, clear: () => {} }

const asJson = (key: string): ProgressLine => ({
  draw: (progress, by = key) => {
    process.stdout.write(`${JSON.stringify({ _tag: "Progress", key: by, progress })}\n`)
  },
  clear: () => {}
})

const makeDrawn = (key: string): ProgressLine => {
  let there = false
  return {
    draw: (progress, by = key) => {
      there = true
      const width = (process.stderr.columns || 80) - 1
      process.stderr.write(`\r\x1b[2K${oneLine(`${by} ${textOf(progress)}`, width)}`)
    },
    clear: () => {
      if (there) process.stderr.write("\r\x1b[2K")
      there = false
    }
  }
}

/** A bar where a count and a total are among the fields. */
const textOf = (progress: unknown): string => {
  if (typeof progress === "string") return progress
  if (typeof progress !== "object" || progress === null) return String(progress)
  const fields = new Map(Object.entries(progress))
  const done = ["done", "current", "completed", "count", "loaded"].find((name) => typeof fields.get(name) === "number")
  if (done === undefined || typeof fields.get("total") !== "number") return JSON.stringify(progress)
  const [count, total] = [Number(fields.get(done)), Number(fields.get("total"))]
  fields.delete(done)
  fields.delete("total")
  const filled = total > 0 ? Math.max(0, Math.min(20, Math.round(count / total * 20))) : 0
  const rest = Array.from(fields.values(), (value) => typeof value === "string" ? value : JSON.stringify(value))
  return `[${"#".repeat(filled)}${"-".repeat(20 - filled)}] ${count}/${total} ${rest.join(" ")}`
}
