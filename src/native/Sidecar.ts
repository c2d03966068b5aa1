/**
 * Services that run in a process of their own: when one crashes, this process lives on.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Admission from "./Admission.ts"
import { HealthStatus } from "./HealthStatus.ts"
import { functionOf, readAs } from "./internal/sidecar/calls.ts"
import { toText } from "./internal/sidecar/json.ts"
import { makeSupervisor } from "./internal/sidecar/supervisor.ts"
import { type ManagedService, ParameterRefused } from "./ManagedService.ts"
import type { PressureLevel } from "./PressureLevel.ts"
import type * as ServiceDefinition from "./ServiceDefinition.ts"
import * as ServiceRegistry from "./ServiceRegistry.ts"
import type { ServiceUnavailable } from "./ServiceUnavailable.ts"
import type { Command, SidecarProcess } from "./SidecarProcess.ts"

export type { Command } from "./SidecarProcess.ts"

/**
 * How a sidecar is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** What the module is given; `{}` by default. */
  readonly config?: Schema.Json | undefined
  /**
   * The commands that are answered under critical pressure too, because they do not take memory or refuse by themselves.
   * None unless it says so.
   */
  readonly admitsAtCritical?: ReadonlyArray<string> | undefined
  /** The program; by default, the first of `SidecarProcess.commands` that has the module. */
  readonly command?: Command | undefined
  /** How long a running process may take to heal before a new one is started in its place. Default 10 seconds. */
  readonly healDeadline?: Duration.Input | undefined
  /** How long the process may take to start, and to shut down. Default 10 seconds. */
  readonly patience?: Duration.Input | undefined
}

/**
 * Makes a service that runs in a process of its own.
 *
 * **When to use**
 *
 * The generated `layerSidecar` calls it. Use it for modules that may crash, or that are not trusted: a call costs some
 * hundred times as much as one within the process.
 *
 * **Details**
 *
 * - When the process ends, running and further calls fail with `ServiceUnavailable`, reason `Crashed`; `heal` starts a new
 *   one with the same config, parameters and pressure level.
 * - Interrupting a call cancels it in the process. A stream asks for elements when somebody wants them.
 * - A call crosses to another process and back, so no command is synchronous here: invoked through the bus, one whose mode
 *   is `sync` fails with `NotSynchronous`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*<const C extends ServiceDefinition.Commands>(
  definition: ServiceDefinition.ServiceDefinition<C>,
  options?: Options
): Effect.fn.Return<
  ServiceDefinition.Instance<ServiceDefinition.Functions<C>>,
  ServiceUnavailable,
  SidecarProcess | Scope.Scope
> {
  const { name } = definition
  const admission = Admission.make(name)
  const supervisor = yield* makeSupervisor(definition, admission, {
    config: options?.config ?? {},
    command: options?.command,
    patienceMillis: Duration.toMillis(options?.patience ?? "10 seconds")
  })
  const healing = yield* Semaphore.make(1)
  const { ask, current } = supervisor
  const parameters = new Map<string, Schema.Json>()
  let level: PressureLevel = "normal"

  const tell = (level: PressureLevel) => ask("pressure", `,"level":"${level}"`)
  const set = (parameter: string, value: Schema.Json) =>
    ask("set", `,"name":${toText(parameter)},"value":${toText(value)}`)

  const restart = Effect.gen(function*() {
    yield* supervisor.start
    for (const [parameter, value] of parameters) yield* set(parameter, value)
    if (level !== "normal") yield* tell(level)
    // It may have ended again meanwhile.
    const { ended } = current().connection
    if (ended !== undefined) return yield* Effect.fail(ended)
    admission.open("Crashed")
    return true
  })

  const heal = Effect.suspend(() => {
    if (admission.has("Shutdown")) return Effect.fail(admission.closed!)
    if (admission.has("Crashed")) return restart
    return Effect.timeoutOrElse(Effect.map(ask("heal"), ({ value }) => value === true), {
      duration: options?.healDeadline ?? "10 seconds",
      orElse: () => Effect.andThen(supervisor.crash("it did not answer"), restart)
    })
  })

  const managed: ManagedService = {
    name,
    kind: "sidecar",
    traits: definition.traits,
    health: Effect.flatMap(ask("health"), readHealth),
    pressureResponse: (next) =>
      Effect.suspend(() => {
        level = next
        return Effect.asVoid(tell(next))
      }),
    shedLoad: Effect.asVoid(ask("shed")),
    heal: Semaphore.withPermit(healing, heal),
    shutdown: supervisor.shutdown,
    metrics: Effect.map(ask("metrics"), ({ value }) => value as Schema.Json),
    metricPrefix: current().metricPrefix ?? name,
    parameters: {
      list: Effect.flatMap(ask("parameters"), readParameters),
      get: (parameter) =>
        Effect.map(
          Effect.flatMap(ask("get", `,"name":${toText(parameter)}`), readParameter),
          ({ value }) => value
        ),
      set: (parameter, value) =>
        Effect.flatMap(set(parameter, value), (answer) => {
          if (answer.status !== 0) {
            return Effect.fail(new ParameterRefused({ service: name, parameter, message: String(answer.value) }))
          }
          parameters.set(parameter, value)
          return Effect.void
        })
    },
    admission
  }
  yield* Effect.addFinalizer(() => managed.shutdown)
  yield* ServiceRegistry.registerIfPresent(managed)
  const exempt = new Set(options?.admitsAtCritical)
  const commands = Object.fromEntries(
    Object.entries(definition.commands).map((
      [key, command]
    ) => [key, functionOf(name, command.name, command.operation, admission, exempt.has(key), current)])
  ) as ServiceDefinition.Functions<C>
  return { managed, commands }
})

const readHealth = readAs(HealthStatus)
const readParameters = readAs(Schema.Array(Schema.Struct({ name: Schema.String, description: Schema.String })))
const readParameter = readAs(Schema.Struct({ value: Schema.optionalKey(Schema.Json) }))
