/**
 * Looks for words in the notes: what is found, who found it and how fast, and how the service is that keeps the index.
 */
import { Effect } from "effect"
import { invoke } from "opbus"
import { HealthMonitor, PressureDispatcher } from "opbus/native"
import { SearchService } from "opbus/native/modules/search/SearchService"
import { NoteIndex } from "./plugins/search/NoteIndex.ts"
import { SearchNotes } from "./plugins/search/operations.ts"
import { counted, line, quiet, timed } from "./terminal.ts"

type Found = typeof SearchNotes.output.Type

/** How many hits are printed. */
const shown = 3

/** A service may refuse while memory is scarce. The rest of the story needs none. */
const unlessRefused = <A, E extends { readonly _tag: string; readonly message: string }, R>(
  effect: Effect.Effect<A, E, R>
) =>
  Effect.catchIf(
    effect,
    (error) => error._tag !== "DatabaseError",
    (error) => Effect.as(line(`  There is no search now: ${error.message || error._tag}`), undefined)
  )

export const look = (query: string) => unlessRefused(invoke(SearchNotes, { query, limit: 1000 }))

const places = (query: string, { total }: Found) =>
  `"${query}" is in ${total === 0 ? "no note" : counted(total, "note")}`

/** Says that this is found, in this order, or stops. */
export const proveFound = (query: string, expected: Found | undefined) =>
  Effect.flatMap(look(query), (actual) => {
    if (actual === undefined || expected === undefined) return Effect.void
    if (!actual.complete || !expected.complete) return line("  Some notes are not indexed: memory is scarce")
    return JSON.stringify(actual.hits) === JSON.stringify(expected.hits)
      ? line(`  ${places(query, actual)}${actual.total === 0 ? "" : ", in the same order"}`)
      : Effect.die(new Error(`${places(query, actual)}, and not what was found before: ${places(query, expected)}.`))
  })

const health = Effect.gen(function*() {
  const { commands } = yield* SearchService
  const monitor = yield* HealthMonitor.HealthMonitor
  const pressure = yield* PressureDispatcher.PressureDispatcher
  const { services } = yield* monitor.poll
  const { budgetBytes, usedBytes } = yield* commands.stats({})
  const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
  const states = services.map(({ health, service }) =>
    `${service} is ${health._tag}${health._tag === "Healthy" ? "" : ` (${health.reason})`}`
  )
  yield* line(
    `  ${states.join(", ")}: ${megabytes(usedBytes)} of ${megabytes(budgetBytes)} MB; memory is ${yield* pressure
      .level}`
  )
})

export const searchNotes = (query: string) =>
  Effect.gen(function*() {
    const index = yield* NoteIndex
    const { commands, managed } = yield* SearchService
    const [, indexing] = yield* timed(index.catchUp)
    const { documents } = yield* commands.stats({})
    yield* line(
      `  ${counted(documents, "note")} indexed in ${indexing} by ${
        managed.kind === "rust" ? "Rust" : "TypeScript: there is no native module for it"
      }`
    )
    const [found, finding] = yield* timed(look(query))
    if (found === undefined) return
    yield* line(`  ${places(query, found)} ${quiet(finding)}`)
    for (const { score, title } of found.hits.slice(0, shown)) {
      yield* line(`  ${score.toFixed(1).padStart(6)}  ${title}`)
    }
    yield* health
  }).pipe(unlessRefused)
