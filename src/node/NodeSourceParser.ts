/**
 * Reads TypeScript with oxc-parser.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { OxcError, ParseResult } from "oxc-parser"
import { type ParsedSource, SourceParseError, SourceParser } from "../spec/SourceParser.ts"

/**
 * The parser is not installed.
 *
 * @category errors
 * @since 0.1.0
 */
export class SourceParserMissing extends Data.TaggedError("SourceParserMissing")<{
  readonly message: string
  readonly cause?: unknown
}> {}

/**
 * A parser that recovers from no error: a file is read as a whole, or not at all.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<SourceParser, SourceParserMissing> = Layer.effect(
  SourceParser,
  Effect.map(
    Effect.tryPromise({
      try: () => import("oxc-parser"),
      catch: (cause) =>
        new SourceParserMissing({
          message: "reading TypeScript needs oxc-parser; install it beside opbus: npm install -D oxc-parser",
          cause
        })
    }),
    ({ parseSync }) =>
      SourceParser.of({
        parse: (path, text) =>
          Effect.suspend(() => {
            const result = parseSync(path, text, { sourceType: "module", preserveParens: false })
            const error = result.errors[0]
            return error === undefined
              ? Effect.succeed(parsed(path, text, result))
              : Effect.fail(failure(path, text, error))
          })
      })
  )
)

const parsed = (path: string, text: string, result: ParseResult): ParsedSource => ({
  path,
  text,
  program: result.program,
  comments: result.comments
})

const failure = (path: string, text: string, error: OxcError): SourceParseError => {
  const before = text.slice(0, error.labels[0]?.start ?? 0).split("\n")
  return new SourceParseError({
    path,
    line: before.length,
    column: before.at(-1)!.length + 1,
    message: `this is no TypeScript: ${error.message}`
  })
}
