/**
 * What `npm start` tells: a first run fills the notebook, and a later one finds what the first has left.
 */
import { Effect, Fiber, Layer } from "effect"
import { HistoryTracker, invoke, OperationInvoker } from "opbus"
import { analyse } from "./edge.ts"
import { CreateCollection } from "./plugins/collections/operations.ts"
import { ImportFolder } from "./plugins/import/operations.ts"
import {
  CreateNote,
  DeleteNotes,
  FindNotes,
  Fingerprint,
  MergeNotes,
  MoveNote,
  RenameNote,
  TagNote,
  WriteNote
} from "./plugins/notes/operations.ts"
import { CountWords, StatisticsPlugin } from "./plugins/statistics.ts"
import { SetLayoutMode, ShowToast } from "./plugins/workspace/operations.ts"
import { look, proveFound, searchNotes } from "./searching.ts"
import {
  clock,
  counted,
  duration,
  line,
  number,
  printHistory,
  quiet,
  recordTimeline,
  section,
  timed
} from "./terminal.ts"

const fingerprint = invoke(Fingerprint, undefined)

const describe = ({ collections, notes, sha256, tags }: Effect.Success<typeof fingerprint>) =>
  `${counted(notes, "note")}, ${counted(collections, "collection")}, ${counted(tags, "tag")} ${
    quiet(`sha-256 ${sha256.slice(0, 16)}…`)
  }`

/** Says that the notebook has this content, or stops. */
const prove = (claim: string, expected: Effect.Success<typeof fingerprint>) =>
  Effect.flatMap(fingerprint, (actual) =>
    actual.sha256 === expected.sha256
      ? line(`  ${claim}\n  ${describe(actual)}`)
      : Effect.die(new Error(`This is not true: ${claim}. It has ${describe(actual)}, not ${describe(expected)}.`)))

const searching = (words: string) =>
  Effect.andThen(section("Search: a service that is looked after"), searchNotes(words))

const analysis = Effect.andThen(section("Analyse: on an edge worker, queued while it is away"), analyse)

// -----------------------------------------------------------------------------
// a first run
// -----------------------------------------------------------------------------

/** Sorts the notes of a collection by their length, and what follows from that. */
const reorganise = (collection: string) =>
  Effect.gen(function*() {
    const notes = Array.from(yield* invoke(FindNotes, { collection })).sort((a, b) => a.characters - b.characters)

    const long = notes.splice(-Math.ceil(notes.length / 4))
    const longReads = yield* invoke(CreateCollection, { name: "Long reads" })
    for (const { id } of long) {
      yield* invoke(MoveNote, { id, collection: longReads.id })
      yield* invoke(TagNote, { id, add: ["long"] })
    }

    const [first, ...others] = notes.splice(0, 3)
    if (others[0] !== undefined) yield* invoke(MergeNotes, { into: first!.id, from: [others[0].id] })
    if (others[1] !== undefined) yield* invoke(DeleteNotes, { ids: [others[1].id] })

    const titles = notes.map((note) => note.title)
    for (const { id, source, title } of notes) {
      if (titles.indexOf(title) !== titles.lastIndexOf(title)) {
        yield* invoke(RenameNote, { id, title: `${title} (${source})` })
      }
    }
  })

const tidyUp = Effect.gen(function*() {
  const [first, ...others] = yield* invoke(FindNotes, { limit: 5 })
  for (const { id } of others) yield* invoke(MoveNote, { id, collection: null })
  yield* invoke(DeleteNotes, { ids: [first!.id] })
  yield* invoke(RenameNote, { id: first!.id, title: "Gone" })
  return yield* Effect.die("a note that is gone was renamed")
})

