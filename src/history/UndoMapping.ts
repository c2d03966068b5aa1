/**
 * How an operation is taken back.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Operation from "../operation/Operation.ts"
import * as internal from "./internal/mappings.ts"
import type { UndoRegistry } from "./UndoRegistry.ts"

const TypeId = "~opbus/history/UndoMapping" as const

/**
 * Says how invocations of one operation are taken back, by invoking another.
 *
 * @category models
 * @since 0.1.0
 */
export interface UndoMapping<out R = never> {
  readonly [TypeId]: typeof TypeId
  readonly operation: Operation.Any
  readonly inverse: Operation.Any
  /**
   * Registers the mapping while the layer is alive. What `capture` needs becomes a requirement of the layer.
   */
  readonly toLayer: Layer.Layer<never, never, UndoRegistry | Operation.Provided<R>>
}

/**
 * Any mapping.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any {
  readonly [TypeId]: typeof TypeId
  readonly operation: Operation.Any
  readonly inverse: Operation.Any
  readonly toLayer: Layer.Layer<never, never, any>
}

/**
 * What a mapping sees as output: a stream operation's is the number of its elements.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Output<Op extends Operation.Any> = Op["stream"] extends true ? { readonly count: number }
  : Op["output"]["Type"]

/**
 * The two sides of a step, as `coalesce.merge` gets and returns them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Coalesced<out RedoInput, out InverseInput> {
  readonly inverseInput: InverseInput
  readonly redoInput: RedoInput
}

/**
 * What `UndoMapping.make` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Props<Op extends Operation.Any, Inverse extends Operation.Any, C, E, R> {
  readonly operation: Op
  /** The operation that takes it back. */
  readonly inverse: Inverse
  /** Reads the state to restore, before the handler runs. Plain data that it gives is copied. */
  readonly capture?: ((input: Op["input"]["Type"]) => Effect.Effect<C, E, R>) | undefined
  /** The input of the inverse; `undefined`: this invocation is not undoable. */
  readonly deriveContext: (
    input: Op["input"]["Type"],
    output: Output<Op>,
    captured: C
  ) => Inverse["input"]["Type"] | undefined
  /** The input of a redo, so that a re-created thing keeps its identity. Default: the same input again. */
  readonly redo?:
    | ((input: Op["input"]["Type"], output: Output<Op>, inverseOutput: Output<Inverse>) => Op["input"]["Type"])
    | undefined
  /** Makes quick repetitions one entry. Never across actors, origins, undo, redo or groups. */
  readonly coalesce?: {
    /** Only invocations with the same key become one entry. */
    readonly key: (input: Op["input"]["Type"]) => string
    /** How long after the start of the last one another may start. */
    readonly within: Duration.Input
    /** Default: the entry has both steps, and runs both. */
    readonly merge?:
      | ((
        older: Coalesced<Op["input"]["Type"], Inverse["input"]["Type"]>,
        newer: Coalesced<Op["input"]["Type"], Inverse["input"]["Type"]>
      ) => Coalesced<Op["input"]["Type"], Inverse["input"]["Type"]>)
      | undefined
  } | undefined
  /** The stacks that the entry stands in, for example one per document. Default: one stack for everything. */
  readonly scope?: ((input: Op["input"]["Type"], output: Output<Op>) => string | ReadonlyArray<string>) | undefined
  /** The resources that were changed. Default: the scopes; without `scope`, none. */
  readonly touches?: ((input: Op["input"]["Type"], output: Output<Op>) => string | ReadonlyArray<string>) | undefined
  /** One line for menus. Default: the operation's label. */
  readonly message?: ((input: Op["input"]["Type"], output: Output<Op>) => string) | undefined
}

/**
 * Creates a mapping.
 *
 * **When to use**
 *
 * Use once for every operation that users may undo. Without `capture`, `deriveContext` finds what to restore in the input
 * and the output of the operation.
 *
 * **Details**
 *
 * `capture` comes before `deriveContext` in the literal, so that its type is known there. Its services are those of the
 * mapping's layer; the actor, references, scope and span are the invoking fiber's. Everything else is a pure function.
 *
 * A function that fails costs that one entry: it is reported in `HistoryState.problems`, and the invocation goes on.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <
  Op extends Operation.Any,
  Inverse extends Operation.Any,
  C = undefined,
  E = never,
  R = never
>(props: Props<Op, Inverse, C, E, R>): UndoMapping<R> =>
  ({
    [TypeId]: TypeId,
    operation: props.operation,
    inverse: props.inverse,
    ...internal.prepare(props)
  }) as UndoMapping<R>

/**
 * Tells whether a value is a mapping.
 *
 * @category guards
 * @since 0.1.0
 */
export const isUndoMapping = (u: unknown): u is Any => Predicate.hasProperty(u, TypeId)
