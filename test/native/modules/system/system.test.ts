import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as path from "node:path"
import { HealthMonitor } from "opbus/native/HealthMonitor"
import { SystemService } from "opbus/native/modules/system/SystemService"
import { PressureDispatcher } from "opbus/native/PressureDispatcher"
import { levels } from "opbus/native/PressureLevel"
import { isServiceUnavailable } from "opbus/native/ServiceUnavailable"
import {
  healthLine,
  kinds,
  layerOf,
  recordEvents,
  start,
  systemOn,
  temporaryFolder,
  writeFiles,
  writeMemory
} from "../support.ts"

const make = (kind: (typeof kinds)[number], config: Schema.Json = {}) => start(SystemService, kind, config)
type System = Effect.Success<ReturnType<typeof make>>

const read = (system: System) => Effect.map(system.commands.pressure({}), ({ reading }) => reading)

/** The numbers of the readings that are kept. */
const kept = (system: System) =>
  Effect.map(
    Stream.runCollect(system.commands.readings({ limit: 1024 })),
    (items) => items.map(({ reading }) => reading.sequence)
  )

const group = {
  "proc/meminfo": "MemTotal:       16000000 kB\nMemAvailable:   12000000 kB\n",
  "proc/self/cgroup": "0::/app/worker\n",
  "proc/pressure/memory": "some avg10=1.00 avg60=0.00 total=1\n",
  "sys/fs/cgroup/app/memory.max": "8000000\n",
  "sys/fs/cgroup/app/memory.current": "7800000\n",
  "sys/fs/cgroup/app/memory.stat": "anon 1\ninactive_file 1000000\n",
  "sys/fs/cgroup/app/memory.pressure": "some avg10=12.50 avg60=2.00 total=3\nfull avg10=1.00\n",
  "sys/fs/cgroup/app/worker/memory.max": "max\n",
  "sys/fs/cgroup/app/worker/memory.current": "7000000\n"
}

