/**
 * A part of the notebook that runs elsewhere: on a worker, which is stopped while it is called.
 */
import { Effect } from "effect"
import { invoke, invokeRemote } from "opbus"
import { Outbox } from "opbus/remote"
import { AnalyzeText } from "./plugins/analysis/operations.ts"
import { FindNotes, ReadNote } from "./plugins/notes/operations.ts"
import { counted, duration, line, number, quiet, timed } from "./terminal.ts"
import { build, start, textLimit } from "./worker.ts"

/** Some notes of different lengths. */
const samples = Effect.gen(function*() {
  const notes = Array.from(yield* invoke(FindNotes, {})).sort((a, b) => a.characters - b.characters)
  const places = [notes.length - 1, Math.floor(notes.length / 2), 0]
  return yield* Effect.forEach(
    notes.length === 0 ? [] : places,
    (place) =>
      Effect.map(invoke(ReadNote, { id: notes[place]!.id }), ({ body, title }) => ({
        title: title.length > 40 ? `${title.slice(0, 39)}…` : title,
        input: { text: `${title}. ${body}`.slice(0, textLimit) }
      }))
  )
})

const describe = (title: string, analysis: typeof AnalyzeText.output.Type): string => {
  const { readingEase, readingSeconds, sentiment, words } = analysis
  const mood = sentiment > 0.3 ? "in good spirits" : sentiment < -0.3 ? "gloomy" : "even-tempered"
  return `"${title}" is ${mood} (${sentiment.toFixed(2)}): ${counted(words, "word")}, ${
    counted(readingSeconds, "second")
  } to read, reading ease ${number(Math.round(readingEase))}`
}

/** Calls an operation on a worker; stops the worker, and calls again; starts it, and the answers are there. */
export const analyse = Effect.scoped(
  Effect.gen(function*() {
    const [first, ...later] = yield* samples
    if (first === undefined) return yield* line("  There is no note left to analyse.")
    const outbox = yield* Outbox
    const [built, building] = yield* timed(build)
    const worker = yield* start(built)
    yield* line(
      `  A worker with this one handler: ${Math.round(built.size.gzip / 1000)} KB, built in ${building}, up in ${
        duration(worker.listeningMillis)
      }`
    )
    const [analysis, took] = yield* timed(invokeRemote(AnalyzeText, first.input))
    yield* line(`  ${describe(first.title, analysis)} ${quiet(took)}`)

    yield* worker.stop
    const receipts = yield* Effect.forEach(
      later,
      ({ input, title }) =>
        Effect.map(invokeRemote(AnalyzeText, input, { offline: "queue" }), (receipt) => ({ receipt, title }))
    )
    yield* outbox.flush
    const waiting = (yield* outbox.pending).length
    yield* line(`  The worker is stopped: ${counted(waiting, "call")} queued on disk`)

    yield* start(built)
    const [answers, waited] = yield* timed(Effect.andThen(
      outbox.flush,
      Effect.forEach(receipts, ({ receipt, title }) => Effect.map(receipt.await, (answer) => describe(title, answer)))
    ))
    yield* line(`  It is back, and the answers came ${quiet(`in ${waited}`)}`)
    yield* Effect.forEach(answers, (answer) => line(`  ${answer}`), { discard: true })
  }).pipe(
    // Not every machine runs workerd. The rest of the story needs none.
    Effect.catchTag(
      "DeployError",
      ({ message }) => line(`  There is no worker on this machine: ${message.replace(/\.$/, "")}.`)
    )
  )
)
