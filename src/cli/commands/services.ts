import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { Command, Flag } from "../../internal/effect/cli.ts"
import { HealthMonitor } from "../../native/HealthMonitor.ts"
import { ServiceRegistry } from "../../native/ServiceRegistry.ts"
import { type SystemEvent, SystemEvents } from "../../native/SystemEvents.ts"
import * as App from "../internal/app.ts"
import { timeOf } from "../internal/entries.ts"
import { CliFailure, exitCodes, usage } from "../internal/failure.ts"
import * as flags from "../internal/flags.ts"
import { present, remark } from "../internal/output.ts"
import { inspect, render } from "../internal/services.ts"
import { oneLine } from "../internal/text.ts"

const config = {
  builtin: Flag.Boolean("builtin").pipe(
    Flag.withDescription("opbus's own services instead of an application's"),
    Flag.withDefault(false)
  ),
  watch: Flag.Boolean("watch").pipe(
    Flag.withDescription("Go on: show what happens, and the services again at every interval"),
    Flag.withDefault(false)
  ),
  interval: Flag.String("interval").pipe(
    Flag.withMetavar("<duration>"),
    Flag.withDescription("From one time to the next with --watch, for example 500ms or 5s"),
    Flag.withDefault("2s")
  )
}

/**
 * `opbus services`
 *
 * @internal
 */
export const services = Command.make("services", config, ({ builtin, interval, watch }) =>
  Effect.gen(function*() {
    const duration = yield* flags.parseDuration(interval)
    const show = Effect.gen(function*() {
      const registry = yield* Effect.serviceOption(ServiceRegistry)
      if (Option.isNone(registry)) return yield* noRegistry
      const monitor = yield* Effect.serviceOption(HealthMonitor)
      const once = Effect.gen(function*() {
        const rows = yield* Effect.forEach(yield* registry.value.list, (service) => inspect(service, monitor), {
          concurrency: "unbounded"
        })
        yield* present(rows.toSorted((a, b) => a.service < b.service ? -1 : 1), render)
      })
      if (!watch) return yield* once
      const events = yield* Effect.serviceOption(SystemEvents)
      yield* remark("Watching", "watching; Ctrl-C ends it")
      yield* Effect.all([
        Effect.repeat(once, Schedule.spaced(duration)),
        Option.isNone(events) ? Effect.void : Stream.runForEach(events.value.events, tell)
      ], { concurrency: "unbounded", discard: true })
    })
    if (!builtin) return yield* App.provide(show)
    // Takes modules that only this flag needs.
    const { builtinServices } = yield* Effect.promise(() => import("../internal/builtinServices.ts"))
    yield* Effect.scoped(Effect.gen(function*() {
      const context = yield* Effect.catchCause(Layer.build(builtinServices), (cause) => Effect.fail(unavailable(cause)))
      yield* Effect.provideContext(show, context)
    }))
  })).pipe(
    Command.withDescription(`Show the services of the application: health, admission, metrics and parameters

  The application's layer has to provide what ManagedServices.layer provides; see docs/managed-services.md.`),
    Command.withExamples([
      { command: "opbus --app ./app.ts services", description: "Those of an application" },
      { command: "opbus services --builtin --json", description: "Those of opbus itself, for machines" }
    ])
  )

const noRegistry = Effect.fail(usage(
  "InvalidApp",
  "the application has no services: provide ManagedServices.layer in its layer, below those of its services, and leave it among what the layer provides (Layer.provideMerge)"
))

const unavailable = (cause: Cause.Cause<unknown>): CliFailure => {
  const error = Cause.squash(cause)
  return new CliFailure({
    exitCode: exitCodes.failed,
    reason: "ServiceUnavailable",
    message: error instanceof Error ? oneLine(error.message, 500) : "a service could not be made",
    cause
  })
}

/** Snapshots are what the table shows anyway. */
const tell = (event: SystemEvent) =>
  event._tag === "system.health.snapshot"
    ? Effect.void
    : present([{ ...event, at: new Date(event.at).toISOString() }], () => `${timeOf(event.at)}  ${lineOf(event)}`)

const lineOf = (event: Exclude<SystemEvent, { readonly _tag: "system.health.snapshot" }>): string => {
  switch (event._tag) {
    case "system.service.quarantined":
      return `${event.service} was late to answer (${event.deadlineMillis} ms) and takes no calls until it does`
    case "system.service.released":
      return `${event.service} answers again`
    case "system.service.healed":
      return `${event.service} has healed after ${event.attempts} attempts`
    case "system.service.heal-failed":
      return `${event.service} has not healed (attempt ${event.attempt}): ${event.reason}`
    case "system.service.escalated":
      return `${event.service} cannot heal itself: ${event.reason}`
    case "system.service.reopened":
      return `${event.service} was reopened`
    case "system.pressure.changed":
      return `memory: ${event.from} -> ${event.to} (${
        Math.round(event.reading.usage * 100)
      } % of ${event.reading.from})`
    case "system.pressure.unanswered":
      return `${event.service} did not give way (${event.request}): ${event.reason}`
    case "system.load.shed":
      return `memory is still critical: ${event.services.join(", ")} shed load`
  }
}