for (const kind of kinds) {
  describe(`system in ${kind}`, () => {
    it.effect("reads the tightest limit of a recorded container", () =>
      Effect.gen(function*() {
        const root = yield* temporaryFolder
        writeFiles(root, group)
        const system = yield* make(kind, { root })
        assert.deepStrictEqual(yield* read(system), {
          sequence: 1,
          source: "cgroup2",
          level: "high",
          ratio: 0.85,
          usedBytes: 6_800_000n,
          limitBytes: 8_000_000n,
          stall: 12.5
        })
        const other = yield* system.commands.pressure({ thresholds: { warning: 0.9, high: 0.95, critical: 0.99 } })
        assert.strictEqual(other.reading.level, "warning", "work waits for memory, whatever the share")
        writeFiles(root, { "proc/self/cgroup": "5:memory:/x\n" })
        assert.deepInclude(yield* read(system), { source: "meminfo", ratio: 0.25, level: "normal", stall: 1 })
      }))

    it.effect.skipIf(process.platform !== "linux")("reads the memory of this machine", () =>
      Effect.gen(function*() {
        const system = yield* make(kind)
        const { limitBytes, ratio, usedBytes } = yield* read(system)
        assert.isTrue(usedBytes > 0n && usedBytes < limitBytes, `${usedBytes} of ${limitBytes}`)
        assert.strictEqual(ratio, Number(usedBytes) / Number(limitBytes))
        assert.strictEqual(yield* healthLine(system.managed), "Healthy")
      }))

    it.effect("keeps fewer readings the scarcer memory is: half, one, none", () =>
      Effect.gen(function*() {
        const root = yield* temporaryFolder
        writeMemory(root, 100)
        const system = yield* make(kind, { root, history: 8 })
        const seen: Array<unknown> = []
        for (const level of levels) {
          yield* system.managed.pressureResponse(level)
          for (let i = 0; i < 10; i++) yield* read(system)
          seen.push([level, yield* kept(system)])
        }
        assert.deepStrictEqual(seen, [
          ["normal", [10, 9, 8, 7, 6, 5, 4, 3]],
          ["warning", [20, 19, 18, 17]],
          ["high", [30]],
          ["critical", []]
        ])
        yield* system.managed.pressureResponse("normal")
        yield* read(system)
        assert.deepStrictEqual(yield* kept(system), [41])
        yield* system.managed.shedLoad
        assert.deepStrictEqual(yield* kept(system), [])
      }))

    it.effect("is unhealthy while the files cannot be read, and healed when they can", () =>
      Effect.gen(function*() {
        const root = yield* temporaryFolder
        const system = yield* make(kind, { root })
        const reason = `how much memory is in use cannot be read from ${root}/proc/meminfo`
        assert.strictEqual(yield* healthLine(system.managed), `Unhealthy: ${reason}`)
        const failure = yield* Effect.flip(system.commands.pressure({}))
        assert.strictEqual(failure._tag === "PressureUnreadable" ? failure.reason : failure._tag, reason)
        assert.isFalse(yield* system.managed.heal)
        writeMemory(root, 100)
        assert.isTrue(yield* system.managed.heal)
        assert.strictEqual(yield* healthLine(system.managed), "Healthy")
      }))

    it.effect("shows its figures, and takes parameters that make sense", () =>
      Effect.gen(function*() {
        const root = yield* temporaryFolder
        writeMemory(root, 500)
        const system = yield* make(kind, { root })
        const { metrics, parameters } = system.managed
        for (let i = 0; i < 5; i++) yield* read(system)
        assert.deepStrictEqual(yield* metrics, { readings: 5, kept: 5 })
        yield* parameters.set("history", 2)
        assert.deepStrictEqual(yield* kept(system), [5, 4])
        yield* parameters.set("warning", 0.4)
        assert.strictEqual((yield* read(system)).level, "warning")
        assert.deepStrictEqual((yield* parameters.list).map(({ name }) => name), [
          "history",
          "warning",
          "high",
          "critical"
        ])
        assert.strictEqual(yield* parameters.get("warning"), 0.4)
        const refused = (name: string, value: Schema.Json) =>
          Effect.map(Effect.flip(parameters.set(name, value)), ({ message }) => message)
        assert.strictEqual(yield* refused("warning", 0.9), "thresholds have to rise, but are 0.9, 0.85 and 0.95")
        assert.strictEqual(yield* refused("high", 2), "a threshold is a number from 0 to 1")
        assert.strictEqual(yield* refused("history", -1), "history is a whole number from 0 to 1024")
        assert.strictEqual(yield* refused("other", 1), "system has no parameter \"other\"")
      }))

    it.effect("does not begin with a config that makes no sense", () =>
      Effect.gen(function*() {
        for (const config of [{ rot: "/" }, { thresholds: { warning: 0.9 } }, { history: 5000 }, { root: 7 }, []]) {
          const failure = yield* Effect.flip(make(kind, config))
          assert.strictEqual(failure.reason, "Refused", JSON.stringify(config))
        }
      }))

    it.effect("a call after its shutdown is a typed failure", () =>
      Effect.gen(function*() {
        const system = yield* make(kind)
        yield* system.managed.shutdown
        const { health, metrics } = system.managed
        const calls: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
          read(system),
          kept(system),
          health,
          metrics
        ]
        for (const call of calls) {
          const failure = yield* Effect.flip(call)
          assert.isTrue(isServiceUnavailable(failure) && failure.reason === "Shutdown", failure._tag)
        }
      }))

    // Real time: a process of its own takes some of it to answer.
    it.live("looked after, it hears of each level and escalates when its files stay away", () =>
      Effect.gen(function*() {
        const root = yield* temporaryFolder
        writeMemory(root, 100)
        const heal = { attempts: 2, backoff: Schedule.spaced("5 millis") }
        const layer = layerOf(SystemService, kind, { root }).pipe(Layer.provideMerge(systemOn(root, { heal })))
        yield* Effect.gen(function*() {
          const events = yield* recordEvents
          const system = yield* SystemService
          const { check } = yield* PressureDispatcher
          const { poll } = yield* HealthMonitor
          const seen: Array<unknown> = []
          for (const usedMb of [760, 860, 960, 100]) {
            writeMemory(root, usedMb)
            seen.push([
              yield* check,
              yield* Effect.match(read(system), {
                onFailure: (error) => isServiceUnavailable(error) ? error.reason : error._tag,
                onSuccess: ({ level }) => level
              })
            ])
          }
          assert.deepStrictEqual(seen, [
            ["warning", "warning"],
            ["high", "high"],
            ["critical", "Pressure"],
            ["normal", "normal"]
          ])
          fs.rmSync(path.join(root, "proc"), { recursive: true })
          yield* poll
          yield* Effect.repeat(Effect.sleep(1), {
            until: () => events.some(({ _tag }) => _tag === "system.service.escalated")
          })
          const failure = yield* Effect.flip(read(system))
          assert.isTrue(isServiceUnavailable(failure) && failure.reason === "Escalated", failure._tag)
        }).pipe(Effect.provide(layer))
      }))
  })
}
