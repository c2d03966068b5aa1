/**
 * What the story looks like on a terminal, and in a pipe.
 */
import { Console, Effect, type Scope } from "effect"
import { styleText } from "node:util"
import { Invocation, OperationInvoker } from "opbus"
import type { HistoryEntry } from "opbus/history"
import { ImportFolder, type ImportProgress } from "./plugins/import/operations.ts"
import { ShowToast } from "./plugins/workspace/operations.ts"

export const line = (text = ""): Effect.Effect<void> => Console.log(text)

export const section = (title: string): Effect.Effect<void> => line(`\n${styleText("bold", title)}`)

export const quiet = (text: string): string => styleText("dim", text)

// -----------------------------------------------------------------------------
// values
// -----------------------------------------------------------------------------

export const number = (value: number): string => value.toLocaleString("en")

export const counted = (value: number, noun: string, plural = `${noun}s`): string =>
  `${number(value)} ${value === 1 ? noun : plural}`

export const duration = (millis: number): string =>
  millis < 1
    ? `${Math.round(millis * 1000)} µs`
    : millis < 1000
    ? `${Math.round(millis)} ms`
    : `${(millis / 1000).toFixed(2)} s`

export const timed = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<readonly [result: A, took: string], E, R> =>
  Effect.suspend(() => {
    const started = performance.now()
    return Effect.map(effect, (result) => [result, duration(performance.now() - started)] as const)
  })

export const clock = (millis: number): string => {
  const date = new Date(millis)
  const day = date.toDateString() === new Date().toDateString()
    ? ""
    : `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} `
  return `${day}${date.toTimeString().slice(0, 8)}`
}

/** Rows of cells, padded to columns. */
const table = (rows: ReadonlyArray<ReadonlyArray<string>>): Effect.Effect<void> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return Effect.forEach(
    rows,
    (row) => line(`  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()}`),
    { discard: true }
  )
}

// -----------------------------------------------------------------------------
// the bus
// -----------------------------------------------------------------------------

/** Shows messages as they come, and how far an import is: as a bar on a terminal, in quarters in a pipe. */
export const present: Effect.Effect<void, never, OperationInvoker | Scope.Scope> = OperationInvoker.use((invoker) => {
  let quarter = 0
  const bar = ({ done, total }: typeof ImportProgress.Type) => {
    if (process.stdout.isTTY) {
      const filled = Math.round(30 * done / total)
      process.stdout.write(
        `\r  ${"█".repeat(filled)}${"░".repeat(30 - filled)} ${number(done)} of ${number(total)} files`
      )
    } else if (Math.floor(4 * done / total) > quarter) {
      quarter = Math.floor(4 * done / total)
      process.stdout.write(`  read ${number(done)} of ${number(total)} files\n`)
    }
  }
  return invoker.observe((event) => {
    if (event.key === ImportFolder.key && event.origin === "user") {
      if (event._tag === "Progress") bar(event.progress as typeof ImportProgress.Type)
      else quarter = 0
      if (Invocation.isTerminal(event) && process.stdout.isTTY) process.stdout.write("\r\x1b[K")
    }
    if (event.key === ShowToast.key && event._tag === "Succeeded") {
      process.stdout.write(`  ${styleText("cyan", `» ${(event.input as typeof ShowToast.input.Type).message}`)}\n`)
    }
  })
})

interface Row {
  readonly key: string
  readonly origin: Invocation.Origin
  readonly groupId: string | undefined
  readonly outcome: string
  readonly startedAt: number
  count: number
  millis: number
}

/** Remembers how invocations ended, and prints them: what repeats itself, alone or in a group, makes one row. */
export const recordTimeline: Effect.Effect<Effect.Effect<void>, never, OperationInvoker | Scope.Scope> = Effect.gen(
  function*() {
    const invoker = yield* OperationInvoker
    const rows: Array<Row> = []
    let invocations = 0
    yield* invoker.observe((event) => {
      if (!Invocation.isTerminal(event)) return
      invocations++
      const { groupId, key, origin, startedAt } = event
      const outcome = event._tag === "Succeeded" ? "" : event._tag === "Failed" ? "failed" : "interrupted"
      const millis = event.durationMillis ?? 0
      const same = rows.slice(groupId === undefined ? -1 : 0).find((row) =>
        row.key === key && row.origin === origin && row.groupId === groupId && row.outcome === outcome
      )
      if (same === undefined) rows.push({ key, origin, groupId, outcome, startedAt, count: 1, millis })
      else {
        same.count++
        same.millis += millis
      }
    })
    return Effect.suspend(() => {
      rows.sort((a, b) => a.startedAt - b.startedAt)
      const start = rows[0]?.startedAt ?? 0
      return section(`Timeline: ${counted(invocations, "invocation")}`).pipe(
        Effect.andThen(table(rows.map(({ count, groupId, key, millis, origin, outcome, startedAt }) => [
          `+${((startedAt - start) / 1000).toFixed(2)} s`,
          groupId === undefined ? " " : "│",
          key,
          count === 1 ? "" : `×${count}`,
          millis === 0 ? "<1 ms" : duration(millis),
          origin === "user" ? "" : origin,
          outcome
        ])))
      )
    })
  }
)

/** Newest first, as undo would take them. */
export const printHistory = (entries: ReadonlyArray<HistoryEntry>, limit = 12): Effect.Effect<void> => {
  const newest = Array.from(entries).reverse()
  return table(
    newest.slice(0, limit).map((entry) => [
      clock(entry.startedAt),
      entry.message,
      entry.steps.length === 1 ? "" : counted(entry.steps.length, "step"),
      entry.status === "undone" ? "undone" : ""
    ])
  ).pipe(
    Effect.andThen(newest.length <= limit ? Effect.void : line(quiet(`  … and ${newest.length - limit} older`)))
  )
}
