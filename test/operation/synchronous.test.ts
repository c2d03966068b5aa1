import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import {
  CurrentActor,
  Operation,
  OperationContext,
  OperationGroup,
  OperationInvoker,
  OperationMiddleware,
  OperationRegistry
} from "opbus/operation"
import { internalsOf } from "../../src/operation/internal/invoker.ts"
import { assertWellFormed, bus, outline, reasonOf, reasonTag, recordEvents, tags } from "./support.ts"

class Locked extends Schema.TaggedError<Locked>()("Locked", {}) {}
class Store extends Context.Service<Store, { mode: string; orphans: number }>()("test/Store") {}

const SetMode = Operation.make({
  meta: { key: "layout.setMode" },
  input: Schema.Struct({ mode: Schema.String }),
  output: Schema.String,
  error: Locked,
  executionMode: "sync"
})
const Toggle = Operation.make({
  meta: { key: "layout.toggle" },
  output: Schema.String,
  error: Locked,
  executionMode: "sync"
})
const Suspends = Operation.make({ meta: { key: "layout.suspends" }, input: Schema.String, executionMode: "sync" })

const sync = OperationGroup.make(SetMode, Toggle, Suspends)

const Handlers = sync.toLayer(Effect.map(OperationInvoker, ({ invoke }) => ({
  "layout.setMode": ({ mode }: { readonly mode: string }) =>
    Effect.gen(function*() {
      const store = yield* Store
      if (mode === "locked") return yield* new Locked()
      if (mode === "bug") return yield* Effect.die("a bug")
      if (mode === "unfit") return 1 as never
      store.mode = mode
      return `${(yield* OperationContext).key}:${mode}`
    }),
  "layout.toggle": () =>
    Effect.flatMap(Store, ({ mode }) => Effect.orDie(invoke(SetMode, { mode: mode === "deck" ? "solo" : "deck" }))),
  "layout.suspends": (how: string) =>
    Effect.flatMap(Store, (store) => {
      const orphan = Effect.sync(() => void store.orphans++)
      switch (how) {
        case "sleep":
          return Effect.andThen(Effect.sleep(1), orphan)
        case "promise":
          return Effect.andThen(Effect.promise(() => Promise.resolve()), orphan)
        case "yield":
          return Effect.andThen(Effect.yieldNow, Effect.void)
        case "fork":
          return Effect.andThen(Effect.forkChild(Effect.andThen(Effect.sleep(1), orphan)), Effect.never)
        default:
          return Effect.void
      }
    })
})))

const makeBus = () => {
  const store = { mode: "solo", orphans: 0 }
  return { store, layer: bus(Handlers).pipe(Layer.provideMerge(Layer.succeed(Store, store))) }
}

