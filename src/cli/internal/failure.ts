import * as Data from "effect/Data"

/**
 * How the command ends; `--help` says the same.
 *
 * @internal
 */
export const exitCodes = {
  succeeded: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  history: 4,
  interrupted: 130
} as const

/**
 * Ends the command with a code and one line.
 *
 * @internal
 */
export class CliFailure extends Data.TaggedError("CliFailure")<{
  readonly exitCode: number
  /** One word for machines. */
  readonly reason: string
  readonly message: string
  /** What `--json` adds. */
  readonly details?: object | undefined
  /** What `--debug` shows. */
  readonly cause?: unknown
}> {}

/** @internal */
export const usage = (reason: string, message: string, cause?: unknown): CliFailure =>
  new CliFailure({ exitCode: exitCodes.usage, reason, message, cause })
