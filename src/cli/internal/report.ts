import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { CliError } from "../../internal/effect/cli.ts"
import * as NodeMain from "../../node/NodeMain.ts"
import { CliFailure, exitCodes } from "./failure.ts"
import { mentions } from "./globals.ts"
import { oneLine } from "./text.ts"

/**
 * Turns the end of the command into its exit code, and what went wrong into one line on the error output.
 *
 * @internal
 */
export const report = (args: ReadonlyArray<string>) => (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return exitCodes.succeeded
  const failure = toFailure(exit.cause)
  if (failure === undefined) return exitCodes.usage
  const { cause, details, exitCode, message, reason } = failure
  const line = oneLine(message, 2_000)
  process.stderr.write(
    mentions(args, "json")
      ? `${JSON.stringify({ _tag: "Error", exitCode, reason, message: line, ...details })}\n`
      : `opbus: ${line}\n`
  )
  if (mentions(args, "debug") && cause !== undefined) process.stderr.write(`${stackOf(cause)}\n`)
  return exitCode
}

/** `undefined`: the help has been printed and says it all. */
const toFailure = (cause: Cause.Cause<unknown>): CliFailure | undefined => {
  if (Cause.hasInterruptsOnly(cause)) {
    return new CliFailure({ exitCode: exitCodes.interrupted, reason: "Interrupted", message: "interrupted" })
  }
  const error = Cause.squash(cause)
  if (error instanceof CliFailure) return error
  if (error instanceof NodeMain.UncaughtError) {
    return new CliFailure({
      exitCode: exitCodes.failed,
      reason: "Uncaught",
      message: `the application threw outside of its operations: ${error.message}; --debug shows where`,
      cause: error.cause
    })
  }
  if (CliError.isCliError(error)) return usageFailure(error)
  return new CliFailure({
    exitCode: exitCodes.failed,
    reason: "Defect",
    message: `opbus itself failed: ${error instanceof Error ? error.message : String(error)}; --debug shows where`,
    cause
  })
}

const usageFailure = (error: CliError.CliError): CliFailure | undefined => {
  const errors = error._tag === "ShowHelp" ? error.errors : [error]
  if (errors.length === 0) return undefined
  const help = error._tag === "ShowHelp" ? [...error.commandPath, "--help"].join(" ") : "opbus --help"
  return new CliFailure({
    exitCode: exitCodes.usage,
    reason: errors[0]!._tag,
    message: `${errors.map((one) => sentence(one.message)).join("; ")}. See ${help}`
  })
}

/** The suggestions of `effect/cli` come on lines of their own. */
const sentence = (message: string): string => {
  const [what, suggestions] = message.split("\n\n  Did you mean this?\n")
  return suggestions === undefined
    ? message
    : `${what}, did you mean ${suggestions.split("\n").map((name) => `"${name.trim()}"`).join(" or ")}`
}

const stackOf = (cause: unknown): string =>
  Cause.isCause(cause) ? Cause.pretty(cause) : cause instanceof Error ? cause.stack ?? cause.message : String(cause)
