import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Operation, OperationGroup, OperationInvoker, OperationRegistry, type RegistryChange } from "opbus/operation"
import { bus, causeOf, outline, reasonOf, reasonTag, recordEvents, tags } from "./support.ts"

const Greet = Operation.make({ meta: { key: "greet" }, output: Schema.String })
const Wait = Operation.make({ meta: { key: "wait" }, input: Schema.Number, output: Schema.String })
const Bus = bus(Layer.empty)

/** Registers in a scope of its own. */
const registerIn = <Op extends Operation.Any>(
  operation: Op,
  handler: Operation.HandlerOf<Op>,
  options?: Parameters<(typeof OperationRegistry)["Service"]["register"]>[2]
) =>
  Effect.gen(function*() {
    const registry = yield* OperationRegistry
    const scope = yield* Scope.make()
    yield* Scope.provide(registry.register(operation, handler, options), scope)
    return scope
  })
const close = (scope: Scope.Closeable) => Scope.close(scope, Exit.void)
const saying = (text: string) => () => Effect.succeed(text)

describe("OperationRegistry", () => {
  it.effect("lookup and list say what is served now", () =>
    Effect.gen(function*() {
      const registry = yield* OperationRegistry
      assert.deepStrictEqual(yield* registry.list, [])
      yield* registry.register(Wait, () => Effect.succeed(""))
      const scope = yield* registerIn(Greet, saying("a"))
      assert.deepStrictEqual((yield* registry.list).map(({ key }) => key), ["greet", "wait"])
      assert.strictEqual(registry.lookup("greet"), Greet)
      yield* close(scope)
      assert.isUndefined(registry.lookup("greet"))
      assert.deepStrictEqual((yield* registry.list).map(({ key }) => key), ["wait"])
    }).pipe(Effect.provide(Bus)))

  it.effect("a later registration shadows an earlier one; closing one removes only itself, in any order", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const greeting = Effect.catch(invoke(Greet, undefined), (error) => Effect.succeed(reasonOf(error)._tag))
      for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
        const open = new Map<number, Scope.Closeable>()
        for (const n of [0, 1, 2]) open.set(n, yield* registerIn(Greet, saying(`${n}`)))
        for (const n of order) {
          assert.strictEqual(yield* greeting, `${Math.max(...open.keys())}`)
          yield* close(open.get(n)!)
          open.delete(n)
        }
        assert.strictEqual(yield* greeting, "HandlerNotFound")
      }
    }).pipe(Effect.provide(Bus)))

  it.effect("a plugin is a layer: it is added and removed while the application runs", () =>
    Effect.gen(function*() {
      const plugin = Layer.mergeAll(Greet.toLayer(saying("hello")), Wait.toLayer(() => Effect.succeed("")))
      const memo = yield* Layer.makeMemoMap
      const scope = yield* Scope.make()
      yield* Layer.buildWithMemoMap(plugin, memo, scope)
      assert.strictEqual(yield* OperationInvoker.invoke(Greet, undefined), "hello")
      yield* close(scope)
      assert.strictEqual(yield* reasonTag(OperationInvoker.invoke(Greet, undefined)), "HandlerNotFound")
      assert.deepStrictEqual(yield* (yield* OperationRegistry).list, [])
    }).pipe(Effect.provide(Bus)))

  it.effect("changes tells of registrations and removals, from the subscription on", () =>
    Effect.gen(function*() {
      const registry = yield* OperationRegistry
      yield* registerIn(Wait, () => Effect.succeed(""))
      const changes: Array<RegistryChange> = []
      yield* registry.changes.pipe(
        Stream.runForEach((change) => Effect.sync(() => changes.push(change))),
        Effect.forkChild({ startImmediately: true })
      )
      yield* Effect.yieldNow
      const first = yield* registerIn(Greet, saying("1"))
      const second = yield* registerIn(Greet, saying("2"))
      yield* close(first)
      yield* close(second)
      yield* Effect.yieldNow
      assert.deepStrictEqual(changes.map(({ _tag, key, operation }) => [_tag, key, operation?.key]), [
        ["Registered", "greet", "greet"],
        ["Registered", "greet", "greet"],
        ["Removed", "greet", "greet"],
        ["Removed", "greet", undefined]
      ])
    }).pipe(Effect.provide(Bus)))

  it.effect("a different definition under a live key needs override", () =>
    Effect.gen(function*() {
      const registry = yield* OperationRegistry
      const { invoke } = yield* OperationInvoker
      const base = yield* registerIn(Greet, saying("old"))
      const Other = Operation.make({ meta: { key: "greet" }, output: Schema.Number })
      const error = yield* Effect.flip(Effect.scoped(registry.register(Other, () => Effect.succeed(1))))
      assert.deepStrictEqual(reasonOf(error), { _tag: "Incompatible", difference: "the output schemas differ" })
      assert.strictEqual(
        error.message,
        "The definition of \"greet\" does not fit the registered one: the output schemas differ. " +
          "Use the same version of the definition on both sides."
      )
      const override = yield* registerIn(Other, () => Effect.succeed(1), { override: true })
      assert.strictEqual(yield* invoke(Other, undefined), 1)
      assert.strictEqual(yield* reasonTag(invoke(Greet, undefined)), "Incompatible")
      yield* close(override)
      assert.strictEqual(yield* invoke(Greet, undefined), "old")
      yield* close(base)
      // Nobody holds the key any more.
      yield* registry.register(Other, () => Effect.succeed(2))
      assert.strictEqual(yield* invoke(Other, undefined), 2)
    }).pipe(Effect.provide(Bus)))

  it.effect("a second copy of the same definition is the same definition", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const make = () =>
        Operation.make({
          meta: { key: "copy" },
          input: Schema.Struct({
            a: Schema.optionalKey(Schema.Date),
            b: Schema.Union([Schema.Literals(["x", "y"]), Schema.Array(Schema.NumberFromString)]),
            c: Schema.String.check(Schema.isMinLength(1))
          }),
          error: Schema.TaggedStruct("No", {})
        })
      yield* registerIn(make(), () => Effect.void)
      yield* registerIn(make(), () => Effect.void)
      yield* invoke(make(), { b: "x", c: "c" })
    }).pipe(Effect.provide(Bus)))

  it.effect("a layer that may not register is a defect that names the key", () =>
    Effect.gen(function*() {
      yield* registerIn(Greet, saying("old"))
      const Other = Operation.make({ meta: { key: "greet" }, output: Schema.Number })
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(Other.toLayer(() => Effect.succeed(1)))))
      assert.include(Cause.pretty(causeOf(exit)), "The definition of \"greet\" does not fit")
    }).pipe(Effect.provide(Bus)))

  describe("drain", () => {
    const Slow = (log: Array<string>) => (millis: number) =>
      Effect.as(
        Effect.onExit(Effect.sleep(millis), (exit) => Effect.sync(() => void log.push(`${exit._tag} ${millis}`))),
        "done"
      )

    it.effect("calls in flight may finish; new ones no longer find the handler", () =>
      Effect.gen(function*() {
        const { invoke } = yield* OperationInvoker
        const log: Array<string> = []
        const scope = yield* registerIn(Wait, Slow(log))
        const calls = yield* Effect.forEach([1_000, 2_000], (millis) =>
          Effect.forkChild(invoke(Wait, millis), { startImmediately: true }))
        yield* Effect.yieldNow
        const closing = yield* Effect.forkChild(close(scope), { startImmediately: true })
        yield* Effect.yieldNow
        assert.strictEqual(yield* reasonTag(invoke(Wait, 1)), "HandlerNotFound")
        yield* TestClock.adjust(1_000)
        assert.isUndefined(closing.pollUnsafe())
        yield* TestClock.adjust(1_000)
        yield* Fiber.join(closing)
        assert.deepStrictEqual(yield* Fiber.joinAll(calls), ["done", "done"])
      }).pipe(Effect.provide(Bus)))

    it.effect("after the drain time calls are interrupted, before the plugin's services close", () =>
      Effect.gen(function*() {
        const log: Array<string> = []
        class Service extends Context.Service<Service, {}>()("test/Service") {}
        const service = Layer.effect(
          Service,
          Effect.acquireRelease(Effect.succeed({}), () => Effect.sync(() => log.push("service closed")))
        )
        const plugin = Wait.toLayer((millis) => Effect.andThen(Service, Slow(log)(millis)), { drain: "3 seconds" })
          .pipe(
            Layer.provide(service)
          )
        const scope = yield* Scope.make()
        yield* Layer.buildWithScope(plugin, scope)
        const events = yield* recordEvents
        const call = yield* Effect.forkChild(OperationInvoker.invoke(Wait, 60_000), { startImmediately: true })
        yield* Effect.yieldNow
        const closing = yield* Effect.forkChild(close(scope), { startImmediately: true })
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(log, [])
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(closing)
        assert.deepStrictEqual(log, ["Failure 60000", "service closed"])
        assert.isTrue(Cause.hasInterruptsOnly(causeOf(yield* Fiber.await(call))))
        assert.deepStrictEqual(tags(events), ["Started", "Interrupted"])
      }).pipe(Effect.provide(Bus)))

    it.effect("a handler that removes its own plugin finishes", () =>
      Effect.gen(function*() {
        const { invoke } = yield* OperationInvoker
        const registry = yield* OperationRegistry
        const scope = yield* Scope.make()
        const Remove = Operation.make({ meta: { key: "remove" }, input: Schema.Boolean, output: Schema.String })
        yield* Scope.provide(
          registry.register(Remove, (nested) =>
            nested
              ? Effect.orDie(invoke(Remove, false))
              : Effect.as(close(scope), "removed")),
          scope
        )
        const events = yield* recordEvents
        assert.strictEqual(yield* invoke(Remove, true), "removed")
        assert.isUndefined(registry.lookup("remove"))
        assert.deepStrictEqual(outline(events), [
          "Started remove",
          "Started remove",
          "Succeeded remove",
          "Succeeded remove"
        ])
      }).pipe(Effect.provide(Bus)))

    it.effect("a stream in flight counts as a call", () =>
      Effect.gen(function*() {
        const { invokeStream } = yield* OperationInvoker
        const Ticks = Operation.make({ meta: { key: "ticks" }, output: Schema.Int, stream: true })
        const scope = yield* registerIn(Ticks, () => Stream.tap(Stream.range(1, 3), () => Effect.sleep(1_000)))
        const call = yield* Effect.forkChild(Stream.runCollect(invokeStream(Ticks, undefined)), {
          startImmediately: true
        })
        yield* TestClock.adjust(1_500)
        const closing = yield* Effect.forkChild(close(scope), { startImmediately: true })
        yield* TestClock.adjust(1_000)
        assert.isUndefined(closing.pollUnsafe())
        yield* TestClock.adjust(1_000)
        yield* Fiber.join(closing)
        assert.deepStrictEqual(yield* Fiber.join(call), [1, 2, 3])
      }).pipe(Effect.provide(Bus)))
  })

  describe("lazy handlers", () => {
    const handler = saying("lazy")

    it.effect("are loaded by the first invocation, once", () =>
      Effect.gen(function*() {
        let loads = 0
        const layer = Greet.toLayerLazy(async () => {
          loads++
          return { default: handler }
        })
        yield* Effect.gen(function*() {
          assert.strictEqual(loads, 0)
          const all = yield* Effect.all(Array.from({ length: 5 }, () => OperationInvoker.invoke(Greet, undefined)), {
            concurrency: 5
          })
          assert.deepStrictEqual(all, Array.from({ length: 5 }, () => "lazy"))
          assert.strictEqual(loads, 1)
        }).pipe(Effect.provide(bus(layer)))
      }))

    it.effect("a load that fails is a defect, and is tried again by the next invocation", () =>
      Effect.gen(function*() {
        let loads = 0
        const layer = Greet.toLayerLazy(async () => {
          if (loads++ === 0) throw new Error("offline")
          return handler
        })
        yield* Effect.gen(function*() {
          const exit = yield* Effect.exit(OperationInvoker.invoke(Greet, undefined))
          assert.include(Cause.pretty(causeOf(exit)), "offline")
          assert.strictEqual(yield* OperationInvoker.invoke(Greet, undefined), "lazy")
        }).pipe(Effect.provide(bus(layer)))
      }))

    it.effect("a group's come as a record, also for stream operations", () =>
      Effect.gen(function*() {
        const Ticks = Operation.make({ meta: { key: "ticks" }, output: Schema.Int, stream: true })
        const layer = OperationGroup.make(Greet, Ticks).toLayerLazy(async () => ({
          default: { greet: handler, ticks: () => Stream.make(1, 2) }
        }))
        yield* Effect.gen(function*() {
          const { invokeStream } = yield* OperationInvoker
          assert.strictEqual(yield* OperationInvoker.invoke(Greet, undefined), "lazy")
          assert.deepStrictEqual(yield* Stream.runCollect(invokeStream(Ticks, undefined)), [1, 2])
        }).pipe(Effect.provide(bus(layer)))
      }))

    it.effect("I7: a module without the handler says so, whatever its prototype has", () =>
      Effect.gen(function*() {
        const ToString = Operation.make({ meta: { key: "toString" } })
        const layer = OperationGroup.make(Greet, ToString).toLayerLazy((async () => ({})) as never)
        yield* Effect.gen(function*() {
          for (const operation of [Greet, ToString]) {
            const exit = yield* Effect.exit(OperationInvoker.invoke(operation as typeof ToString, undefined))
            assert.include(Cause.pretty(causeOf(exit)), `the loaded module has no handler for "${operation.key}"`)
          }
        }).pipe(Effect.provide(bus(layer)))
      }))

    it.effect("the services of lazy handlers come from their layer", () =>
      Effect.gen(function*() {
        class Service extends Context.Service<Service, { readonly text: string }>()("test/Service") {}
        const withService: Operation.HandlerOf<typeof Greet, Service> = () => Effect.map(Service, ({ text }) => text)
        const layer = Greet.toLayerLazy(async () => withService).pipe(
          Layer.provide(Layer.succeed(Service, { text: "ok" }))
        )
        assert.strictEqual(yield* Effect.provide(OperationInvoker.invoke(Greet, undefined), bus(layer)), "ok")
      }))
  })
})

