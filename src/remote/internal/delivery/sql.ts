import * as Effect from "effect/Effect"
import type { SqlError } from "../../../internal/effect/sql.ts"

/**
 * The prefix of table names; a bad one is a mistake in the program text.
 *
 * @internal
 */
export const checkedPrefix = (what: string, prefix: string): Effect.Effect<string> =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(prefix)
    ? Effect.succeed(prefix)
    : Effect.die(
      new TypeError(`${what}: "${prefix}" cannot begin the name of a table. Use letters, digits and "_".`)
    )

/**
 * Why the database failed, in one line.
 *
 * @internal
 */
export const oneLine = (error: SqlError.SqlError): string => {
  const cause: unknown = error.reason.cause
  const why = cause instanceof Error ? cause.message : ""
  const message = String(error.message).split("\n")[0]!
  return why === "" || message.includes(why) ? message : `${message}: ${why.split("\n")[0]!}`
}

/**
 * Spans of these statements would be most of a trace.
 *
 * @internal
 */
export const quietly = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withTracerEnabled(effect, false)
