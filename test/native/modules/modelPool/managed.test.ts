import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as fs from "node:fs"
import * as path from "node:path"
import { HealthMonitor } from "opbus/native/HealthMonitor"
import { ModelPoolInfer } from "opbus/native/modules/modelPool/ModelPoolInfer"
import { ModelPoolLoad } from "opbus/native/modules/modelPool/ModelPoolLoad"
import { ModelPoolHandlers, ModelPoolService } from "opbus/native/modules/modelPool/ModelPoolService"
import { PressureDispatcher } from "opbus/native/PressureDispatcher"
import { SelfHeal } from "opbus/native/SelfHeal"
import { ServiceUnavailable } from "opbus/native/ServiceUnavailable"
import type { SystemEvent } from "opbus/native/SystemEvents"
import { OperationInvoker } from "opbus/operation/OperationInvoker"
import { OperationRegistry } from "opbus/operation/OperationRegistry"
import { kinds, layerOf, recordEvents, systemOn, temporaryFolder, writeFiles, writeMemory } from "../support.ts"

const seeded = { _tag: "Seeded", seed: 1, sizeMb: 1 } as const

/** The pool as an application has it: behind the bus, looked after, on the memory of a recorded machine. */
const application = (folder: string, kind: (typeof kinds)[number]) => {
  writeMemory(folder, 100)
  return ModelPoolHandlers.pipe(
    Layer.provideMerge(layerOf(ModelPoolService, kind, { folder })),
    Layer.provideMerge(systemOn(folder, { heal: { attempts: 3, backoff: Schedule.spaced("10 millis") } })),
    Layer.provideMerge(OperationInvoker.layer),
    Layer.provideMerge(OperationRegistry.layer)
  )
}

const until = (events: ReadonlyArray<SystemEvent>, tag: SystemEvent["_tag"]) =>
  Effect.repeat(Effect.sleep(1), { until: () => events.some(({ _tag }) => _tag === tag) })

const outcome = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.match(effect, {
    onFailure: (error) => error instanceof ServiceUnavailable ? `${error._tag}: ${error.reason}` : error._tag,
    onSuccess: () => "ok"
  })

for (const kind of kinds) {
  describe(`model-pool in ${kind}, looked after`, () => {
    it.effect("hears of each level in order, and is closed before anything of it runs when memory is critical", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        yield* Effect.gen(function*() {
          const events = yield* recordEvents
          const { check } = yield* PressureDispatcher
          const { commands, managed } = yield* ModelPoolService
          const load = (id: string) =>
            outcome(ModelPoolLoad.invoke({ id, source: seeded, kind: "adapter", makeRoom: false }))
          yield* load("idle")
          yield* load("busy")
          yield* commands.activate({ id: "busy", active: true })
          const seen: Array<unknown> = []
          for (const usedMb of [100, 760, 860, 960, 100]) {
            writeMemory(folder, usedMb)
            const level = yield* check
            // A service in a process of its own answers the bus by and by, and no synchronous command.
            const ask = kind === "sidecar"
              ? commands.infer({ id: "busy", prompt: "x", tokens: 1 })
              : ModelPoolInfer.invoke({ id: "busy", prompt: "x", tokens: 1 })
            seen.push([level, yield* load(`at-${level}`), yield* outcome(ask), managed.admission.closed?.reason])
          }
          assert.deepStrictEqual(seen, [
            ["normal", "ok", "ok", undefined],
            ["warning", "RefusedByPressure", "ok", undefined],
            ["high", "RefusedByPressure", "ok", undefined],
            ["critical", "ServiceUnavailable: Pressure", "ServiceUnavailable: Pressure", "Pressure"],
            ["normal", "ok", "ok", undefined]
          ])
          const changes = events.flatMap((event) => event._tag === "system.pressure.changed" ? [event.to] : [])
          assert.deepStrictEqual(changes, ["warning", "high", "critical", "normal"])
          // Nothing relieved the recorded machine, so what could go has gone.
          assert.include(events.map(({ _tag }) => _tag), "system.load.shed")
          const { models } = yield* commands.list({})
          assert.deepStrictEqual(models.map(({ id }) => id), ["at-normal", "busy"])
        }).pipe(Effect.provide(application(folder, kind)))
      }))

    // Real time, here and below: a process of its own takes some of it to answer.
    it.live("heals itself when it is unhealthy", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        yield* Effect.gen(function*() {
          const events = yield* recordEvents
          const { poll } = yield* HealthMonitor
          const { commands } = yield* ModelPoolService
          yield* ModelPoolLoad.invoke({ id: "m", source: seeded, kind: "base", makeRoom: false })
          const before = yield* commands.infer({ id: "m", prompt: "question", tokens: 32 })
          yield* commands.overwrite({ id: "m", offset: 100, data: new Uint8Array([1, 2, 3]) })
          const snapshot = yield* poll
          assert.deepStrictEqual(snapshot.services.map(({ health }) => health._tag), ["Unhealthy"])
          yield* until(events, "system.service.healed")
          const { services } = yield* poll
          assert.deepStrictEqual(services.map(({ closed, health }) => [health._tag, closed]), [["Healthy", []]])
          assert.deepStrictEqual(yield* commands.infer({ id: "m", prompt: "question", tokens: 32 }), before)
        }).pipe(Effect.provide(application(folder, kind)))
      }))

    it.live("escalates and is closed when it cannot heal itself, until somebody has seen to it", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        writeFiles(folder, { weights: new Uint8Array(1000).fill(7) })
        yield* Effect.gen(function*() {
          const events = yield* recordEvents
          const { poll } = yield* HealthMonitor
          const { escalated, reopen } = yield* SelfHeal
          const { commands } = yield* ModelPoolService
          const source = { _tag: "File", file: "weights" } as const
          yield* ModelPoolLoad.invoke({ id: "m", source, kind: "base", makeRoom: false })
          yield* commands.overwrite({ id: "m", offset: 0, data: new Uint8Array([9]) })
          fs.rmSync(path.join(folder, "weights"))
          yield* poll
          yield* until(events, "system.service.escalated")
          assert.deepStrictEqual((yield* escalated).map(({ name }) => name), ["model-pool"])
          assert.strictEqual(yield* outcome(commands.list({})), "ServiceUnavailable: Escalated")
          // Somebody brings the file back, and says so.
          writeFiles(folder, { weights: new Uint8Array(1000).fill(7) })
          assert.isTrue(yield* reopen("model-pool"))
          yield* poll
          yield* until(events, "system.service.healed")
          assert.strictEqual(yield* outcome(commands.list({})), "ok")
        }).pipe(Effect.provide(application(folder, kind)))
      }))
  })
}
