import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { HistoryTracker } from "../../history/HistoryTracker.ts"
import { UndoRegistry } from "../../history/UndoRegistry.ts"
import { type Exports, load } from "../../node/NodeModule.ts"
import type { Services } from "../../Opbus.ts"
import { FollowupScheduler } from "../../operation/FollowupScheduler.ts"
import { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { OperationRegistry } from "../../operation/OperationRegistry.ts"
import { type CliFailure, usage } from "./failure.ts"
import { App } from "./globals.ts"
import { oneLine } from "./text.ts"

/** What the application's layer has to provide: the same as `Opbus.layer`. */
const services = [OperationRegistry, OperationInvoker, FollowupScheduler, UndoRegistry, HistoryTracker] as const

/**
 * Builds the user's application for as long as the scope lives.
 *
 * Everything that can be wrong with it is a usage error with one line.
 */
const build: Effect.Effect<
  { readonly context: Context.Context<Services>; readonly exports: Exports },
  CliFailure,
  Scope.Scope | Context.Service.Identifier<typeof App>
> = Effect.gen(function*() {
  const module = Option.getOrUndefined(yield* App)
  if (module === undefined) {
    return yield* usage(
      "MissingApp",
      "which application? Give its module with --app <module>, or in the variable OPBUS_APP"
    )
  }
  const exports = yield* Effect.mapError(
    load(module),
    (error) =>
      usage("InvalidApp", error.reason === "NoDefault" ? `${error.message}; ${howTo}` : error.message, error.cause)
  )
  const exported = exports.default
  if (!Layer.isLayer(exported)) {
    return yield* usage("InvalidApp", `the default export of ${module} is ${kindOf(exported)}, not a Layer; ${howTo}`)
  }
  const context = yield* Effect.catchCause(
    Layer.build(exported as Layer.Layer<unknown, unknown>),
    (cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause as Cause.Cause<never>)
        : Effect.fail(broken(module, cause))
  )
  const missing = services.filter((service) => !context.mapUnsafe.has(service.key))
  if (missing.length > 0) {
    const names = missing.map((service) => service.key.slice(service.key.lastIndexOf("/") + 1)).join(", ")
    return yield* usage("InvalidApp", `the layer of ${module} does not provide ${names}; ${howTo}`)
  }
  return { context: context as Context.Context<Services>, exports }
})

const howTo = "export default a Layer on top of Opbus.layer, such as `Plugins.pipe(Layer.provideMerge(Opbus.layer))`"

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return String(value)
  if (Effect.isEffect(value)) return "an Effect"
  if (value instanceof Promise) return "a Promise"
  return Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : `a ${typeof value}`
}

const broken = (module: string, cause: Cause.Cause<unknown>): CliFailure => {
  const error = Cause.squash(cause)
  const text = error instanceof Error && error.message !== "" ? error.message : describe(error)
  const unprovided = /^Service not found: (\S+)/.exec(text)
  return usage(
    "InvalidApp",
    unprovided === null
      ? `the layer of ${module} failed: ${oneLine(text, 500)}`
      : `the layer of ${module} needs ${unprovided[1]}, which nothing provides; provide it in the module`,
    cause
  )
}

const describe = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return String(error)
  const { _tag } = error as { readonly _tag?: unknown }
  return typeof _tag === "string" ? _tag : error instanceof Error ? error.name : "unknown cause"
}

/**
 * Runs an effect in the user's application.
 *
 * @internal
 */
export const provide = <A, E, R>(effect: Effect.Effect<A, E, R>) => provideWith(() => effect)

/**
 * Runs an effect in the user's application that also needs the other exports of its module.
 *
 * @internal
 */
export const provideWith = <A, E, R>(make: (exports: Exports) => Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.flatMap(build, ({ context, exports }) => Effect.provideContext(make(exports), context)))
