/**
 * Services that are written in Rust and run in this process.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Admission from "./Admission.ts"
import type { Binding } from "./internal/binding/binding.ts"
import { controls, kinds, statuses, transports } from "./internal/binding/layout.ts"
import * as Marshal from "./internal/binding/marshal.ts"
import type { HealthStatus, ManagedService, Parameter } from "./ManagedService.ts"
import { ParameterRefused } from "./ManagedService.ts"
import { NativeModule } from "./NativeModule.ts"
import * as PressureLevel from "./PressureLevel.ts"
import type * as ServiceDefinition from "./ServiceDefinition.ts"
import * as ServiceRegistry from "./ServiceRegistry.ts"
import { type Reason, ServiceUnavailable } from "./ServiceUnavailable.ts"

/**
 * How a service is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** What the module's `create` is given; `{}` by default. */
  readonly config?: Schema.Json | undefined
  /**
   * The commands that are answered under critical pressure too, because they do not take memory or refuse by themselves.
   * None unless it says so.
   */
  readonly admitsAtCritical?: ReadonlyArray<string> | undefined
}

/**
 * The defect of a call to Rust: a panic, or a value that does not have the shape that the specs promise. The service
 * lives on.
 *
 * @category errors
 * @since 0.1.0
 */
export class NativeDefect extends Data.TaggedError("NativeDefect")<{
  readonly service: string
  /** The command, or what else was asked of the service. */
  readonly command: string
  readonly message: string
}> {}

/**
 * Makes a service from its module in Rust.
 *
 * **When to use**
 *
 * The generated `layerRust` calls it.
 *
 * **Details**
 *
 * A synchronous command runs on this thread and takes as long as it takes. All others, and whatever the health monitor
 * and its like ask, run on threads of the module. Interrupting a call tells the module, and waits for the call to end.
 *
 * A command runs only while the service's admission is open. Closing the scope shuts the service down, after the calls
 * that are running.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const C extends ServiceDefinition.Commands>(
  definition: ServiceDefinition.ServiceDefinition<C>,
  options?: Options
): Effect.Effect<
  ServiceDefinition.Instance<ServiceDefinition.Functions<C>>,
  ServiceUnavailable,
  NativeModule | Scope.Scope
> =>
  Effect.gen(function*() {
    const { name, specHash } = definition
    const { binding, module } = yield* (yield* NativeModule).find(name, specHash)
    const native = new Native(binding as Binding, name)
    const numbers = new Map(module.commands.map((command, number) => [command.name, number]))
    const missing = Object.values(definition.commands).filter((command) => !numbers.has(command.name))
    if (missing.length > 0) {
      return yield* native.unavailable(
        "NotLoaded",
        `has no command ${missing.map((command) => `"${command.name}"`).join(", ")}; generate and build it again`
      )
    }
    // Before it is made: an interruption may come between the answer and whatever is done with it.
    yield* Effect.addFinalizer(() => Effect.sync(() => native.release()))
    const prefix = yield* native.create(options?.config ?? {})
    const managed = manage(definition, native, prefix ?? name)
    yield* Effect.addFinalizer(() => managed.shutdown)
    yield* native.initialize
    yield* ServiceRegistry.registerIfPresent(managed)
    const exempt = new Set(options?.admitsAtCritical)
    const commands = Object.entries(definition.commands).map(([key, command]) => [
      key,
      native.command(key, command, numbers.get(command.name)!, managed.admission, exempt.has(key))
    ])
    return { managed, commands: Object.fromEntries(commands) as ServiceDefinition.Functions<C> }
  })

/** What one call answers. It reads the binding, so it runs before anything else is called. */
type Answer<A, E> = (status: number) => Effect.Effect<A, E>

/**
 * One instance of a module.
 */
class Native {
  private readonly binding: Binding
  private readonly name: string
  private handle = -1

  constructor(binding: Binding, name: string) {
    this.binding = binding
    this.name = name
  }

  /** Where answers of `control` are read from, and its input is written to. */
  get reading(): Pick<Binding, "reader" | "writer"> {
    return this.binding
  }

  unavailable(reason: Reason, what: string): ServiceUnavailable {
    const { name } = this
    return new ServiceUnavailable({ service: name, reason, message: `The service "${name}" in Rust ${what}.` })
  }

  /** Makes the instance; gives what its figures are named by. */
  create(config: Schema.Json): Effect.Effect<string | undefined, ServiceUnavailable> {
    const { binding, name } = this
    const { reader, writer } = binding
    return this.start(kinds.create, () => 0, 0, transports.positional, () => {
      writer.begin()
      writer.string(name)
      writer.json(config)
    }, (status) => {
      if (status === statuses.ok) {
        this.handle = binding.handle
        return Effect.succeed(reader.boolean() ? reader.string() : undefined)
      }
      return status === statuses.unavailable
        ? Effect.fail(this.unavailable("Refused", `could not be made: ${binding.message}`))
        : this.without("create", status)
    }, "instance")
  }

