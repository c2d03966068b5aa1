import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { GpuService } from "opbus/native/modules/gpu/GpuService"
import { ModelPoolService } from "opbus/native/modules/modelPool/ModelPoolService"
import { levels } from "opbus/native/PressureLevel"
import { isServiceUnavailable } from "opbus/native/ServiceUnavailable"
import { afterAll, beforeAll } from "vitest"
import { healthLine, kinds, start } from "../support.ts"
import { buildStandIn, hasRustc } from "./standin.ts"

const make = (kind: (typeof kinds)[number], config: Schema.Json = {}) => start(GpuService, kind, config)

const nothing = { budgetMb: 0, usedMb: 0, consumers: 0 }
const MB = 1 << 20

for (const kind of kinds) {
  describe(`gpu in ${kind}, where there is no driver`, () => {
    const config = { library: "libopbus-no-such-thing.so.1" }
    const reason = "no NVIDIA driver was found: libopbus-no-such-thing.so.1 cannot be loaded"

    it.effect("answers with a typed failure that says what was looked for", () =>
      Effect.gen(function*() {
        const gpu = yield* make(kind, config)
        for (const params of [{}, { subsystem: "tts" }] as const) {
          const failure = yield* Effect.flip(gpu.commands.stats(params))
          assert.strictEqual(failure._tag === "GpuUnavailable" ? failure.reason : failure._tag, reason)
        }
        assert.deepStrictEqual(yield* gpu.managed.metrics, { reads: 2, totalVramMb: 0, usedVramMb: 0 })
      }))

    it.effect("is degraded, at every level, and has nothing to heal", () =>
      Effect.gen(function*() {
        const gpu = yield* make(kind, config)
        for (const level of levels) {
          yield* gpu.managed.pressureResponse(level)
          assert.strictEqual(yield* healthLine(gpu.managed), `Degraded: ${reason}`)
        }
        yield* gpu.managed.shedLoad
        assert.isTrue(yield* gpu.managed.heal)
        assert.strictEqual(gpu.managed.metricPrefix, "gpu")
      }))

    it.effect("a call after its shutdown is a typed failure, and so is a config that makes no sense", () =>
      Effect.gen(function*() {
        const gpu = yield* make(kind, config)
        yield* gpu.managed.shutdown
        const failure = yield* Effect.flip(gpu.commands.stats({}))
        assert.isTrue(isServiceUnavailable(failure) && failure.reason === "Shutdown", failure._tag)
        for (const config of [{ libary: "x" }, { library: 7 }, []]) {
          assert.strictEqual((yield* Effect.flip(make(kind, config))).reason, "Refused")
        }
      }))
  })
}

const rustKinds = kinds.filter((kind) => kind !== "typescript")

describe.skipIf(rustKinds.length === 0 || !hasRustc)("gpu on a library that stands in for NVIDIA's", () => {
  let standIn: ReturnType<typeof buildStandIn>
  beforeAll(() => {
    standIn = buildStandIn()
  })
  afterAll(() => standIn.remove())

  for (const kind of rustKinds) {
    it.effect(`${kind}: figures of the GPUs, fewer questions under pressure`, () =>
      Effect.gen(function*() {
        const gpu = yield* make(kind, { library: standIn.library })
        standIn.say([{ name: "Stand In 9000", totalBytes: 80_000 * MB, usedBytes: 20_000 * MB }])
        const full = { gpuName: "Stand In 9000", totalVramMb: 80_000, pressure: 0.25 }
        assert.deepStrictEqual(yield* gpu.commands.stats({}), {
          ...full,
          rendering: nothing,
          inference: nothing,
          tts: nothing
        })
        assert.strictEqual(yield* healthLine(gpu.managed), "Healthy")
        yield* gpu.managed.pressureResponse("critical")
        standIn.say([{ name: "Stand In 9000", totalBytes: 80_000 * MB, usedBytes: 40_000 * MB }])
        assert.strictEqual((yield* gpu.commands.stats({})).pressure, 0.25, "known figures are good enough")
        yield* gpu.managed.shedLoad
        assert.strictEqual((yield* gpu.commands.stats({})).pressure, 0.5, "what was shed is asked again")
        yield* gpu.managed.pressureResponse("normal")
        standIn.say([{ name: "Stand In 9000", totalBytes: 80_000 * MB, usedBytes: 79_000 * MB }])
        assert.strictEqual(yield* healthLine(gpu.managed), "Degraded: more than 95 % of the GPU's memory is used")
      }))

    it.effect(`${kind}: a GPU that falls off the bus makes it unhealthy until it is back`, () =>
      Effect.gen(function*() {
        const gpu = yield* make(kind, { library: standIn.library })
        standIn.say([{ name: "A", totalBytes: 1000, usedBytes: 1 }])
        yield* gpu.commands.stats({})
        standIn.say([{ name: "A", totalBytes: 1000, usedBytes: 1, status: 15 }])
        const reason = "the NVIDIA driver does not answer: nvmlDeviceGetMemoryInfo gave 15"
        assert.strictEqual(yield* healthLine(gpu.managed), `Unhealthy: ${reason}`)
        const failure = yield* Effect.flip(gpu.commands.stats({}))
        assert.strictEqual(failure._tag === "GpuUnavailable" ? failure.reason : failure._tag, reason)
        assert.isFalse(yield* gpu.managed.heal)
        standIn.say([{ name: "A", totalBytes: 1000, usedBytes: 1 }])
        assert.isTrue(yield* gpu.managed.heal)
        assert.strictEqual(yield* healthLine(gpu.managed), "Healthy")
      }))
  }

  it.effect.skipIf(!kinds.includes("rust"))(
    "shows what the services of the process use: the model pool's inference",
    () =>
      Effect.gen(function*() {
        standIn.say([{ name: "A", totalBytes: 1000, usedBytes: 1 }])
        const gpu = yield* make("rust", { library: standIn.library })
        const pool = yield* start(ModelPoolService, "rust", { budgetMb: 64 })
        yield* pool.commands.load({
          id: "m",
          source: { _tag: "Seeded", seed: 1, sizeMb: 3 },
          kind: "base",
          makeRoom: false
        })
        yield* pool.commands.activate({ id: "m", active: true })
        const { inference, rendering } = yield* gpu.commands.stats({})
        assert.deepStrictEqual({ inference, rendering }, {
          inference: { budgetMb: 64, usedMb: 3, consumers: 1 },
          rendering: nothing
        })
        const filtered = yield* gpu.commands.stats({ subsystem: "rendering" })
        assert.deepStrictEqual(filtered.inference, nothing, "only what was asked for")
        yield* pool.managed.shutdown
        assert.deepStrictEqual(
          (yield* gpu.commands.stats({})).inference,
          nothing,
          "a service that is gone uses nothing"
        )
      })
  )
})
