/**
 * What can be found out about a text. It runs on an edge worker: whoever calls it imports this file only.
 */
import * as Schema from "effect/Schema"
import * as Operation from "opbus/operation/Operation"

export const TextAnalysis = Schema.Struct({
  /** From -1, all words of feeling are bad ones, to 1. */
  sentiment: Schema.Finite,
  words: Schema.Int,
  sentences: Schema.Int,
  readingSeconds: Schema.Int,
  /** Flesch's: 100 is easy, 0 is for graduates. */
  readingEase: Schema.Finite
})

export class AnalyzeText extends Operation.make({
  meta: {
    key: "ai.analyzeText",
    label: "Analyse a text",
    description: "The mood of an English text, and how it reads."
  },
  input: Schema.Struct({ text: Schema.String.check(Schema.isMaxLength(100_000)) }),
  output: TextAnalysis
}).annotate(Operation.Readonly, true).annotate(Operation.Idempotent, true) {}
