import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import {
  Operation,
  OperationContext,
  OperationError,
  OperationGroup,
  OperationInvoker,
  OperationMiddleware,
  OperationRegistry
} from "opbus/operation"
import { bus, causeOf, outline, reasonTag, recordEvents, tags } from "./support.ts"

class Prefix extends Context.Service<Prefix, { readonly text: string }>()("test/Prefix") {}

const Greet = Operation.make({
  meta: { key: "greet" },
  input: Schema.String,
  output: Schema.String,
  error: Schema.String
})
const Part = Operation.make({ meta: { key: "part" }, input: Schema.String, output: Schema.String })
const Ticks = Operation.make({ meta: { key: "ticks" }, input: Schema.Int, output: Schema.Int, stream: true })
const Toggle = Operation.make({ meta: { key: "toggle" }, output: Schema.String, executionMode: "sync" })
const group = OperationGroup.make(Greet, Part)

const Handlers = Layer.mergeAll(
  Greet.toLayer((name) => name === "" ? Effect.fail("nobody") : Effect.map(Prefix, ({ text }) => `${text} ${name}`)),
  Part.toLayer((name) => Effect.succeed(`bye ${name}`)),
  Ticks.toLayer((n) => Stream.range(1, n)),
  Toggle.toLayer(() => Effect.succeed("on"))
).pipe(Layer.provide(Layer.succeed(Prefix, { text: "hello" })))
const Bus = bus(Handlers)

/** Notes who was called, around the call. */
const logging = (log: Array<string>, name: string, target: OperationMiddleware.Target) =>
  OperationMiddleware.layer({
    for: target,
    effect: (next, { input, operation }) => {
      log.push(`${name} > ${operation.key} ${String(input)}`)
      return Effect.onExit(next, (exit) => Effect.sync(() => void log.push(`${name} < ${exit._tag}`)))
    },
    stream: (next, { operation }) => {
      log.push(`${name} > ${operation.key}`)
      return next
    }
  })

const build = <A, E, R>(layer: Layer.Layer<A, E, R>) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    yield* Layer.buildWithScope(layer, scope)
    return Scope.close(scope, Exit.void)
  })

