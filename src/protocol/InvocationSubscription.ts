/**
 * How the invocations of a server are watched, on a wire.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A place in the events of a process: all up to this one have been seen.
 *
 * @category schemas
 * @since 0.1.0
 */
export const InvocationPosition = Schema.Struct({
  /** Changes when the process restarts. */
  epoch: Schema.String.check(Schema.isMaxLength(200)),
  /** Counts events within an epoch, without gaps. */
  sequence: Schema.Int
})

/**
 * A place in the events of a process.
 *
 * @category models
 * @since 0.1.0
 */
export type InvocationPosition = typeof InvocationPosition.Type

const key = Schema.String.check(Schema.isMaxLength(1_000))

/**
 * What a client asks for when it watches a server.
 *
 * @category schemas
 * @since 0.1.0
 */
export const InvocationSubscription = Schema.Struct({
  /** Only invocations of these operations. */
  keys: Schema.optionalKey(Schema.Array(key).check(Schema.isMaxLength(10_000))),
  /** Only what was caused by this invocation, and it itself. */
  rootId: Schema.optionalKey(key),
  /** The last event that the client has seen: what came after it is sent first. */
  after: Schema.optionalKey(InvocationPosition)
})

/**
 * What a client asks for when it watches a server.
 *
 * @category models
 * @since 0.1.0
 */
export type InvocationSubscription = typeof InvocationSubscription.Type

/**
 * Events are missing between what the client has seen and what the server still has.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvocationGap
  extends Schema.TaggedError<InvocationGap>("opbus/protocol/InvocationSubscription/InvocationGap")("InvocationGap", {
    /** The server was restarted, it no longer keeps these events, or the client was too slow. */
    why: Schema.Literals(["restarted", "forgotten", "slow"]),
    epoch: Schema.String,
    /** The sequence of the oldest event that the server still has. */
    oldest: Schema.Number
  })
{
  override get message(): string {
    const why = {
      restarted: "the server was restarted",
      forgotten: "the server does not keep events for so long",
      slow: "this client did not read fast enough"
    }[this.why]
    return `Invocations are missing: ${why}. Read the state anew, and subscribe without a position.`
  }
}