  release(): void {
    if (this.handle >= 0) this.binding.release(this.handle)
  }

  /** Asks until it is ready, at first often. */
  readonly initialize: Effect.Effect<void, ServiceUnavailable> = Effect.suspend(() => {
    const { reader } = this.binding
    const step = this.control("initialize", controls.initialize, undefined, () => {
      const state = reader.number()
      return state === 2 ? { failed: reader.string() } : { ready: state === 0 }
    })
    const loop = (pause: number): Effect.Effect<void, ServiceUnavailable> =>
      Effect.flatMap(step, (state) => {
        if (state.failed !== undefined) {
          return Effect.fail(this.unavailable("Refused", `could not be initialised: ${state.failed}`))
        }
        return state.ready
          ? Effect.void
          : Effect.flatMap(Effect.sleep(pause), () => loop(Math.min(pause * 2, 50)))
      })
    return loop(1)
  })

  /** Asks something of the instance besides its commands. */
  control<A>(
    what: string,
    control: number,
    write: (() => void) | undefined,
    read: () => A
  ): Effect.Effect<A, ServiceUnavailable> {
    const { writer } = this.binding
    return this.start(
      kinds.control,
      () => this.handle,
      control,
      transports.positional,
      () => {
        writer.begin()
        write?.()
      },
      (status) => status === statuses.ok ? Effect.succeed(read()) : this.without(what, status)
    )
  }

  /** The function of a command. */
  command(
    key: string,
    command: ServiceDefinition.Command,
    number: number,
    admission: Admission.Admission,
    exempt: boolean
  ): (params: never) => Effect.Effect<unknown, unknown> | Stream.Stream<unknown, unknown> {
    const marshal = Marshal.make(this.binding, command.name, command)
    const closed = exempt ? () => admission.closedAtCritical : () => admission.closed
    const answer: Answer<unknown, unknown> = (status) =>
      status === statuses.ok
        ? Effect.succeed(marshal.output())
        : status === statuses.failure
        ? Effect.fail(marshal.failure())
        : this.without(key, status)
    switch (command.mode) {
      case "sync":
        return (params) =>
          Effect.suspend(() => {
            const refusal = closed()
            if (refusal !== undefined) return Effect.fail(refusal)
            marshal.write(params)
            return answer(this.binding.call(this.handle, number, marshal.transport))
          })
      case "async":
        return (params) =>
          Effect.suspend(() => {
            const refusal = closed()
            return refusal === undefined
              ? this.start(
                kinds.call,
                () => this.handle,
                number,
                marshal.transport,
                () => marshal.write(params),
                answer
              )
              : Effect.fail(refusal)
          })
      case "stream":
        return (params) =>
          Stream.suspend(() => {
            const refusal = closed()
            return refusal === undefined
              ? this.stream(key, number, marshal, params)
              : Stream.fail(refusal)
          })
    }
  }

