import * as Schema from "effect/Schema"

/**
 * What a client asks for when it watches a server.
 *
 * @internal
 */
export const ObserveRequest = Schema.Struct({
  /** Only invocations of these operations. */
  keys: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Only what was caused by this invocation, and it itself. */
  rootId: Schema.optionalKey(Schema.String),
  /** The last event that the client has seen: what came after it is sent first. */
  after: Schema.optionalKey(Schema.Struct({ epoch: Schema.String, sequence: Schema.Number }))
})

/** @internal */
export type ObserveRequest = typeof ObserveRequest.Type

/** @internal */
export const gapFields = {
  why: Schema.Literals(["restarted", "forgotten", "slow"]),
  epoch: Schema.String,
  /** The oldest event that the server still has. */
  oldest: Schema.Number
}

/** @internal */
export interface Gap {
  readonly _tag: "InvocationGap"
  readonly why: "restarted" | "forgotten" | "slow"
  readonly epoch: string
  readonly oldest: number
}
