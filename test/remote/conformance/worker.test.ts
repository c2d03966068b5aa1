import { NodeWorker } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Worker } from "node:worker_threads"
import { RemoteInvoker } from "opbus/remote"
import { Hang, Notes, Text } from "./definitions.ts"
import { suite } from "./suite.ts"

let wire = ""

const spawn = () => {
  const worker = new Worker(new URL("worker.ts", import.meta.url), { execArgv: ["--conditions=opbus-source"] })
  worker.on("message", (message) => {
    const text = JSON.stringify(message)
    if (text.length < 100_000) wire += text
  })
  return worker
}

suite(
  "worker thread",
  RemoteInvoker.layerWorker().pipe(Layer.provide(NodeWorker.layer(spawn))),
  { wire: () => wire }
)

it.live("I4: a call that is interrupted while it waits for its worker never begins", () =>
  Effect.gen(function*() {
    const remote = yield* RemoteInvoker.RemoteInvoker
    const notesOf = (id: string) => remote.invoke(Notes, id, {})
    const first = yield* Effect.forkChild(remote.invoke(Hang, "first", {}))
    yield* Effect.sleep(300)
    const second = yield* Effect.forkChild(remote.invoke(Hang, "second", {}))
    yield* Effect.sleep(50)
    yield* Fiber.interrupt(second)
    yield* Fiber.interrupt(first)
    assert.strictEqual(yield* remote.invoke(Text, "its place is free", {}), "its place is free")
    assert.deepStrictEqual(yield* notesOf("second"), [])
    assert.include(yield* notesOf("first"), "started")
  }).pipe(
    Effect.provide(
      Layer.fresh(RemoteInvoker.layerWorker({ concurrency: 1 }).pipe(Layer.provide(NodeWorker.layer(spawn))))
    )
  ))
