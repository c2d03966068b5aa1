/**
 * Reads TypeScript into a syntax tree: what `audit`, `reverse` and `enforce` stand on.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

/**
 * A node of a syntax tree in the ESTree format, with TypeScript's nodes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Node {
  readonly type: string
  /** In UTF-16 code units, as JavaScript counts. */
  readonly start: number
  readonly end: number
}

/**
 * A comment, without its delimiters.
 *
 * @category models
 * @since 0.1.0
 */
export interface Comment {
  readonly type: "Line" | "Block"
  readonly value: string
  readonly start: number
  readonly end: number
}

/**
 * A file that has been read.
 *
 * @category models
 * @since 0.1.0
 */
export interface ParsedSource {
  readonly path: string
  readonly text: string
  readonly program: Node
  readonly comments: ReadonlyArray<Comment>
}

/**
 * A file that is no TypeScript.
 *
 * @category errors
 * @since 0.1.0
 */
export class SourceParseError extends Data.TaggedError("SourceParseError")<{
  readonly path: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  readonly message: string
}> {}

/**
 * Reads TypeScript.
 *
 * **When to use**
 *
 * Use through `ConformanceAudit`, `ReverseEngineer` and `SpecEnforcer`; on Node it is provided by
 * `NodeSourceParser.layer`.
 *
 * @category services
 * @since 0.1.0
 */
export class SourceParser extends Context.Service<SourceParser, {
  /** Reads one file; its path decides the dialect and is what messages say. */
  readonly parse: (path: string, text: string) => Effect.Effect<ParsedSource, SourceParseError>
}>()("opbus/spec/SourceParser") {}
