/**
 * Why adapters cannot make the files of a project.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * One thing that is wrong.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdapterProblem {
  /** The adapter, or the package that should have been one. */
  readonly adapter: string
  /** The spec file, when it is about one. */
  readonly source?: string
  readonly message: string
}

/**
 * An adapter is missing, is none, cannot express a command, or has thrown. Nothing has been written.
 *
 * @category errors
 * @since 0.1.0
 */
export class AdapterError extends Data.TaggedError("AdapterError")<{
  readonly problems: ReadonlyArray<AdapterProblem>
  /** What an adapter threw. */
  readonly cause?: unknown
}> {
  override get message(): string {
    return this.problems.map(format).join("\n")
  }
}

/**
 * Writes a problem in one line: `specs/gpu/stats.json: the adapter "c-header" …`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const format = ({ adapter, message, source }: AdapterProblem): string =>
  `${source === undefined ? "" : `${source}: `}the adapter ${JSON.stringify(adapter)} ${message}`