  /** A stream is opened when it is run, and pulled from as its consumer wants. */
  private stream(
    key: string,
    number: number,
    marshal: Marshal.Marshal,
    params: unknown
  ): Stream.Stream<unknown, unknown> {
    const { binding } = this
    return Stream.unwrap(Effect.gen({ self: this }, function*() {
      let handle = -1
      // Before it is opened: an interruption may come between the answer and whatever is done with it.
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          if (handle >= 0) binding.close(handle)
        })
      )
      yield* this.start(
        kinds.open,
        () => this.handle,
        number,
        marshal.transport,
        () => marshal.write(params),
        (status) => {
          if (status === statuses.failure) return Effect.fail(marshal.failure())
          if (status !== statuses.ok) return this.without(key, status)
          handle = binding.handle
          return Effect.void
        },
        "stream"
      )
      return Stream.fromPull(Effect.sync(() => this.pull(key, marshal, handle)))
    }))
  }

  private pull(
    key: string,
    marshal: Marshal.Marshal,
    handle: number
  ): Effect.Effect<readonly [unknown, ...Array<unknown>], unknown> {
    const { reader, writer } = this.binding
    /** What came after the elements of the last chunk. */
    let end: Effect.Effect<never, unknown> | undefined
    const ended = (status: number, failure: unknown, message: string): Effect.Effect<never, unknown> | undefined => {
      switch (status) {
        case statuses.ok:
          return undefined
        case statuses.end:
          return Cause.done()
        case statuses.failure:
          return Effect.fail(failure)
        default:
          return this.without(key, status, message)
      }
    }
    const chunk: Effect.Effect<ReadonlyArray<unknown>, unknown> = this.start(
      kinds.next,
      () => handle,
      0,
      marshal.transport,
      () => writer.begin(),
      (status) => {
        if (status !== statuses.ok) return this.without(key, status)
        const count = reader.number()
        const last = reader.number()
        const messageAt = reader.number()
        const text = reader.text
        const { failure, items } = marshal.elements(count, last === statuses.failure, text.slice(0, messageAt))
        end = ended(last, failure, text.slice(messageAt))
        return Effect.succeed(items)
      }
    )
    const next: Effect.Effect<readonly [unknown, ...Array<unknown>], unknown> = Effect.suspend(() =>
      end ??
        Effect.flatMap(
          chunk,
          (items) => items.length > 0 ? Effect.succeed(items as [unknown, ...Array<unknown>]) : next
        )
    )
    return next
  }

  /** A status that carries no value. */
  private without(
    command: string,
    status: number,
    message = this.binding.message
  ): Effect.Effect<never, ServiceUnavailable> {
    const service = this.name
    switch (status) {
      case statuses.unavailable:
        return Effect.fail(
          new ServiceUnavailable({
            service,
            reason: "Shutdown",
            message: `The service "${service}" takes no calls: ${message}.`
          })
        )
      case statuses.interrupted:
        return Effect.interrupt
      default:
        return Effect.die(new NativeDefect({ service, command, message }))
    }
  }

  /**
   * Runs something on a thread of the module. An interruption is passed on, and waits for the end.
   */
  private start<A, E>(
    kind: number,
    handle: () => number,
    command: number,
    transport: number,
    write: () => void,
    answer: Answer<A, E>,
    makes?: "instance" | "stream"
  ): Effect.Effect<A, E> {
    const { binding } = this
    return Effect.callback<A, E>((resume) => {
      write()
      const id = binding.start(kind, handle(), command, transport, (status) => {
        // The answer has to be read now, and what reading throws is the defect of this call.
        resume(Effect.runSyncExit(Effect.suspend(() => answer(status))))
      })
      if (makes !== undefined) binding.makes(id, makes)
      return Effect.callback<void>((ended) => {
        if (!binding.cancel(id, () => ended(Effect.void))) ended(Effect.void)
      })
    })
  }
}

const manage = (
  definition: ServiceDefinition.ServiceDefinition,
  native: Native,
  metricPrefix: string
): ManagedService => {
  const { name } = definition
  const admission = Admission.make(name)
  const { reader, writer } = native.reading
  const alive = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | ServiceUnavailable> =>
    Effect.suspend((): Effect.Effect<A, E | ServiceUnavailable> =>
      admission.has("Shutdown") ? Effect.fail(admission.closed!) : effect
    )
  const nothing = () => undefined
  const shutDown = native.control("shutdown", controls.shutdown, undefined, nothing)
  return {
    name,
    kind: "rust",
    traits: definition.traits,
    health: alive(native.control("health", controls.health, undefined, () => readHealth(reader))),
    pressureResponse: (level) =>
      alive(native.control(
        "pressureResponse",
        controls.pressure,
        () => writer.number(PressureLevel.rank(level)),
        nothing
      )),
    shedLoad: alive(native.control("shedLoad", controls.shed, undefined, nothing)),
    heal: alive(native.control("heal", controls.heal, undefined, () => reader.boolean())),
    shutdown: Effect.suspend(() => {
      if (admission.has("Shutdown")) return Effect.void
      admission.close("Shutdown", `The service "${name}" was shut down. Make a new one.`)
      // Native code that is shut down already has nothing to add.
      return Effect.uninterruptible(Effect.catch(shutDown, () => Effect.void))
    }),
    metrics: alive(native.control(
      "metrics",
      controls.metrics,
      undefined,
      (): Schema.Json => reader.boolean() ? reader.json() : null
    )),
    metricPrefix,
    parameters: {
      list: alive(native.control("parameters", controls.list, undefined, () => {
        const list: Array<Parameter> = []
        for (let left = reader.number(); left > 0; left--) {
          list.push({ name: reader.string(), description: reader.string() })
        }
        return list
      })),
      get: (parameter) =>
        alive(native.control(
          "parameters",
          controls.get,
          () => writer.string(parameter),
          () => reader.boolean() ? reader.json() : undefined
        )),
      set: (parameter, value) =>
        alive(Effect.flatMap(
          native.control("parameters", controls.set, () => {
            writer.string(parameter)
            writer.json(value)
          }, () => reader.boolean() ? reader.string() : undefined),
          (message) =>
            message === undefined
              ? Effect.void
              : Effect.fail(new ParameterRefused({ service: name, parameter, message }))
        ))
    },
    admission
  }
}

const readHealth = (reader: Native["reading"]["reader"]): HealthStatus => {
  switch (reader.number()) {
    case 0:
      return { _tag: "Healthy" }
    case 1:
      return { _tag: "Degraded", reason: reader.string() }
    default:
      return { _tag: "Unhealthy", reason: reader.string() }
  }
}
