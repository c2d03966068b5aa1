/**
 * What happens to an invocation, as a stream of events.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"

/**
 * What caused an invocation.
 *
 * @category models
 * @since 0.1.0
 */
export type Origin = "user" | "undo" | "redo" | "remote" | "followup" | "trigger" | "agent"

/**
 * Where an invocation stands in a distributed trace.
 *
 * @category models
 * @since 0.1.0
 */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
}

interface Common {
  /** Unique across processes. */
  readonly id: string
  readonly key: string
  /** The invocation whose handler made this one. */
  readonly parentId?: string | undefined
  /** The outermost invocation; the invocation itself when it has no parent. */
  readonly rootId: string
  readonly groupId?: string | undefined
  /** What set it off without waiting for it: a parent that had ended, an undone entry. */
  readonly causedBy?: string | undefined
  readonly actor?: string | undefined
  readonly origin: Origin
  /** Changes when the process restarts. */
  readonly epoch: string
  /** Counts events within an epoch, without gaps. */
  readonly sequence: number
  /** Milliseconds since the epoch, from `Clock`. */
  readonly startedAt: number
  /** Sensitive fields are replaced by `"<redacted>"`. */
  readonly input: unknown
  readonly trace?: TraceContext | undefined
  /** The invocation whose single flight this one joined. */
  readonly joined?: string | undefined
  /** Counts tries of the same piece of work; absent for the first. */
  readonly attempt?: number | undefined
  /** It runs elsewhere: this is the caller's view of it. The other side has an invocation of its own. */
  readonly remote?: boolean | undefined
}

/**
 * The handler is about to run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Started extends Common {
  readonly _tag: "Started"
}

/**
 * The handler reported progress.
 *
 * @category models
 * @since 0.1.0
 */
export interface Progress extends Common {
  readonly _tag: "Progress"
  readonly progress: unknown
}

/**
 * The handler returned valid output and it was committed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Succeeded extends Common {
  readonly _tag: "Succeeded"
  readonly durationMillis: number
  /** For a stream operation: `{ count }`, the number of elements. */
  readonly output: unknown
  /** The consumer of a stream stopped before its end. */
  readonly stopped?: boolean | undefined
}

/**
 * The handler failed, or the invocation was refused before it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failed extends Common {
  readonly _tag: "Failed"
  readonly durationMillis?: number | undefined
  readonly cause: Cause.Cause<unknown>
  /** Refused before the handler ran: there was no `Started`. */
  readonly refused?: boolean | undefined
}

/**
 * The handler was interrupted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Interrupted extends Common {
  readonly _tag: "Interrupted"
  readonly durationMillis: number
}

/**
 * One event in the life of an invocation: `Started`, any number of `Progress`, then exactly one of the other three.
 *
 * @category models
 * @since 0.1.0
 */
export type Invocation = Started | Progress | Succeeded | Failed | Interrupted

/**
 * Tells whether an event is the last one of its invocation.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTerminal = (event: Invocation): event is Succeeded | Failed | Interrupted =>
  event._tag === "Succeeded" || event._tag === "Failed" || event._tag === "Interrupted"

/**
 * Who acts: a session, a window, an agent. Undo stacks are kept per actor.
 *
 * @category references
 * @since 0.1.0
 */
export const CurrentActor = Context.Reference<string | undefined>("opbus/operation/Invocation/CurrentActor", {
  defaultValue: () => undefined
})
