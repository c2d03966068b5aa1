/**
 * What a run wants to do with one file, and why it could not.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type { OutputFile } from "./SpecCompiler.ts"

/**
 * What becomes of a file.
 *
 * **Details**
 *
 * - `create`, `update`, `unchanged`: a generated file that is not there, differs, or is as it should be.
 * - `keep`: a file that is made once, and is there.
 * - `conflict`: another's file, or an edited one, is in its place.
 * - `stale`: a generated file that nothing asks for any more.
 *
 * @category models
 * @since 0.1.0
 */
export type Action = "create" | "update" | "unchanged" | "keep" | "conflict" | "stale"

/**
 * What a run wants to do with one path.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly path: string
  readonly action: Action
  /** Why it is a conflict, or why a stale file cannot simply be removed. */
  readonly reason?: string
  /** What is to be there; absent for a stale file. */
  readonly file?: OutputFile
  /** What is there now. */
  readonly previous?: string
}

/**
 * Why files were not written. Everything is as it was before.
 *
 * @category errors
 * @since 0.1.0
 */
export class FileWriterError extends Data.TaggedError("FileWriterError")<{
  readonly reason: "Conflict" | "Outside" | "Changed" | "Failed"
  readonly paths: ReadonlyArray<string>
  readonly message: string
  readonly cause?: unknown
}> {}
