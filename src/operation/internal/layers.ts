import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type * as Operation from "../Operation.ts"
import { type HandlerOptions, OperationRegistry } from "../OperationRegistry.ts"
import type { AnyHandler } from "./registration.ts"

type AnyLayer = Layer.Layer<never, unknown, any>

const buildOf = <A>(build: A | Effect.Effect<A, any, any>): Effect.Effect<A, any, any> =>
  Effect.isEffect(build) ? build as Effect.Effect<A, any, any> : Effect.succeed(build as A)

/** @internal */
export const layerOne = (operation: Operation.Any, build: unknown, options?: HandlerOptions): AnyLayer =>
  Layer.effectDiscard(Effect.gen(function*() {
    const registry = yield* OperationRegistry
    const handler = yield* buildOf(build)
    yield* Effect.orDie(registry.register(operation as any, handler as any, options))
  }))

/** @internal */
export const layerRecord = (
  operations: ReadonlyArray<Operation.Any>,
  build: unknown,
  options?: HandlerOptions
): AnyLayer =>
  Layer.effectDiscard(Effect.gen(function*() {
    const registry = yield* OperationRegistry
    const handlers = (yield* buildOf(build)) as Record<string, AnyHandler>
    for (const operation of operations) {
      if (!Object.hasOwn(handlers, operation.key)) {
        return yield* Effect.die(new TypeError(`OperationGroup.toLayer: the handler of "${operation.key}" is missing.`))
      }
      yield* Effect.orDie(registry.register(operation as any, handlers[operation.key] as any, options))
    }
  }))

/**
 * Registers handlers whose code is fetched by the first invocation; a fetch that fails is tried again by the next.
 *
 * @internal
 */
export const layerLazy = (
  operations: ReadonlyArray<Operation.Any>,
  load: () => Promise<unknown>,
  options?: HandlerOptions
): AnyLayer => {
  const sync = operations.find((operation) => operation.executionMode === "sync")
  if (sync !== undefined) {
    throw new TypeError(`toLayerLazy: "${sync.key}" is synchronous and cannot wait for its code. Use toLayer.`)
  }
  return Layer.effectDiscard(Effect.gen(function*() {
    const registry = yield* OperationRegistry
    let loading: Promise<unknown> | undefined
    const module = Effect.promise(() =>
      loading ??= load().catch((error) => {
        loading = undefined
        throw error
      })
    )
    for (const operation of operations) {
      const handler = Effect.map(module, (loaded) => pick(loaded, operation, operations.length === 1))
      yield* Effect.orDie(registry.register(
        operation as any,
        ((input: unknown) =>
          operation.stream
            ? Stream.unwrap(Effect.map(handler, (run) => run(input) as Stream.Stream<unknown, unknown, unknown>))
            : Effect.flatMap(handler, (run) => run(input) as Effect.Effect<unknown, unknown, unknown>)) as any,
        options
      ))
    }
  }))
}

const pick = (loaded: unknown, operation: Operation.Any, single: boolean): AnyHandler => {
  const module = loaded as Record<string, unknown>
  const handlers = (typeof module === "object" && module !== null && Object.hasOwn(module, "default")
    ? module["default"]
    : module) as Record<string, unknown> | AnyHandler
  if (single && typeof handlers === "function") return handlers as AnyHandler
  if (typeof handlers === "object" && Object.hasOwn(handlers, operation.key)) {
    return (handlers as Record<string, AnyHandler>)[operation.key]!
  }
  throw new TypeError(
    `toLayerLazy: the loaded module has no handler for "${operation.key}". Export it as default, or export a record by key.`
  )
}
