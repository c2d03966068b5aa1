import * as Cause from "effect/Cause"
import * as Predicate from "effect/Predicate"

/**
 * Why something failed, in one line of bounded length.
 *
 * @internal
 */
export const whyOf = (cause: Cause.Cause<unknown>): string => {
  const squashed = Cause.squash(cause)
  const text = Predicate.hasProperty(squashed, "message") && typeof squashed.message === "string"
    ? squashed.message
    : typeof squashed === "string"
    ? squashed
    : "it failed without a message"
  const line = text.split("\n", 1)[0]!
  return line.length > 300 ? `${line.slice(0, 299)}…` : line
}
