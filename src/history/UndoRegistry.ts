/**
 * Which operations can be undone right now.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Operation from "../operation/Operation.ts"
import { Mappings, withMappings } from "./internal/mappings.ts"
import type * as UndoMapping from "./UndoMapping.ts"

/**
 * The registry of undo mappings.
 *
 * **When to use**
 *
 * Use `mapping.toLayer` to register a plugin's mappings; use this service directly to register without a layer.
 *
 * **Details**
 *
 * It knows nothing of handlers: a mapping may come before or after them, from another plugin. A later mapping for the same
 * operation shadows an earlier one until its scope closes, in any order.
 *
 * @category services
 * @since 0.1.0
 */
export class UndoRegistry extends Context.Service<UndoRegistry, {
  /** Registers a mapping until the scope closes. What its `capture` needs is taken from the context here and now. */
  readonly register: <R>(
    mapping: UndoMapping.UndoMapping<R>
  ) => Effect.Effect<void, never, Operation.Provided<R> | Scope.Scope>
  /** What takes back the operation of this key now. */
  readonly lookup: (key: string) => { readonly operation: Operation.Any; readonly inverse: Operation.Any } | undefined
  /** The operations that can be undone now, in the order of their keys. */
  readonly list: Effect.Effect<ReadonlyArray<Operation.Any>>
}>()("opbus/history/UndoRegistry") {
  /**
   * An empty registry.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<UndoRegistry> = Layer.effect(
    UndoRegistry,
    Effect.contextWith((surroundings: Context.Context<never>) =>
      Effect.sync(() => {
        const mappings = new Mappings(surroundings)
        return withMappings<(typeof UndoRegistry)["Service"]>({
          register: (mapping) => mappings.register(mapping),
          lookup: (key) => mappings.active.get(key)?.props,
          list: Effect.sync(() =>
            Array.from(mappings.active.values(), ({ props }) => props.operation).sort((a, b) => a.key < b.key ? -1 : 1)
          )
        }, mappings)
      })
    )
  )
}
