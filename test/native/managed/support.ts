import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as HealthStatus from "opbus/native/HealthStatus"
import type { ManagedService } from "opbus/native/ManagedService"
import * as ManagedServices from "opbus/native/ManagedServices"
import { PressureSource, PressureUnreadable, type Reading } from "opbus/native/PressureSource"
import * as ServiceDefinition from "opbus/native/ServiceDefinition"
import { ServiceUnavailable } from "opbus/native/ServiceUnavailable"
import { type SystemEvent, SystemEvents } from "opbus/native/SystemEvents"
import * as TypeScriptService from "opbus/native/TypeScriptService"
import { Operation } from "opbus/operation"

export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", { limit: Schema.Finite }) {}

const error = Schema.Union([TooLarge, ServiceUnavailable])

export class Add extends Operation.make({
  meta: { key: "tally.add" },
  input: Schema.Struct({ by: Schema.Finite }),
  output: Schema.Struct({ total: Schema.Finite }),
  error,
  executionMode: "sync"
}) {}

export class Total extends Operation.make({
  meta: { key: "tally.total" },
  output: Schema.Finite,
  error
}) {}

export class Count extends Operation.make({
  meta: { key: "tally.count" },
  input: Schema.Struct({ to: Schema.Finite }),
  output: Schema.Finite,
  error,
  stream: true
}) {}

export const definition = ServiceDefinition.make({
  name: "tally",
  specHash: "none",
  traits: ["ManagedService", "MetricsEmitter"],
  commands: {
    add: { name: "tally/add", operation: Add, mode: "sync", transport: "positional" },
    count: { name: "tally/count", operation: Count, mode: "stream", transport: "positional" },
    total: { name: "tally/total", operation: Total, mode: "async", transport: "positional" }
  }
})

export interface Behaviour {
  health: Effect.Effect<HealthStatus.HealthStatus>
  heal: Effect.Effect<boolean>
  pressureResponse: (level: string) => Effect.Effect<void>
  shedLoad: Effect.Effect<void>
  admitsAtCritical: ReadonlyArray<string>
}

/** A service that really adds, whose managed side does what a test wants, and writes down what it is asked. */
export const tally = Effect.fnUntraced(function*(behaviour?: Partial<Behaviour>, name = "tally") {
  const asked: Array<string> = []
  const note = (what: string) => Effect.sync(() => void asked.push(what))
  const now: Behaviour = {
    health: Effect.succeed(HealthStatus.healthy),
    heal: Effect.succeed(true),
    pressureResponse: () => Effect.void,
    shedLoad: Effect.void,
    admitsAtCritical: [],
    ...behaviour
  }
  const { commands, managed } = yield* TypeScriptService.make({ ...definition, name }, () => {
    let total = 0
    return Effect.succeed({
      health: Effect.suspend(() => now.health),
      heal: Effect.andThen(note("heal"), Effect.suspend(() => now.heal)),
      pressureResponse: (level) => Effect.andThen(note(level), now.pressureResponse(level)),
      shedLoad: Effect.andThen(note("shed"), Effect.suspend(() => now.shedLoad)),
      shutdown: note("shutdown"),
      metrics: Effect.sync(() => ({ total })),
      admitsAtCritical: now.admitsAtCritical,
      add: ({ by }) =>
        by > 1000 ? Effect.fail(new TooLarge({ limit: 1000 })) : Effect.sync(() => {
          asked.push("add")
          total += by
          return { total }
        }),
      count: ({ to }) => Stream.range(1, to),
      total: () => Effect.sync(() => total)
    })
  })
  return { asked, behaviour: now, commands, managed }
})

/** Memory as a test wants it. */
const memory = (usage = 0.1) => {
  const state: { usage: number; stall: number | undefined; reads: number; broken: boolean } = {
    usage,
    stall: undefined,
    reads: 0,
    broken: false
  }
  const layer = Layer.succeed(PressureSource, {
    read: Effect.suspend(() => {
      state.reads++
      if (state.broken) return Effect.fail(new PressureUnreadable({ file: "/proc/meminfo", cause: "test" }))
      const reading: Reading = {
        usage: state.usage,
        usedBytes: state.usage * 100,
        limitBytes: 100,
        from: "other",
        stall: state.stall
      }
      return Effect.succeed(reading)
    })
  })
  return { state, layer }
}

export const system = (options?: ManagedServices.Options, usage?: number) => {
  const { layer, state } = memory(usage)
  return { memory: state, layer: ManagedServices.layer(options).pipe(Layer.provide(layer)) }
}

/** Everything that happens from now on, without the snapshots. */
export const recordSystem = Effect.gen(function*() {
  const { events } = yield* SystemEvents
  const seen: Array<SystemEvent> = []
  yield* Effect.forkScoped(Stream.runForEach(events, (event) => Effect.sync(() => void seen.push(event))), {
    startImmediately: true
  })
  return {
    all: seen,
    tags: () => seen.map(({ _tag }) => _tag).filter((tag) => tag !== "system.health.snapshot"),
    of: <Tag extends SystemEvent["_tag"]>(tag: Tag) =>
      seen.filter((event): event is Extract<SystemEvent, { _tag: Tag }> => event._tag === tag)
  }
})

export const refusal = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<string, A, R> =>
  Effect.map(Effect.flip(effect), (error) => error instanceof ServiceUnavailable ? error.reason : String(error))

export const reasons = (managed: ManagedService): ReadonlyArray<string> =>
  managed.admission.all.map(({ reason }) => reason)
