/**
 * Asks a real GPU, and compares with what nvidia-smi says. For a machine that has one; `npm test` does not run it:
 *
 *     node scripts/build-native.ts && node --conditions=opbus-source test/native/modules/gpu.device.ts
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { GpuHandlers, GpuService } from "opbus/native/modules/gpu/GpuService"
import { GpuStats } from "opbus/native/modules/gpu/GpuStats"
import { ModelPoolService } from "opbus/native/modules/modelPool/ModelPoolService"
import { OperationInvoker } from "opbus/operation/OperationInvoker"
import { OperationRegistry } from "opbus/operation/OperationRegistry"
import { layerOf } from "./support.ts"

/** Name, total and used MB of every GPU. */
const smi = () =>
  execFileSync("nvidia-smi", ["--query-gpu=name,memory.total,memory.used", "--format=csv,noheader,nounits"], {
    encoding: "utf8"
  }).trim().split("\n").map((line) => {
    const [name, total, used] = line.split(", ")
    return { name: name!, total: Number(total), used: Number(used) }
  })

const layer = GpuHandlers.pipe(
  Layer.provideMerge([layerOf(GpuService, "rust"), layerOf(ModelPoolService, "rust", { budgetMb: 64 })]),
  Layer.provideMerge(OperationInvoker.layer),
  Layer.provideMerge(OperationRegistry.layer)
)

const program = Effect.gen(function*() {
  const gpus = smi()
  const stats = yield* GpuStats.invoke({})
  const total = gpus.reduce((sum, gpu) => sum + gpu.total, 0)
  const used = gpus.reduce((sum, gpu) => sum + gpu.used, 0)
  assert.equal(stats.gpuName, gpus.length === 1 ? gpus[0]!.name : stats.gpuName)
  assert.ok(stats.gpuName.includes(gpus[0]!.name), `${stats.gpuName} and ${gpus[0]!.name}`)
  // nvidia-smi counts what the driver keeps for itself apart; 2 % of the memory is more than that.
  assert.ok(Math.abs(stats.totalVramMb - total) <= total * 0.02, `${stats.totalVramMb} MB and ${total} MB`)
  assert.ok(
    Math.abs(stats.pressure * stats.totalVramMb - used) <= total * 0.02,
    `${stats.pressure * stats.totalVramMb} MB and ${used} MB`
  )
  const { commands } = yield* ModelPoolService
  yield* commands.load({ id: "m", source: { _tag: "Seeded", seed: 1, sizeMb: 3 }, kind: "base", makeRoom: false })
  const { inference } = yield* GpuStats.invoke({ subsystem: "inference" })
  assert.deepEqual(inference, { budgetMb: 64, usedMb: 3, consumers: 0 })
  const { managed } = yield* GpuService
  const health = yield* managed.health
  assert.notEqual(health._tag, "Unhealthy")
  yield* managed.shedLoad
  assert.ok(yield* managed.heal)
  const begin = process.hrtime.bigint()
  for (let i = 0; i < 1000; i++) yield* GpuStats.invoke({})
  const micros = Number(process.hrtime.bigint() - begin) / 1e6
  return { smi: gpus, stats, inference, health, microsPerCall: Math.round(micros) }
})

console.log(JSON.stringify(await Effect.runPromise(Effect.provide(program, layer)), undefined, 2))
