import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { Operation, OperationInvoker, OperationRegistry } from "opbus/operation"
import { bus, recordEvents } from "./support.ts"

const Inner = Operation.make({
  meta: { key: "inner" },
  input: Schema.String,
  output: Schema.String,
  error: Schema.String
})
const Outer = Operation.make({
  meta: { key: "outer" },
  input: Schema.String,
  output: Schema.String,
  error: Schema.String
})
const Toggle = Operation.make({ meta: { key: "toggle" }, executionMode: "sync" })
const Ticks = Operation.make({ meta: { key: "ticks" }, output: Schema.Int, stream: true })

const Bus = bus(Layer.mergeAll(
  Inner.toLayer((text) =>
    text === "fail" ? Effect.fail("no") : text === "unfit" ? Effect.succeed(1 as never) : Effect.succeed(text)
  ),
  Outer.toLayer(
    Effect.map(
      OperationInvoker,
      ({ invoke }) => (text: string) => Effect.catchTag(invoke(Inner, text), "OperationError", Effect.die)
    )
  ),
  Toggle.toLayer(() => Effect.void),
  Ticks.toLayer(() => Stream.make(1, 2, 3))
))

const recordSpans = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer }
}

const endOf = (span: Tracer.NativeSpan | undefined) =>
  span?.status._tag === "Ended" ? span.status.exit._tag : span?.status._tag

describe("tracing", () => {
  it.effect("without a tracer there is no span, and events carry the caller's trace if it has one", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const events = yield* recordEvents
      yield* invoke(Outer, "a")
      assert.isTrue(events.every((event) => !("trace" in event)))
      yield* Effect.useSpan("caller", (span) =>
        Effect.gen(function*() {
          yield* invoke(Inner, "a")
          assert.deepStrictEqual(events.at(-1)?.trace, { traceId: span.traceId, spanId: span.spanId })
        }).pipe(Effect.withParentSpan(span)))
    }).pipe(Effect.provide(Bus)))

  it.effect("with a tracer every invocation is a span below its caller's, and events say which", () => {
    const { spans, tracer } = recordSpans()
    return Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const events = yield* recordEvents
      yield* invoke(Outer, "a").pipe(Effect.withSpan("caller"))
      const [caller, outer, inner] = spans
      assert.deepStrictEqual(spans.map(({ name }) => name), ["caller", "outer", "inner"])
      assert.isTrue(outer?.parent._tag === "Some" && outer.parent.value.spanId === caller?.spanId)
      assert.isTrue(inner?.parent._tag === "Some" && inner.parent.value.spanId === outer?.spanId)
      assert.deepStrictEqual(events.map(({ trace }) => trace?.spanId), [
        outer?.spanId,
        inner?.spanId,
        inner?.spanId,
        outer?.spanId
      ])
      assert.isTrue(events.every(({ trace }) => trace?.traceId === caller?.traceId))
      assert.strictEqual(outer?.attributes.get("opbus.id"), events[0]?.id)
      assert.strictEqual(outer?.attributes.get("opbus.origin"), "user")
      assert.deepStrictEqual(spans.map(endOf), ["Success", "Success", "Success"])
    }).pipe(Effect.withTracer(tracer), Effect.provide(Bus))
  })

  it.effect("a span ends as its invocation does: failed, with invalid output, interrupted", () => {
    const { spans, tracer } = recordSpans()
    return Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const registry = yield* OperationRegistry
      yield* Effect.exit(invoke(Inner, "fail"))
      yield* Effect.exit(invoke(Inner, "unfit"))
      const Wait = Operation.make({ meta: { key: "wait" } })
      yield* registry.register(Wait, () => Effect.never)
      const fiber = yield* Effect.forkChild(invoke(Wait, undefined), { startImmediately: true })
      yield* Effect.yieldNow
      assert.strictEqual(endOf(spans[2]), "Started")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(spans.map(endOf), ["Failure", "Failure", "Failure"])
      // What is refused never began.
      yield* Effect.exit(invoke(Inner, 1 as never))
      assert.strictEqual(spans.length, 3)
    }).pipe(Effect.withTracer(tracer), Effect.provide(Bus))
  })

  it.effect("synchronous and stream operations are spans too", () => {
    const { spans, tracer } = recordSpans()
    return Effect.gen(function*() {
      const { invoke, invokeStream } = yield* OperationInvoker
      const events = yield* recordEvents
      yield* invoke(Toggle, undefined)
      Effect.runSync(Effect.withTracer(invoke(Toggle, undefined), tracer))
      yield* Stream.runDrain(Stream.take(invokeStream(Ticks, undefined), 1))
      assert.deepStrictEqual(spans.map(({ name }) => name), ["toggle", "toggle", "ticks"])
      assert.deepStrictEqual(spans.map(endOf), ["Success", "Success", "Success"])
      assert.deepStrictEqual(events.map(({ trace }) => trace?.spanId), spans.flatMap(({ spanId }) => [spanId, spanId]))
    }).pipe(Effect.withTracer(tracer), Effect.provide(Bus))
  })

  it.effect("a tracer that is turned off is none", () => {
    const { spans, tracer } = recordSpans()
    return Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      yield* Effect.withTracerEnabled(invoke(Inner, "a"), false)
      assert.strictEqual(spans.length, 0)
    }).pipe(Effect.withTracer(tracer), Effect.provide(Bus))
  })
})
