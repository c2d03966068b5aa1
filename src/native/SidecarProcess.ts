/**
 * How sidecars are found and started, which differs from one platform to the next.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * A program that serves modules: its file and its arguments.
 *
 * @category models
 * @since 0.1.0
 */
export interface Command {
  readonly file: string
  readonly args: ReadonlyArray<string>
}

/**
 * A running sidecar, as the client of its protocol uses it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Process {
  /** The most bytes that a line may have, in both directions. */
  readonly maxFrameBytes: number
  /** Writes one line, and never waits. */
  readonly write: (line: string) => void
}

/**
 * What happens to a running sidecar.
 *
 * @category models
 * @since 0.1.0
 */
export interface Listener {
  /** A line that it wrote, without its end. */
  readonly onLine: (line: string) => void
  /** It has ended; called once. `log` is the end of what it wrote to its error output. */
  readonly onEnd: (why: string, log: string) => void
}

/**
 * Starts sidecars: what differs from one platform to the next.
 *
 * **When to use**
 *
 * On Node, provide `NodeSidecar.layer`.
 *
 * @category services
 * @since 0.1.0
 */
export class SidecarProcess extends Context.Service<SidecarProcess, {
  /** The programs there are, the preferred one first. */
  readonly commands: Effect.Effect<ReadonlyArray<Command>>
  /** Says where they were looked for, and how to build one. */
  readonly hint: string
  /** Starts a program; it ends with the scope. */
  readonly start: (command: Command, listener: Listener) => Effect.Effect<Process, never, Scope.Scope>
}>()("opbus/native/SidecarProcess") {}
