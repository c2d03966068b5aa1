import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { rmSync } from "node:fs"
import * as path from "node:path"
import type { OperationError } from "opbus/operation"
import { Outbox } from "opbus/remote/Outbox"
import * as RemoteInvoker from "opbus/remote/RemoteInvoker"
import { SqlOutbox } from "opbus/remote/SqlOutbox"
import { Count, database } from "./campaign/application.ts"
import { bundle, Life } from "./campaign/processes.ts"
import { folder } from "./support.ts"

/** A server that is started again whenever it dies. */
const immortal = (programs: string, file: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const state = { port: "0", deaths: 0, over: false, life: undefined as Life | undefined }
      const start = async () => {
        const life = state.life = new Life(programs, "server", [file, state.port, "joined"])
        void life.ended.then(() => {
          state.deaths++
          if (!state.over) void start()
        })
        if (state.port !== "0") return
        await life.until(() => life.said("ready"), 30_000)
        state.port = life.lines[0]!.split(" ")[1]!
      }
      await start()
      return state
    }),
    (state) =>
      Effect.promise(async () => {
        state.over = true
        await state.life!.kill()
      })
  )

describe("a poison message", () => {
  it.live(
    "R4: a call that kills every server that runs it is a dead letter, and the others get through",
    () =>
      Effect.gen(function*() {
        const home = yield* folder
        const programs = yield* Effect.acquireRelease(
          Effect.promise(bundle),
          (programs) => Effect.sync(() => rmSync(programs, { recursive: true, force: true }))
        )
        const server = yield* immortal(programs, path.join(home, "server.db"))
        const layer = SqlOutbox.layer({ retry: Schedule.spaced("100 millis") }).pipe(
          Layer.provide(
            RemoteInvoker.layerHttp({ url: `http://127.0.0.1:${server.port}/rpc`, actor: "poison" })
          ),
          Layer.provide(database(path.join(home, "client.db")))
        )
        yield* Effect.gen(function*() {
          const outbox = yield* Outbox
          const poison = yield* outbox.enqueue(Count, { lane: "a", n: -1 }, { lane: "a" })
          const others = yield* Effect.forEach(
            Array.from({ length: 20 }, (_, i) => i),
            (n) => outbox.enqueue(Count, { lane: n % 2 === 0 ? "a" : "b", n }, { lane: n % 2 === 0 ? "a" : "b" })
          )
          const error = yield* Effect.flip(poison.await)
          assert.strictEqual((error as OperationError).reason._tag, "DeadLettered")
          for (const other of others) yield* other.await
          const [letter, ...more] = yield* outbox.deadLetters
          assert.deepStrictEqual(more, [])
          assert.strictEqual(letter!.id, poison.id)
          assert.include(letter!.why, "died 3 times")
          // Once before anybody was careful, and three times on record.
          assert.strictEqual(server.deaths, 4)
        }).pipe(Effect.provide(layer))
      }),
    90_000
  )
})
