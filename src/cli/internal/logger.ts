import * as Cause from "effect/Cause"
import * as Logger from "effect/Logger"
import { mentions } from "./globals.ts"
import { oneLine } from "./text.ts"

/**
 * Writes what the application logs to the error output, one line each: the output is for results.
 *
 * @internal
 */
export const stderrLogger = (args: ReadonlyArray<string>): Logger.Logger<unknown, void> =>
  Logger.make(({ cause, logLevel, message }) => {
    const parts = Array.isArray(message) ? message : [message]
    const text = oneLine(
      parts.map(textOf).concat(cause.reasons.length === 0 ? [] : textOf(Cause.squash(cause))).join(": ")
    )
    process.stderr.write(
      mentions(args, "json")
        ? `${JSON.stringify({ _tag: "Log", level: logLevel, message: text })}\n`
        : `${logLevel.toLowerCase()}: ${text}\n`
    )
    if (mentions(args, "debug") && cause.reasons.length > 0) process.stderr.write(`${Cause.pretty(cause)}\n`)
  })

const textOf = (part: unknown): string => {
  if (typeof part === "string") return part
  if (part instanceof Error) return part.message === "" ? part.name : part.message
  try {
    return JSON.stringify(part) ?? String(part)
  } catch {
    return String(part)
  }
}
