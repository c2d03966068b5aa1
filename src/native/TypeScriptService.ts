/**
 * Services that are written in TypeScript.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Admission from "./Admission.ts"
import type { Implementation, ManagedService, Parameters, Trait } from "./ManagedService.ts"
import { ParameterRefused } from "./ManagedService.ts"
import type * as ServiceDefinition from "./ServiceDefinition.ts"
import * as ServiceRegistry from "./ServiceRegistry.ts"
import type { ServiceUnavailable } from "./ServiceUnavailable.ts"

/**
 * How a service is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** What the implementation is given; `{}` by default. */
  readonly config?: Schema.Json | undefined
  /** The commands that are answered under critical pressure too, besides those that the implementation names. */
  readonly admitsAtCritical?: ReadonlyArray<string> | undefined
}

/**
 * Makes a service from its implementation in TypeScript.
 *
 * **When to use**
 *
 * The generated `layerTypeScript` calls it with the `make` of `…TypeScript.ts`.
 *
 * **Details**
 *
 * A command runs only while the service's admission is open. Closing the scope shuts the service down, once; what the
 * implementation acquired is released after that.
 *
 * Dies with a `TypeError` when the implementation lacks what the traits or the commands of the definition ask for: that is
 * a mistake in the program text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <
  const C extends ServiceDefinition.Commands,
  R = never
>(
  definition: ServiceDefinition.ServiceDefinition<C>,
  implementation: (
    config: Schema.Json
  ) => Effect.Effect<Implementation & ServiceDefinition.Implemented<C>, ServiceUnavailable, R>,
  options?: Options
): Effect.Effect<
  ServiceDefinition.Instance<ServiceDefinition.Functions<C>>,
  ServiceUnavailable,
  Exclude<R, Scope.Scope> | Scope.Scope
> =>
  // An interruption between making it and the finalizer that shuts it down would leave it running.
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const resources = yield* Effect.acquireRelease(Scope.make(), Scope.close)
      const made = yield* restore(implementation(options?.config ?? {})).pipe(Scope.provide(resources))
      yield* checkComplete(definition, made)
      const admission = Admission.make(definition.name)
      const managed = manage(definition, made, admission)
      yield* Effect.addFinalizer(() => managed.shutdown)
      if (made.initialize !== undefined) yield* restore(made.initialize)
      yield* ServiceRegistry.registerIfPresent(managed)
      return { managed, commands: commandsOf(definition, made, admission, options?.admitsAtCritical ?? []) }
    })
  ) as Effect.Effect<
    ServiceDefinition.Instance<ServiceDefinition.Functions<C>>,
    ServiceUnavailable,
    Exclude<R, Scope.Scope> | Scope.Scope
  >

/** The services whose fallback has been told of. */
const told = new Set<string>()

/**
 * Makes a service from its implementation in TypeScript when what was to be it is not there.
 *
 * **When to use**
 *
 * The generated `layer` calls it with the service in Rust, or the one in a sidecar.
 *
 * **Details**
 *
 * Only the reason `NotLoaded` leads to TypeScript, and it is logged as a warning, once per process and service. A config
 * that is refused fails: another implementation would not make it right.
 *
 * @category constructors
 * @since 0.1.0
 */
export const orElse = <
  const C extends ServiceDefinition.Commands,
  R1,
  R2 = never
>(
  native: Effect.Effect<ServiceDefinition.Instance<ServiceDefinition.Functions<C>>, ServiceUnavailable, R1>,
  definition: ServiceDefinition.ServiceDefinition<C>,
  implementation: (
    config: Schema.Json
  ) => Effect.Effect<Implementation & ServiceDefinition.Implemented<C>, ServiceUnavailable, R2>,
  options?: Options
): Effect.Effect<
  ServiceDefinition.Instance<ServiceDefinition.Functions<C>>,
  ServiceUnavailable,
  R1 | Exclude<R2, Scope.Scope> | Scope.Scope
> =>
  Effect.catchIf(
    native,
    (error) => error.reason === "NotLoaded",
    (error) => Effect.andThen(tellOnce(definition.name, error), make(definition, implementation, options))
  )

