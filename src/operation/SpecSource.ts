/**
 * What a spec says that an operation's schemas and annotations cannot: the note that generated operations carry.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Schema from "effect/Schema"

/**
 * The block `rust` or `service` of a spec: the resource-owning service that the command belongs to.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceBlock {
  readonly module: string
  readonly traits?: ReadonlyArray<"ManagedService" | "Lifecycle" | "MetricsEmitter" | "Configurable">
  readonly command_prefix?: string
  readonly imports?: ReadonlyArray<string>
}

/**
 * An example of a spec: a call and what comes of it, on the JSON side.
 *
 * @category models
 * @since 0.1.0
 */
export interface Example {
  readonly description?: string
  readonly command?: string
  readonly params?: Schema.Json
  /** For a stream: the elements, in order. */
  readonly result?: Schema.Json
  readonly error?: Schema.Json
}

/**
 * The parts of a spec that its operation says nowhere else.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source {
  /** The command's name in the spec, for example `"gpu/stats"`. */
  readonly name: string
  readonly environment: "server" | "browser" | "both"
  readonly adapter: string
  readonly transport?: "positional" | "json" | "bytes"
  readonly rust?: ServiceBlock
  readonly service?: ServiceBlock
  readonly examples?: ReadonlyArray<Example>
}

/**
 * The spec that an operation was generated from; `undefined` for an operation written by hand.
 *
 * **When to use**
 *
 * Use to read where an operation came from. Generated code sets it; setting it by hand makes `opbus audit` and
 * `opbus reverse` believe that there is a spec.
 *
 * @category annotations
 * @since 0.1.0
 */
export const SpecSource = Context.Reference<Source | undefined>("opbus/operation/SpecSource", {
  defaultValue: () => undefined
})
