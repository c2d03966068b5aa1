/**
 * What a service is: its name, its commands and the contracts it fulfils; generated from its specs.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as Operation from "../operation/Operation.ts"
import type { ManagedService, Trait } from "./ManagedService.ts"
import type { ServiceUnavailable } from "./ServiceUnavailable.ts"

/**
 * A command of a service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Command<out Op extends Operation.Any = Operation.Any, out Codec = unknown> {
  /** As in the spec: `"gpu/stats"`. */
  readonly name: string
  readonly operation: Op
  readonly mode: "sync" | "async" | "stream"
  readonly transport: "positional" | "json" | "bytes"
  /** Its positional marshalling, a `NativeCodec`; absent where nothing is written in Rust. */
  readonly codec?: Codec
}

/**
 * The commands of a service, by the name of their function.
 *
 * @category models
 * @since 0.1.0
 */
export type Commands = Readonly<Record<string, Command>>

/**
 * What a service is.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceDefinition<out C extends Commands = Commands> {
  /** The last segment of its module: `"gpu"`. */
  readonly name: string
  /** Of everything that crosses the border between the languages; both sides have to agree on it. */
  readonly specHash: string
  readonly traits: ReadonlyArray<Trait>
  readonly commands: C
}

/**
 * A running service: its managed side, and its commands.
 *
 * @category models
 * @since 0.1.0
 */
export interface Instance<out Functions> {
  readonly managed: ManagedService
  readonly commands: Functions
}

/**
 * The commands of a running service: functions from input to an effect, or a stream, of output.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Functions<C extends Commands> = {
  readonly [Name in keyof C]: Function<C[Name]["operation"], C[Name]["operation"]["error"]["Type"] | ServiceUnavailable>
}

/**
 * The commands as an implementation in TypeScript gives them: it leaves `ServiceUnavailable` to what is around it.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Implemented<C extends Commands> = {
  readonly [Name in keyof C]: Function<C[Name]["operation"], C[Name]["operation"]["error"]["Type"]>
}

/**
 * The function of one operation.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Function<Op extends Operation.Any, E> = (
  params: Op["input"]["Type"]
) => Op["stream"] extends true ? Stream.Stream<Op["output"]["Type"], E> : Effect.Effect<Op["output"]["Type"], E>

/**
 * Says what a service is.
 *
 * **When to use**
 *
 * Generated code calls it. Use it by hand for a service without a spec.
 *
 * **Details**
 *
 * Throws a `TypeError` when the mode of a command does not fit its operation: that is a mistake in the program text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const C extends Commands>(definition: ServiceDefinition<C>): ServiceDefinition<C> => {
  for (const [name, { mode, operation }] of Object.entries(definition.commands)) {
    const actual = operation.stream ? "stream" : operation.executionMode
    if (mode !== actual) {
      throw new TypeError(
        `The command "${name}" of the service "${definition.name}" has the mode "${mode}", but its operation "${operation.key}" is "${actual}". Generate both again.`
      )
    }
  }
  return definition
}