describe("I7: keys from outside", () => {
  const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__defineGetter__"]

  it.effect("I7: a name of Object.prototype is an unknown key, or a key like any other", () =>
    Effect.gen(function*() {
      const { invoke, invokeKey, invokeKeyStream } = yield* OperationInvoker
      const registry = yield* OperationRegistry
      for (const key of names) {
        assert.strictEqual(yield* reasonTag(invokeKey(key, {})), "HandlerNotFound")
        assert.strictEqual(yield* reasonTag(Stream.runCollect(invokeKeyStream(key, {}))), "HandlerNotFound")
        assert.isUndefined(registry.lookup(key))
        const operation = Operation.make({ meta: { key }, output: Schema.String })
        yield* registry.register(operation, saying(key))
        assert.strictEqual(yield* invoke(operation, undefined), key)
        assert.strictEqual(yield* invokeKey(key, null), key)
      }
    }).pipe(Effect.provide(Bus)))

  it.effect("I7: a group's handlers are looked up among the record's own properties", () =>
    Effect.gen(function*() {
      const ToString = Operation.make({ meta: { key: "toString" }, output: Schema.String })
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(OperationGroup.make(ToString).toLayer({} as never))))
      assert.include(Cause.pretty(causeOf(exit)), "the handler of \"toString\" is missing")
      yield* Layer.build(OperationGroup.make(ToString).toLayer({ toString: saying("own") } as never))
    }).pipe(Effect.provide(Bus)))

  it.effect("I7: __proto__ in the input is an excess property, and nothing is written to a prototype", () =>
    Effect.gen(function*() {
      const { invoke, invokeKey } = yield* OperationInvoker
      const registry = yield* OperationRegistry
      const events = yield* recordEvents
      const Merge = Operation.make({
        meta: { key: "merge" },
        input: Schema.Struct({
          a: Schema.optionalKey(Schema.Struct({ b: Schema.String })),
          s: Schema.optionalKey(Operation.sensitive(Schema.String))
        }),
        output: Schema.Unknown
      })
      yield* registry.register(Merge, (input) => Effect.succeed({ ...input }))
      for (const text of ["{\"__proto__\":{\"polluted\":1}}", "{\"a\":{\"b\":\"c\",\"__proto__\":{\"polluted\":1}}}"]) {
        assert.strictEqual(yield* reasonTag(invoke(Merge, JSON.parse(text))), "InvalidInput")
        assert.strictEqual(yield* reasonTag(invokeKey("merge", JSON.parse(text))), "InvalidInput")
      }
      const Open = Operation.make({
        meta: { key: "open" },
        input: Schema.Record(Schema.String, Operation.sensitive(Schema.Unknown)),
        output: Schema.Record(Schema.String, Schema.Unknown)
      })
      yield* registry.register(Open, (input) => Effect.succeed(input))
      const output = yield* invokeKey("open", JSON.parse("{\"__proto__\":{\"polluted\":1},\"constructor\":{\"a\":1}}"))
      assert.isUndefined(({} as { polluted?: unknown }).polluted)
      assert.isUndefined((output as { polluted?: unknown }).polluted)
      for (const event of events) {
        assert.isUndefined((event.input as { polluted?: unknown } | undefined)?.polluted)
        assert.isTrue(Object.getPrototypeOf(event) === Object.prototype)
      }
    }).pipe(Effect.provide(Bus)))
})
