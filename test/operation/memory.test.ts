import "opbus/jit"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Operation, OperationInvoker } from "opbus/operation"
import { bus } from "./support.ts"

const Echo = Operation.make({
  meta: { key: "echo" },
  input: Schema.String,
  output: Schema.String,
  error: Schema.String
})
const Serial = Operation.make({
  meta: { key: "serial" },
  input: Schema.String,
  concurrency: { serialBy: (key) => key }
})
const Ticks = Operation.make({ meta: { key: "ticks" }, input: Schema.Int, output: Schema.Int, stream: true })

const Bus = bus(Layer.mergeAll(
  Echo.toLayer((text) => text === "fail" ? Effect.fail(text) : Effect.succeed(text)),
  Serial.toLayer(() => Effect.void),
  Ticks.toLayer((n) => Stream.range(1, n))
))

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

describe("I6: memory", () => {
  const heapAfterCollection = (): number => {
    for (let i = 0; i < 3; i++) collectGarbage()
    return process.memoryUsage().heapUsed
  }

  it.effect(
    "I6: after a million invocations with a stalled stream subscriber the heap is flat",
    () =>
      Effect.gen(function*() {
        const invoker = yield* OperationInvoker
        yield* invoker.invocations.pipe(
          Stream.runForEach(() => Effect.never),
          Effect.forkChild({ startImmediately: true })
        )
        yield* Effect.yieldNow
        const one = (i: number): Effect.Effect<unknown, unknown> => {
          switch (i % 1_000) {
            case 1:
              return invoker.invoke(Serial, `key ${i}`)
            case 2:
              return Effect.exit(invoker.invoke(Echo, "fail"))
            case 3:
              return Effect.exit(invoker.invokeKey(`nowhere ${i}`, null))
            case 4:
              return Stream.runDrain(invoker.invokeStream(Ticks, 2))
            default:
              return invoker.invoke(Echo, `text ${i}`)
          }
        }
        const invokeMany = (count: number) => {
          let i = 0
          return Effect.whileLoop({ while: () => i < count, body: () => one(i++), step: () => {} })
        }
        yield* invokeMany(20_000)
        const before = heapAfterCollection()
        yield* invokeMany(1_000_000)
        const grown = heapAfterCollection() - before
        const { subscribers } = yield* invoker.statistics
        assert.isAtMost(subscribers[0]!.buffered, 4_096)
        assert.isAbove(subscribers[0]!.dropped, 1_900_000)
        assert.isBelow(grown, 4_000_000, `the heap grew by ${grown} bytes`)
      }).pipe(Effect.provide(Bus)),
    60_000
  )

  it.effect("I6: large events are bounded by bytes, not only by count", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      yield* invoker.invocations.pipe(
        Stream.runForEach(() => Effect.never),
        Effect.forkChild({ startImmediately: true })
      )
      yield* Effect.yieldNow
      for (let i = 0; i < 100; i++) yield* invoker.invoke(Echo, "x".repeat(1_000_000))
      const { subscribers } = yield* invoker.statistics
      // Two megabytes of text, twice in the terminal event, in 16 MiB.
      assert.isAtMost(subscribers[0]!.buffered, 10)
    }).pipe(Effect.provide(Bus)))
})