describe("OperationMiddleware", () => {
  it.effect("wraps the handlers of one operation, of a group, of those that fit, or of all", () =>
    Effect.gen(function*() {
      const { invoke, invokeStream } = yield* OperationInvoker
      const log: Array<string> = []
      yield* Layer.build(Layer.mergeAll(
        logging(log, "one", Greet),
        logging(log, "group", group),
        logging(log, "fits", (operation) => operation.key.startsWith("t")),
        logging(log, "all", "all")
      ))
      const called = (effect: Effect.Effect<unknown, unknown>) =>
        Effect.map(
          effect,
          () => log.splice(0).filter((line) => line.includes(">")).map((line) => line.split(" ")[0]).sort()
        )
      assert.deepStrictEqual(yield* called(invoke(Greet, "a")), ["all", "group", "one"])
      assert.deepStrictEqual(yield* called(invoke(Part, "a")), ["all", "group"])
      assert.deepStrictEqual(yield* called(Stream.runDrain(invokeStream(Ticks, 1))), ["all", "fits"])
      assert.deepStrictEqual(yield* called(invoke(Toggle, undefined)), ["all", "fits"])
      Effect.runSync(invoke(Toggle, undefined))
    }).pipe(Effect.provide(Bus)))

  it.effect("the one added last is outermost, and removing one leaves the others", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const log: Array<string> = []
      yield* build(logging(log, "inner", Part))
      const remove = yield* build(logging(log, "middle", Part))
      yield* build(logging(log, "outer", Part))
      yield* invoke(Part, "a")
      assert.deepStrictEqual(log.splice(0), [
        "outer > part a",
        "middle > part a",
        "inner > part a",
        "inner < Success",
        "middle < Success",
        "outer < Success"
      ])
      yield* remove
      yield* invoke(Part, "a")
      assert.deepStrictEqual(log.filter((line) => line.startsWith("middle")), [])
    }).pipe(Effect.provide(Bus)))
  it.effect("applies to handlers that are registered later, and to those below them", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const log: Array<string> = []
      yield* build(logging(log, "m", "all"))
      const close = yield* build(Part.toLayer(() => Effect.succeed("new")))
      assert.strictEqual(yield* invoke(Part, "a"), "new")
      yield* close
      assert.strictEqual(yield* invoke(Part, "a"), "bye a")
      assert.strictEqual(log.filter((line) => line.includes(">")).length, 2)
    }).pipe(Effect.provide(Bus)))

  it.effect("sees failures, may refuse with an error of the bus, and may answer itself", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const log: Array<string> = []
      yield* build(logging(log, "m", Greet))
      assert.strictEqual(yield* Effect.flip(invoke(Greet, "")), "nobody")
      assert.include(log, "m < Failure")
      yield* build(OperationMiddleware.layer({
        for: group,
        effect: (next, { input, operation }) =>
          input === "forbidden"
            ? Effect.fail(
              new OperationError({ key: operation.key, reason: { _tag: "Denied", why: "the input is forbidden" } })
            )
            : input === "cached"
            ? Effect.succeed("from the cache" as never)
            : input === "unfit"
            ? Effect.succeed(1 as never)
            : next
      }))
      const events = yield* recordEvents
      const denied = yield* Effect.flip(invoke(Greet, "forbidden"))
      assert.strictEqual((denied as Error).message, "\"greet\" is not allowed here: the input is forbidden.")
      assert.strictEqual(yield* invoke(Part, "cached"), "from the cache")
      // What it answers is validated like a handler's output.
      assert.strictEqual(yield* reasonTag(invoke(Part, "unfit")), "InvalidOutput")
      assert.deepStrictEqual(outline(events), [
        "Started greet",
        "Failed greet",
        "Started part",
        "Succeeded part",
        "Started part",
        "Failed part"
      ])
    }).pipe(Effect.provide(Bus)))

  it.effect("has its own services, and the handler keeps its own", () =>
    Effect.gen(function*() {
      const { invoke, invokeStream } = yield* OperationInvoker
      const seen: Array<string> = []
      const layer = OperationMiddleware.layer({
        for: "all",
        effect: (next) =>
          Effect.flatMap(Prefix, ({ text }) => Effect.andThen(Effect.sync(() => seen.push(text)), next)),
        stream: (next) => Stream.tap(next, () => Effect.map(Prefix, ({ text }) => seen.push(text)))
      }).pipe(Layer.provide(Layer.succeed(Prefix, { text: "the middleware's" })))
      yield* build(layer)
      assert.strictEqual(yield* invoke(Greet, "a"), "hello a")
      yield* Stream.runDrain(invokeStream(Ticks, 1))
      assert.deepStrictEqual(seen, ["the middleware's", "the middleware's"])
    }).pipe(Effect.provide(Bus)))

  it.effect("runs inside the invocation: its context is there, and its defects are the invocation's", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const ids: Array<string> = []
      yield* build(OperationMiddleware.layer({
        for: Greet,
        effect: (next) =>
          Effect.flatMap(OperationContext, ({ id, key }) => {
            ids.push(`${key} ${id}`)
            return ids.length > 1 ? Effect.die("a bug") : next
          })
      }))
      const events = yield* recordEvents
      yield* invoke(Greet, "a")
      assert.deepStrictEqual(ids, [`greet ${events[0]?.id}`])
      assert.isTrue(Cause.hasDies(causeOf(yield* Effect.exit(invoke(Greet, "a")))))
      assert.deepStrictEqual(tags(events), ["Started", "Succeeded", "Started", "Failed"])
    }).pipe(Effect.provide(Bus)))

  it.effect("is composed when it or a handler is registered, never per call", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const registry = yield* OperationRegistry
      let asked = 0
      yield* build(OperationMiddleware.layer({
        for: () => ++asked > 0,
        effect: (next) => next
      }))
      const before = asked
      for (let i = 0; i < 10; i++) yield* invoke(Part, "a")
      assert.strictEqual(asked, before)
      yield* registry.register(Part, () => Effect.succeed(""))
      assert.strictEqual(asked, before + 1)
    }).pipe(Effect.provide(Bus)))
})