const tellOnce = (service: string, { message }: ServiceUnavailable): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (told.has(service)) return Effect.void
    told.add(service)
    return Effect.logWarning(`The service "${service}" runs in TypeScript. ${message}`)
  })

type AnyFunction = (params: unknown) => Effect.Effect<unknown, unknown>
type AnyStreamFunction = (params: unknown) => Stream.Stream<unknown, unknown>

/** What has to be there for a trait. */
const asked: ReadonlyArray<readonly [Trait, keyof Implementation]> = [
  ["MetricsEmitter", "metrics"],
  ["Configurable", "parameters"],
  ["Lifecycle", "initialize"]
]

const checkComplete = (definition: ServiceDefinition.ServiceDefinition, made: Implementation): Effect.Effect<void> => {
  const functions = made as unknown as Readonly<Record<string, unknown>>
  const inherited = Object.prototype as unknown as Readonly<Record<string, unknown>>
  const missing = [
    ...asked.flatMap(([trait, name]) => definition.traits.includes(trait) && made[name] === undefined ? [name] : []),
    ...Object.keys(definition.commands).filter((name) =>
      typeof functions[name] !== "function" || functions[name] === inherited[name]
    )
  ]
  return missing.length === 0 ? Effect.void : Effect.die(
    new TypeError(
      `The TypeScript implementation of the service "${definition.name}" lacks ${
        missing.map((name) => `"${name}"`).join(", ")
      }. Add ${missing.length === 1 ? "it" : "them"}, or correct the spec.`
    )
  )
}

const commandsOf = <C extends ServiceDefinition.Commands>(
  definition: ServiceDefinition.ServiceDefinition<C>,
  made: Implementation & ServiceDefinition.Implemented<C>,
  admission: Admission.Admission,
  admitsAtCritical: ReadonlyArray<string>
): ServiceDefinition.Functions<C> => {
  const exempt = new Set([...made.admitsAtCritical ?? [], ...admitsAtCritical])
  const commands = Object.entries(definition.commands).map(([name, { operation }]) => {
    const closed = exempt.has(name) ? () => admission.closedAtCritical : () => admission.closed
    if (operation.stream) {
      const run = made[name] as AnyStreamFunction
      return [name, (params: unknown) =>
        Stream.suspend(() => {
          const refusal = closed()
          return refusal === undefined ? run(params) : Stream.fail(refusal)
        })]
    }
    const run = made[name] as AnyFunction
    return [name, (params: unknown) =>
      Effect.suspend(() => {
        const refusal = closed()
        return refusal === undefined ? run(params) : Effect.fail(refusal)
      })]
  })
  return Object.fromEntries(commands)
}

const manage = (
  definition: ServiceDefinition.ServiceDefinition,
  made: Implementation,
  admission: Admission.Admission
): ManagedService => {
  const { name } = definition
  const alive = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | ServiceUnavailable> =>
    Effect.suspend((): Effect.Effect<A, E | ServiceUnavailable> =>
      admission.has("Shutdown") ? Effect.fail(admission.closed!) : effect
    )
  const parameters = made.parameters ?? noParameters(name)
  return {
    name,
    kind: "typescript",
    traits: definition.traits,
    health: alive(made.health),
    pressureResponse: (level) => alive(made.pressureResponse(level)),
    shedLoad: alive(made.shedLoad),
    heal: alive(made.heal),
    shutdown: Effect.suspend(() => {
      if (admission.has("Shutdown")) return Effect.void
      admission.close("Shutdown", `The service "${name}" was shut down. Make a new one.`)
      return Effect.uninterruptible(made.shutdown)
    }),
    metrics: alive(made.metrics ?? Effect.succeed(null)),
    metricPrefix: made.metricPrefix ?? name,
    parameters: {
      list: alive(parameters.list),
      get: (parameter) => alive(parameters.get(parameter)),
      set: (parameter, value) => alive(parameters.set(parameter, value))
    },
    admission
  }
}

/**
 * The parameters of a service that has none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const noParameters = (service: string): Parameters => ({
  list: Effect.succeed([]),
  get: () => Effect.undefined,
  set: (parameter) =>
    Effect.fail(
      new ParameterRefused({ service, parameter, message: `The service "${service}" has no parameters to set.` })
    )
})
