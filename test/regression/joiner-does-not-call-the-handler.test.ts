import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { Operation, OperationInvoker } from "opbus/operation"
import { bus } from "../operation/support.ts"

const Load = Operation.make({
  meta: { key: "load" },
  input: Schema.String,
  concurrency: { singleFlightBy: (url) => url }
})

it.effect("the handler of a single flight is called once, also one that acts before it returns its effect", () => {
  let called = 0
  const gate = Deferred.makeUnsafe<void>()
  const layer = Load.toLayer(() => {
    called++
    return Deferred.await(gate)
  })
  return Effect.gen(function*() {
    const { invoke } = yield* OperationInvoker
    const start = Effect.forkChild(invoke(Load, "a"), { startImmediately: true })
    const fibers = [yield* start, yield* start, yield* start]
    yield* Effect.yieldNow
    yield* Deferred.succeed(gate, undefined)
    yield* Fiber.joinAll(fibers)
    assert.strictEqual(called, 1)
  }).pipe(Effect.provide(bus(layer)))
})