/** The plugin is there as long as its scope is open. */
const countWords = Effect.gen(function*() {
  const counting = yield* Effect.scoped(Effect.andThen(
    Layer.build(StatisticsPlugin),
    Effect.forkChild(invoke(CountWords, undefined), { startImmediately: true })
  ))
  const { notes, readingMinutes, words } = yield* Fiber.join(counting)
  yield* line(
    `  The call in flight finished: ${number(words)} words in ${counted(notes, "note")}, ${
      counted(readingMinutes, "minute")
    } to read.`
  )
  const next = yield* Effect.match(invoke(CountWords, undefined), {
    onFailure: (error) => error.message,
    onSuccess: () => "it was answered"
  })
  yield* line(`  The next call: ${next}`)
})

export const firstRun = (folder: string, words: string) =>
  Effect.gen(function*() {
    const history = yield* HistoryTracker
    const invoker = yield* OperationInvoker
    const known = new Set((yield* history.entries).map((entry) => entry.id))
    const printTimeline = yield* recordTimeline
    const before = yield* fingerprint
    const foundBefore = yield* look(words)

    yield* section(`Import ${folder}`)
    const [imported, importing] = yield* timed(invoke(ImportFolder, { folder }))
    yield* invoker.awaitIdle
    yield* line(
      `  ${number(imported.characters)} characters in ${importing}, one action${
        imported.skipped === 0 ? "" : `; ${counted(imported.skipped, "file")} skipped`
      }.`
    )
    const contents = yield* invoke(CreateNote, { title: "Contents" })
    yield* invoke(WriteNote, { id: contents.id, body: `${imported.notes.length} notes from ${folder}` })

    yield* searching(words)

    yield* section("Switch the layout: synchronous, as a click handler would")
    const started = performance.now()
    Effect.runSync(invoker.invoke(SetLayoutMode, { mode: "deck" }))
    Effect.runSync(history.scope("layout").undo)
    const switching = duration(performance.now() - started)
    Effect.runSync(invoker.invoke(ShowToast, { message: `switched and undone in ${switching}` }))

    yield* section("Reorganise: a group is one action")
    const [, reorganising] = yield* timed(history.group("Reorganise")(reorganise(imported.collection)))
    const entries = (yield* history.entries).filter(({ id, status }) => status === "live" && !known.has(id))
    yield* line(`  ${counted(entries.at(-1)!.steps.length, "operation")} in ${reorganising}`)
    const after = yield* fingerprint
    yield* line(`  ${describe(after)}`)
    const foundAfter = yield* look(words)

    yield* section("Tidy up: a transaction that fails")
    const failure = yield* Effect.flip(history.transaction("Tidy up")(tidyUp))
    yield* line(`  ${failure.message}`)
    yield* prove("Nothing of it stayed", after)

    yield* section("Statistics: a plugin that is removed while it is used")
    yield* countWords

    yield* analysis

    yield* printTimeline

    yield* section("History")
    yield* printHistory(entries)

    yield* section("Undo everything, redo everything")
    const times = { times: entries.length - 1 }
    const [, undoing] = yield* timed(Effect.repeat(history.undo, times))
    yield* prove(`${counted(entries.length, "action")} undone in ${undoing}: it is what it was`, before)
    yield* proveFound(words, foundBefore)
    const [, redoing] = yield* timed(Effect.repeat(history.redo, times))
    yield* prove(`${counted(entries.length, "action")} redone in ${redoing}: it is what it had become`, after)
    yield* proveFound(words, foundAfter)
    yield* line(quiet("\nThe history is on disk: run it again, and it goes on from here."))
  })

// -----------------------------------------------------------------------------
// a later run
// -----------------------------------------------------------------------------

export const laterRun = (words: string) =>
  Effect.gen(function*() {
    const history = yield* HistoryTracker
    yield* section("History, as an earlier run left it")
    yield* printHistory(yield* history.entries)
    yield* line(`  ${describe(yield* fingerprint)}`)

    yield* section("Undo")
    const [undone, took] = yield* timed(history.undo)
    yield* line(
      `  "${undone.message}" of ${clock(undone.startedAt)}: ${counted(undone.steps.length, "step")} in ${took}`
    )
    yield* line(`  ${describe(yield* fingerprint)}`)

    yield* searching(words)

    yield* analysis
  })