describe("I3: synchronous operations", () => {
  it.effect("I3: Effect.runSync(invoke(op, input)) works, with observers attached", () => {
    const { layer, store } = makeBus()
    return Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const events = yield* recordEvents
      assert.strictEqual(Effect.runSync(invoke(SetMode, { mode: "deck" })), "layout.setMode:deck")
      assert.strictEqual(store.mode, "deck")
      assert.deepStrictEqual(outline(events), ["Started layout.setMode", "Succeeded layout.setMode"])
      assert.strictEqual(Effect.runSync(invoke(Toggle, undefined)), "layout.setMode:solo")
      assert.deepStrictEqual(outline(events).slice(2), [
        "Started layout.toggle",
        "Started layout.setMode",
        "Succeeded layout.setMode",
        "Succeeded layout.toggle"
      ])
      assert.strictEqual(events[3]?.parentId, events[2]?.id)
      assertWellFormed(events)
    }).pipe(Effect.provide(layer))
  })

  it.effect("I3: it works from plain code, through a runtime, and under runPromise", () => {
    const { layer, store } = makeBus()
    return Effect.gen(function*() {
      const runtime = ManagedRuntime.make(layer)
      assert.strictEqual(runtime.runSync(OperationInvoker.invoke(SetMode, { mode: "a" })), "layout.setMode:a")
      const { invoke } = runtime.runSync(OperationInvoker)
      yield* Effect.promise(() => Effect.runPromise(invoke(SetMode, { mode: "b" })))
      assert.strictEqual(store.mode, "b")
      // Under runPromise too it has run when the next statement does.
      const promise = Effect.runPromise(invoke(SetMode, { mode: "c" }))
      assert.strictEqual(store.mode, "c")
      yield* Effect.promise(() => promise)
      yield* runtime.disposeEffect
    })
  })

  it.effect("I3: a hook like the history's runs inside, at once", () => {
    const { layer } = makeBus()
    return Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const log: Array<string> = []
      yield* internalsOf(invoker).installHook({
        before: (frame) => {
          log.push(`before ${frame.key}`)
          return Effect.void
        },
        commit: (frame, exit) => {
          log.push(`commit ${frame.key} ${exit._tag}`)
          return undefined
        }
      })
      Effect.runSync(invoker.invoke(Toggle, undefined))
      assert.deepStrictEqual(log, [
        "before layout.toggle",
        "before layout.setMode",
        "commit layout.setMode Success",
        "commit layout.toggle Success"
      ])
    }).pipe(Effect.provide(layer))
  })

  it.effect("I1, I2, I3: input, output, failures and defects are what they are elsewhere", () => {
    const { layer } = makeBus()
    return Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      assert.strictEqual(yield* reasonTag(invoke(SetMode, { mode: 1 } as never)), "InvalidInput")
      assert.strictEqual(yield* reasonTag(invoke(SetMode, { mode: "unfit" })), "InvalidOutput")
      assert.instanceOf(Effect.runSync(Effect.flip(invoke(SetMode, { mode: "locked" }))), Locked)
      assert.throws(() => Effect.runSync(invoke(SetMode, { mode: "bug" })), "a bug")
    }).pipe(Effect.provide(layer))
  })

  for (const how of ["sleep", "promise", "fork"]) {
    it.live(`I3: a handler that suspends (${how}) is interrupted, writes nothing later and fails with NotSynchronous`, () => {
      const { layer, store } = makeBus()
      return Effect.gen(function*() {
        const { invoke } = yield* OperationInvoker
        const events = yield* recordEvents
        const error = Effect.runSync(Effect.flip(invoke(Suspends, how)))
        assert.strictEqual(reasonOf(error)._tag, "NotSynchronous")
        assert.strictEqual(
          error.message,
          "\"layout.suspends\" is a synchronous operation, but its handler, middleware or capture suspended and was " +
            "interrupted. Make it synchronous, or remove executionMode: \"sync\"."
        )
        const underPromise = yield* Effect.promise(() => Effect.runPromise(Effect.flip(invoke(Suspends, how))))
        assert.strictEqual(reasonOf(underPromise)._tag, "NotSynchronous")
        yield* Effect.sleep(20)
        assert.strictEqual(store.orphans, 0)
        assert.deepStrictEqual(tags(events), ["Started", "Failed", "Started", "Failed"])
        assertWellFormed(events)
      }).pipe(Effect.provide(layer))
    })
  }

  it.effect("I3: a handler that only yields is synchronous enough, also under runPromise", () => {
    const { layer } = makeBus()
    return Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      Effect.runSync(invoke(Suspends, "yield"))
      yield* invoke(Suspends, "yield")
    }).pipe(Effect.provide(layer))
  })

  it.effect("I3: middleware and capture fall under the same rule", () => {
    const { layer } = makeBus()
    const Slow = OperationMiddleware.layer({
      for: Toggle,
      effect: (next) => Effect.andThen(Effect.sleep(1), next)
    })
    return Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      assert.strictEqual(yield* reasonTag(invoker.invoke(Toggle, undefined)), "NotSynchronous")
      const events = yield* recordEvents
      yield* internalsOf(invoker).installHook({ before: () => Effect.sleep(1), commit: () => undefined })
      assert.strictEqual(yield* reasonTag(invoker.invoke(SetMode, { mode: "a" })), "NotSynchronous")
      assert.isTrue(events[0]?._tag === "Failed" && events[0].refused)
    }).pipe(Effect.provide(Slow.pipe(Layer.provideMerge(layer))))
  })

  it("I3: lazy handlers, streams and concurrency are type errors, and refused at run time", () => {
    assert.throws(
      () =>
        Operation.make({
          meta: { key: "a" },
          executionMode: "sync",
          // @ts-expect-error a synchronous operation cannot be a stream
          stream: true
        }),
      "cannot be a stream"
    )
    assert.throws(
      () =>
        Operation.make({
          meta: { key: "a" },
          executionMode: "sync",
          // @ts-expect-error a synchronous operation takes no concurrency policy
          concurrency: "serial"
        }),
      "takes no concurrency policy"
    )
    // @ts-expect-error a synchronous operation cannot wait for its code
    assert.throws(() => Toggle.toLayerLazy(async () => () => Effect.succeed("")), "\"layout.toggle\" is synchronous")
    // @ts-expect-error nor can a group with one
    assert.throws(() => sync.toLayerLazy(async () => ({})), "\"layout.setMode\" is synchronous")
    // @ts-expect-error a stream operation's handler gives a stream
    void (() => Operation.make({ meta: { key: "a" }, stream: true }).toLayer(() => Effect.void))
  })

  it.effect("I3: a nested asynchronous operation suspends, and is not left behind", () => {
    const { layer } = makeBus()
    return Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const registry = yield* OperationRegistry
      const Async = Operation.make({ meta: { key: "async" } })
      const Outer = Operation.make({ meta: { key: "outer" }, executionMode: "sync" })
      yield* registry.register(Async, () => Effect.sleep(1))
      yield* registry.register(Outer, () => Effect.orDie(invoker.invoke(Async, undefined)))
      const events = yield* recordEvents
      assert.strictEqual(yield* reasonTag(invoker.invoke(Outer, undefined)), "NotSynchronous")
      assert.deepStrictEqual(outline(events), ["Started outer", "Started async", "Interrupted async", "Failed outer"])
      assertWellFormed(events)
    }).pipe(Effect.provide(layer))
  })

  it.effect("the caller's actor reaches a synchronous handler", () => {
    const { layer } = makeBus()
    return Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const registry = yield* OperationRegistry
      const Who = Operation.make({
        meta: { key: "who" },
        output: Schema.UndefinedOr(Schema.String),
        executionMode: "sync"
      })
      yield* registry.register(Who, () => Effect.map(OperationContext, ({ actor }) => actor))
      assert.strictEqual(Effect.runSync(invoker.invoke(Who, undefined)), undefined)
      assert.strictEqual(
        Effect.runSync(Effect.provideService(invoker.invoke(Who, undefined), CurrentActor, "me")),
        "me"
      )
      assert.strictEqual(Effect.runSync(invoker.invoke(Who, undefined, { actor: "you" })), "you")
      assert.strictEqual(yield* Effect.provideService(invoker.invoke(Who, undefined), CurrentActor, "me"), "me")
    }).pipe(Effect.provide(layer))
  })
})
