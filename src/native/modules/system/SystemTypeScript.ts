/**
 * The service `system` in TypeScript: how scarce memory is on this machine.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type HealthStatus, healthy, unhealthy } from "../../HealthStatus.ts"
import { levelOf, limitsOf } from "../../internal/thresholds.ts"
import { ParameterRefused } from "../../ManagedService.ts"
import type { PressureLevel } from "../../PressureLevel.ts"
import * as PressureSource from "../../PressureSource.ts"
import { ServiceUnavailable } from "../../ServiceUnavailable.ts"
import { type PressureReading, type PressureThresholds, PressureUnreadable } from "./SystemPressure.ts"
import type { SystemImplementation } from "./SystemService.ts"

const Share = Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const mostHistory = 1024

const Config = Schema.Struct({
  /** Where the files of the system are looked for. */
  root: Schema.optionalKey(Schema.String),
  thresholds: Schema.optionalKey(Schema.Struct({
    warning: Schema.optionalKey(Share),
    high: Schema.optionalKey(Share),
    critical: Schema.optionalKey(Share)
  })),
  /** How many readings are kept. */
  history: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: mostHistory })))
})

/** What the service remembers. */
interface State {
  readonly read: Effect.Effect<PressureSource.Reading, string>
  thresholds: PressureThresholds
  history: number
  level: PressureLevel
  sequence: number
  /** The newest first. */
  kept: Array<PressureReading>
}

/**
 * Makes the service `system`.
 *
 * **When to use**
 *
 * `SystemService.layerTypeScript` calls it.
 *
 * **Details**
 *
 * The config is `{ root?, thresholds?, history? }`. It reads through the `FileSystem` that is around; without one, every
 * reading fails.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  config: Schema.Json
): Effect.fn.Return<SystemImplementation, ServiceUnavailable> {
  const given = yield* Effect.mapError(
    Schema.decodeUnknownEffect(Config)(config, { onExcessProperty: "error" }),
    (error) => refused(error.message.replace(/\s*\n\s*/g, " "))
  )
  const thresholds = { ...limitsOf().usage, ...given.thresholds }
  const refusal = unordered(thresholds)
  if (refusal !== undefined) return yield* refused(refusal)
  const state: State = {
    read: reader(given.root ?? "/", yield* Effect.serviceOption(FileSystem.FileSystem)),
    thresholds,
    history: given.history ?? 64,
    level: "normal",
    sequence: 0,
    kept: []
  }
  return {
    health: Effect.match(state.read, {
      onFailure: (reason): HealthStatus => unhealthy(reason),
      onSuccess: () => healthy
    }),
    // warning: half of the readings are kept; high: the newest; critical: none
    pressureResponse: (level) =>
      Effect.sync(() => {
        state.level = level
        trim(state)
      }),
    shedLoad: Effect.sync(() => forget(state)),
    // Nothing is repaired here: the files are the system's. It is healed when they can be read again.
    heal: Effect.match(state.read, { onFailure: () => false, onSuccess: () => true }),
    shutdown: Effect.sync(() => forget(state)),
    metrics: Effect.sync(() => ({ readings: state.sequence, kept: state.kept.length })),
    metricPrefix: "system",
    parameters: parameters(state),
    pressure: ({ thresholds }) =>
      state.read.pipe(
        Effect.map((reading) => ({ reading: remember(state, reading, thresholds ?? state.thresholds) })),
        Effect.mapError((reason) => new PressureUnreadable({ reason }))
      ),
    readings: ({ limit }) =>
      Stream.suspend(() => Stream.fromIterable(state.kept.slice(0, limit).map((reading) => ({ reading }))))
  }
})

const refused = (reason: string): ServiceUnavailable =>
  new ServiceUnavailable({
    service: "system",
    reason: "Refused",
    message: `The service "system" cannot be made: ${reason}`
  })

const unordered = ({ critical, high, warning }: PressureThresholds): string | undefined =>
  warning <= high && high <= critical
    ? undefined
    : `thresholds have to rise, but are ${warning}, ${high} and ${critical}`

const reader = (
  root: string,
  files: Option.Option<FileSystem.FileSystem>
): Effect.Effect<PressureSource.Reading, string> =>
  Option.isNone(files)
    ? Effect.fail(
      "how much memory is in use cannot be read without the service FileSystem; provide NodeFileSystem.layer"
    )
    : PressureSource.readLinux({ root }).pipe(
      Effect.provideService(FileSystem.FileSystem, files.value),
      Effect.mapError(({ file }) => `how much memory is in use cannot be read from ${file}`)
    )

const remember = (state: State, reading: PressureSource.Reading, usage: PressureThresholds): PressureReading => {
  state.sequence = (state.sequence + 1) >>> 0
  const made: PressureReading = {
    sequence: state.sequence,
    source: reading.from === "other" ? "meminfo" : reading.from,
    level: levelOf({ usage, stall: limitsOf().stall, hysteresis: 0 }, "normal", reading),
    ratio: reading.usage,
    usedBytes: bytes(reading.usedBytes),
    limitBytes: bytes(reading.limitBytes),
    stall: reading.stall ?? null
  }
  state.kept.unshift(made)
  trim(state)
  return made
}

/** A file can claim more than any machine has. */
const bytes = (number: number): bigint => BigInt(Math.min(number, Number.MAX_SAFE_INTEGER))

const room: { readonly [Level in PressureLevel]: (history: number) => number } = {
  normal: (history) => history,
  warning: (history) => Math.floor(history / 2),
  high: () => 1,
  critical: () => 0
}

const trim = (state: State): void => {
  state.kept.splice(room[state.level](state.history))
}

const forget = (state: State): void => {
  state.kept = []
}

const descriptions: ReadonlyMap<string, string> = new Map([
  ["history", "How many readings are kept"],
  ["warning", "From which part of the limit on the level is warning"],
  ["high", "From which part of the limit on the level is high"],
  ["critical", "From which part of the limit on the level is critical"]
])

const isThreshold = (name: string): name is keyof PressureThresholds =>
  name === "warning" || name === "high" || name === "critical"

const parameters = (state: State): NonNullable<SystemImplementation["parameters"]> => ({
  list: Effect.succeed(Array.from(descriptions, ([name, description]) => ({ name, description }))),
  get: (name) =>
    Effect.sync(() => name === "history" ? state.history : isThreshold(name) ? state.thresholds[name] : undefined),
  set: (name, value) =>
    Effect.suspend(() => {
      const refuse = (message: string) =>
        Effect.fail(new ParameterRefused({ service: "system", parameter: name, message }))
      if (name === "history") {
        if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > mostHistory) {
          return refuse(`history is a whole number from 0 to ${mostHistory}`)
        }
        state.history = value
        trim(state)
        return Effect.void
      }
      if (!isThreshold(name)) return refuse(`system has no parameter "${name}"`)
      if (typeof value !== "number" || !(value >= 0 && value <= 1)) {
        return refuse("a threshold is a number from 0 to 1")
      }
      const thresholds = { ...state.thresholds, [name]: value }
      const refusal = unordered(thresholds)
      if (refusal !== undefined) return refuse(refusal)
      state.thresholds = thresholds
      return Effect.void
    })
})
