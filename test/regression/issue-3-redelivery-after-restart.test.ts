import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Operation, OperationInvoker, OperationRegistry } from "opbus"
import { OperationServer, RemoteInvoker, ResultStore } from "opbus/remote"

const Count = Operation.make({ meta: { key: "count" }, output: Schema.Number })

describe("R3: a client without a name that delivers again after a restart", () => {
  it.effect("gets the first answer, though its session is another one", () => {
    let ran = 0
    const Served = OperationServer.layer({ expose: [Count] }).pipe(
      Layer.provide(ResultStore.layerMemory()),
      Layer.provideMerge(Count.toLayer(() => Effect.sync(() => ++ran))),
      Layer.provideMerge(OperationInvoker.layer),
      Layer.provideMerge(OperationRegistry.layer)
    )
    return Effect.gen(function*() {
      const server = yield* OperationServer
      const deliver = RemoteInvoker.RemoteInvoker.use((remote) =>
        remote.invoke(Count, undefined, { idempotencyKey: "order-1" })
      ).pipe(
        Effect.provide(RemoteInvoker.layerInProcess(), { local: true }),
        Effect.provideService(OperationServer, server)
      )
      assert.deepStrictEqual([yield* deliver, yield* deliver, ran], [1, 1, 1])
    }).pipe(Effect.provide(Served))
  })
})
