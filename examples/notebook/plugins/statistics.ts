/**
 * A plugin in one file: reading statistics of all notes. The application runs with it and without it.
 */
import { Effect, Schema } from "effect"
import { Operation, OperationContext } from "opbus"
import { DatabaseService } from "../DatabaseService.ts"
import { DatabaseError } from "../model.ts"

export class CountWords extends Operation.make({
  meta: { key: "statistics.words", label: "Count words" },
  output: Schema.Struct({ notes: Schema.Int, words: Schema.Int, readingMinutes: Schema.Int, longest: Schema.String }),
  error: DatabaseError,
  progress: Schema.Struct({ done: Schema.Int, total: Schema.Int })
}).annotate(Operation.Readonly, true) {}

const wordsPerMinute = 230

export const StatisticsPlugin = CountWords.toLayer(() =>
  Effect.gen(function*() {
    const db = yield* DatabaseService
    const invocation = yield* OperationContext
    const notes = yield* db.query({ type: "note" })
    let words = 0
    let longest = { title: "", words: 0 }
    for (const [index, { body, title }] of notes.entries()) {
      const count = body.match(/[\p{L}\p{N}]+/gu)?.length ?? 0
      words += count
      if (count > longest.words) longest = { title, words: count }
      if (index % 50 === 0) {
        yield* invocation.progress({ done: index, total: notes.length })
        yield* Effect.sleep("5 millis") // the screen comes first
      }
    }
    return { notes: notes.length, words, readingMinutes: Math.ceil(words / wordsPerMinute), longest: longest.title }
  })
)
