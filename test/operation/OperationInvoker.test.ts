import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import {
  CurrentActor,
  Operation,
  OperationContext,
  OperationGroup,
  OperationInvoker,
  OperationRegistry,
  RemoteInvoker
} from "opbus/operation"
import { internalsOf } from "../../src/operation/internal/invoker.ts"
import { assertWellFormed, bus, causeOf, outline, reasonOf, reasonTag, recordEvents, tags } from "./support.ts"

class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { id: Schema.String }) {}

class Find extends Operation.make({
  meta: { key: "note.find" },
  input: Schema.Struct({
    id: Schema.String,
    filter: Schema.optionalKey(Schema.Struct({ tags: Schema.Array(Schema.String) }))
  }),
  output: Schema.Struct({ title: Schema.String, at: Schema.Date }),
  error: NotFound
}) {}
const Lazy = Operation.make({ meta: { key: "note.lazy" }, input: Find.input, output: Find.output, error: NotFound })
const Count = Operation.make({ meta: { key: "count" }, input: Schema.Int, output: Schema.Int })
const Wait = Operation.make({ meta: { key: "wait" }, input: Schema.Number, output: Schema.Number })
const Nest = Operation.make({ meta: { key: "nest" }, input: Schema.Int, output: Schema.Array(Schema.String) })

let ran: Array<unknown> = []
const at = new Date("2026-01-01T00:00:00.000Z")

const find: Operation.HandlerOf<typeof Find> = (input) =>
  Effect.suspend(() => {
    ran.push(input)
    switch (input.id) {
      case "none":
        return Effect.fail(new NotFound({ id: input.id }))
      case "defect":
        return Effect.die(new Error("a bug"))
      case "unfit":
        return Effect.succeed({ title: 1, at } as never)
      case "undefined":
        return Effect.succeed(undefined as never)
      default:
        return Effect.succeed({ title: input.id, at })
    }
  })

const Handlers = Layer.mergeAll(
  Find.toLayer(find),
  Lazy.toLayerLazy(async () => ({ default: find })),
  Count.toLayer((n) => Effect.succeed(n + 1)),
  Wait.toLayer((millis) =>
    Effect.as(
      Effect.onInterrupt(Effect.sleep(millis), () => Effect.sync(() => void ran.push(`interrupted ${millis}`))),
      millis
    )
  ),
  Nest.toLayer((depth) =>
    Effect.gen(function*() {
      const { id } = yield* OperationContext
      return depth === 0 ? [id] : [id, ...(yield* OperationInvoker.invoke(Nest, depth - 1))]
    }).pipe(Effect.provideService(OperationInvoker, yieldedInvoker()))
  )
)
let invokerOfTest: (typeof OperationInvoker)["Service"] | undefined
const yieldedInvoker = () => invokerOfTest!
const Bus = bus(Handlers)

const fresh = Effect.gen(function*() {
  ran = []
  return invokerOfTest = yield* OperationInvoker
})

describe("I1: input and output are validated", () => {
  const bad: ReadonlyArray<readonly [name: string, input: unknown, path: ReadonlyArray<PropertyKey>, issue: string]> = [
    ["a missing field", {}, ["id"], "this property is missing"],
    ["a wrong type", { id: 1 }, ["id"], "expected string, got a number"],
    [
      "a wrong type deep inside",
      { id: "a", filter: { tags: ["x", 2] } },
      ["filter", "tags", 1],
      "expected string, got a number"
    ],
    ["an excess property", { id: "a", more: 1 }, ["more"], "this property is not expected"],
    [
      "an excess property deep inside",
      { id: "a", filter: { tags: [], x: 1 } },
      ["filter", "x"],
      "this property is not expected"
    ],
    ["nothing at all", undefined, [], "expected object, got nothing"],
    ["null", null, [], "expected object, got null"],
    ["an array", [], [], "expected object, got an array"],
    ["a 10 MB string", "x".repeat(10_000_000), [], "expected object, got a string of 10000000 characters"]
  ]
  for (const [name, input, path, issue] of bad) {
    it.effect(`I1: ${name} is refused before the handler, the same for invoke, invokeKey and lazy handlers`, () =>
      Effect.gen(function*() {
        const { invoke, invokeKey } = yield* fresh
        const events = yield* recordEvents
        const calls = [
          invoke(Find, input as never),
          invoke(Lazy, input as never),
          invokeKey("note.find", input),
          invokeKey("note.lazy", input)
        ]
        for (const call of calls) {
          const reason = reasonOf(yield* Effect.flip(call))
          assert.deepStrictEqual(reason, { _tag: "InvalidInput", issue, path })
        }
        assert.deepStrictEqual(ran, [])
        assert.deepStrictEqual(tags(events), ["Failed", "Failed", "Failed", "Failed"])
        assert.isTrue(events.every((event) => event._tag === "Failed" && event.refused === true))
      }).pipe(Effect.provide(Bus)))
  }

  it.effect("I1: the message names the key, the path and what to do, in one line, without the value", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const error = yield* Effect.flip(
        invoke(Find, { id: "a", filter: { tags: ["a", { secret: "hunter2" }] } } as never)
      )
      assert.strictEqual(
        (error as Error).message,
        "Invalid input for \"note.find\" at filter.tags[1]: expected string, got an object. " +
          "Correct the input; the handler was not run."
      )
    }).pipe(Effect.provide(Bus)))

  it.effect("I1: output that does not fit is a typed failure after the handler, never a defect", () =>
    Effect.gen(function*() {
      const { invoke, invokeKey } = yield* fresh
      const events = yield* recordEvents
      for (
        const call of [
          invoke(Find, { id: "unfit" }),
          invoke(Lazy, { id: "unfit" }),
          invokeKey("note.find", { id: "unfit" })
        ]
      ) {
        const reason = reasonOf(yield* Effect.flip(call))
        assert.deepStrictEqual(reason, {
          _tag: "InvalidOutput",
          issue: "expected string, got a number",
          path: ["title"]
        })
      }
      assert.deepStrictEqual(yield* reasonTag(invoke(Find, { id: "undefined" })), "InvalidOutput")
      assert.strictEqual(ran.length, 4)
      assert.deepStrictEqual(tags(events).slice(0, 2), ["Started", "Failed"])
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("I1: invoke takes the type side, invokeKey JSON on both sides", () =>
    Effect.gen(function*() {
      const { invoke, invokeKey } = yield* fresh
      assert.deepStrictEqual(yield* invoke(Find, { id: "a" }), { title: "a", at })
      assert.deepStrictEqual(yield* invokeKey("note.find", { id: "a" }), { title: "a", at: at.toISOString() })
      assert.deepStrictEqual(yield* invokeKey("note.lazy", { id: "a" }), { title: "a", at: at.toISOString() })
      assert.strictEqual(yield* invokeKey("count", 1), 2)
      assert.strictEqual(yield* reasonTag(invokeKey("count", "1")), "InvalidInput")
    }).pipe(Effect.provide(Bus)))

  it.effect("I1: a definition that does not fit the registered one is Incompatible", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const Other = Operation.make({ meta: { key: "count" }, input: Schema.Int, output: Schema.String })
      const reason = reasonOf(yield* Effect.flip(invoke(Other, 1)))
      assert.deepStrictEqual(reason, { _tag: "Incompatible", difference: "the output schemas differ" })
      const Sync = Operation.make({
        meta: { key: "count" },
        input: Schema.Int,
        output: Schema.Int,
        executionMode: "sync"
      })
      assert.strictEqual(yield* reasonTag(invoke(Sync, 1)), "Incompatible")
      const Same = Operation.make({ meta: { key: "count", label: "Count" }, input: Schema.Int, output: Schema.Int })
      assert.strictEqual(yield* invoke(Same, 1), 2)
    }).pipe(Effect.provide(Bus)))
})

describe("I2: failures", () => {
  it.effect("I2: a handler's typed error reaches the caller as that error", () =>
    Effect.gen(function*() {
      const { invoke, invokeKey } = yield* fresh
      const error = yield* Effect.flip(invoke(Find, { id: "none" }))
      assert.instanceOf(error, NotFound)
      assert.deepStrictEqual(error, new NotFound({ id: "none" }))
      assert.instanceOf(yield* Effect.flip(invoke(Lazy, { id: "none" })), NotFound)
      assert.instanceOf(yield* Effect.flip(invokeKey("note.find", { id: "none" })), NotFound)
      const recovered = Effect.catchTag(invoke(Find, { id: "none" }), "NotFound", ({ id }) => Effect.succeed(id))
      assert.strictEqual(yield* recovered, "none")
    }).pipe(Effect.provide(Bus)))

  it.effect("I2: a defect stays a defect, and so does a handler that throws", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const registry = yield* OperationRegistry
      const events = yield* recordEvents
      assert.isTrue(Cause.hasDies(causeOf(yield* Effect.exit(invoke(Find, { id: "defect" })))))
      const Throws = Operation.make({ meta: { key: "throws" } })
      yield* registry.register(Throws, () => {
        throw new Error("thrown")
      })
      assert.isTrue(Cause.hasDies(causeOf(yield* Effect.exit(invoke(Throws, undefined)))))
      assert.deepStrictEqual(outline(events), [
        "Started note.find",
        "Failed note.find",
        "Started throws",
        "Failed throws"
      ])
    }).pipe(Effect.provide(Bus)))

  it.effect("I2: an error of the bus is one tagged error whose reason can be caught by name", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const Misspelt = Operation.make({ meta: { key: "note.fnd" } })
      const suggested = Effect.as(invoke(Misspelt, undefined), [] as ReadonlyArray<string>).pipe(
        Effect.catchReason("OperationError", "HandlerNotFound", ({ suggestions }) => Effect.succeed(suggestions))
      )
      assert.deepStrictEqual(yield* suggested, ["note.find"])
      assert.strictEqual(
        (yield* Effect.flip(invoke(Misspelt, undefined))).message,
        "No handler is registered for \"note.fnd\". Did you mean \"note.find\"?"
      )
      assert.strictEqual(
        (yield* Effect.flip(invoke(Operation.make({ meta: { key: "far.away" } }), undefined))).message,
        "No handler is registered for \"far.away\". Provide the layer of the plugin that handles it."
      )
    }).pipe(Effect.provide(Bus)))
})

describe("I4: interruption", () => {
  it.effect("I4: interrupting the caller interrupts the handler, and its finalizers run first", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const events = yield* recordEvents
      const fiber = yield* Effect.forkChild(invoke(Wait, 1_000), { startImmediately: true })
      yield* Effect.yieldNow
      const exit = yield* Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))
      assert.isTrue(Cause.hasInterruptsOnly(causeOf(exit)))
      assert.deepStrictEqual(ran, ["interrupted 1000"])
      assert.deepStrictEqual(tags(events), ["Started", "Interrupted"])
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("I4: interrupting the caller reaches nested invocations, innermost first", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const registry = yield* OperationRegistry
      const Outer = Operation.make({ meta: { key: "outer" }, output: Schema.Number })
      yield* registry.register(Outer, () => Effect.orDie(invoke(Wait, 1_000)))
      const events = yield* recordEvents
      const fiber = yield* Effect.forkChild(invoke(Outer, undefined), { startImmediately: true })
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(outline(events), [
        "Started outer",
        "Started wait",
        "Interrupted wait",
        "Interrupted outer"
      ])
    }).pipe(Effect.provide(Bus)))

  it.effect("I4: what is interrupted before the handler began leaves no event", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const events = yield* recordEvents
      const fiber = yield* Effect.forkChild(invoke(Wait, 1_000))
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(events, [])
    }).pipe(Effect.provide(Bus)))

  it.effect("I4: an interruption that comes with the handler's exit changes nothing: the exit decides", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const registry = yield* OperationRegistry
      const events = yield* recordEvents
      const Last = Operation.make({ meta: { key: "last" }, output: Schema.Int })
      yield* registry.register(Last, () => Effect.succeed(1))
      const self: { fiber?: Fiber.Fiber<unknown, unknown> } = {}
      yield* OperationInvoker.use((invoker) =>
        invoker.observe((event) => {
          if (event._tag === "Succeeded") self.fiber?.interruptUnsafe()
        })
      )
      self.fiber = yield* Effect.forkChild(invoke(Last, undefined))
      yield* Fiber.await(self.fiber)
      assert.deepStrictEqual(tags(events), ["Started", "Succeeded"])
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("I4: random interruptions never give two ends, or none", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const registry = yield* OperationRegistry
      const Steps = Operation.make({ meta: { key: "steps" }, input: Schema.Int, output: Schema.Int })
      yield* registry.register(Steps, (n) =>
        Effect.gen(function*() {
          for (let i = 0; i < n; i++) yield* Effect.yieldNow
          if (n > 2) yield* Effect.orDie(invoke(Steps, n - 2))
          return n
        }))
      const events = yield* recordEvents
      for (let round = 0; round < 200; round++) {
        const fiber = yield* Effect.forkChild(invoke(Steps, round % 9))
        for (let i = 0; i < (round * 7) % 13; i++) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
      }
      assertWellFormed(events)
      assert.includeMembers([...tags(events)], ["Succeeded", "Interrupted"])
    }).pipe(Effect.provide(Bus)))

  it.effect("I4: an interruption during the commit waits for its end, and the handler's exit decides", () =>
    Effect.gen(function*() {
      const invoker = yield* fresh
      const gate = yield* Deferred.make<void>()
      yield* internalsOf(invoker).installHook({ before: () => undefined, commit: () => Deferred.await(gate) })
      const events = yield* recordEvents
      const fiber = yield* Effect.forkChild(invoker.invoke(Count, 1), { startImmediately: true })
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* Effect.yieldNow
      assert.deepStrictEqual(tags(events), ["Started"])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(interrupting)
      assert.deepStrictEqual(tags(events), ["Started", "Succeeded"])
    }).pipe(Effect.provide(Bus)))

  it.effect("I4: uninterruptible work ends before the invocation does", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const registry = yield* OperationRegistry
      const gate = yield* Deferred.make<void>()
      const Write = Operation.make({ meta: { key: "write" }, output: Schema.String })
      yield* registry.register(Write, () =>
        Effect.uninterruptible(Effect.map(Deferred.await(gate), () => {
          ran.push("written")
          return "written"
        })))
      const events = yield* recordEvents
      const fiber = yield* Effect.forkChild(invoke(Write, undefined), { startImmediately: true })
      yield* Effect.yieldNow
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* Effect.yieldNow
      assert.deepStrictEqual(tags(events), ["Started"])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(interrupting)
      assert.deepStrictEqual(ran, ["written"])
      // As for every effect: an interruption that waited for the end of the region is the exit of what was around it.
      assert.deepStrictEqual(tags(events), ["Started", "Interrupted"])
    }).pipe(Effect.provide(Bus)))
})

describe("timeouts", () => {
  it.effect("the handler is interrupted and the call fails with Timeout", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const events = yield* recordEvents
      const fiber = yield* Effect.forkChild(Effect.flip(invoke(Wait, 1_000, { timeout: 500 })), {
        startImmediately: true
      })
      yield* TestClock.adjust(500)
      const error = yield* Fiber.join(fiber)
      assert.deepStrictEqual(reasonOf(error), { _tag: "Timeout", millis: 500 })
      assert.strictEqual(
        (error as Error).message,
        "\"wait\" did not finish within 500 ms and was interrupted. Allow more time or make it faster."
      )
      assert.deepStrictEqual(ran, ["interrupted 1000"])
      assert.deepStrictEqual(tags(events), ["Started", "Failed"])
      assert.isTrue(events[1]?._tag === "Failed" && events[1].durationMillis === 500)
    }).pipe(Effect.provide(Bus)))

  it.effect("a fast handler is not touched, and the deadline is inherited", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const registry = yield* OperationRegistry
      const deadlines: Array<number | undefined> = []
      const Inner = Operation.make({ meta: { key: "inner" } })
      const Outer = Operation.make({ meta: { key: "outer" } })
      const note = Effect.map(OperationContext, ({ deadline }) => void deadlines.push(deadline))
      yield* registry.register(Inner, () => note)
      yield* registry.register(Outer, () =>
        Effect.orDie(
          Effect.andThen(
            note,
            Effect.andThen(invoke(Inner, undefined), invoke(Inner, undefined, { timeout: "1 second" }))
          )
        ))
      yield* invoke(Outer, undefined, { timeout: "1 minute" })
      yield* invoke(Outer, undefined)
      assert.deepStrictEqual(deadlines, [60_000, 60_000, 1_000, undefined, undefined, 1_000])
    }).pipe(Effect.provide(Bus)))
})

describe("options and events", () => {
  it.effect("ids are unique, rootId and parentId say who called whom, sequences have no gaps", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const events = yield* recordEvents
      const ids = yield* invoke(Nest, 3)
      assert.strictEqual(new Set(ids).size, 4)
      const started = events.filter((event) => event._tag === "Started")
      assert.deepStrictEqual(started.map(({ id }) => id), ids)
      assert.deepStrictEqual(started.map(({ parentId }) => parentId), [undefined, ids[0], ids[1], ids[2]])
      assert.isTrue(events.every(({ rootId }) => rootId === ids[0]))
      assert.isTrue(events.every(({ epoch }) => epoch === events[0]!.epoch))
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("actor and origin come from the options, from the caller, or from the parent", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const events = yield* recordEvents
      yield* invoke(Nest, 0)
      yield* Effect.provideService(invoke(Nest, 0), CurrentActor, "window-1")
      yield* Effect.provideService(invoke(Nest, 1, { actor: "agent-7", origin: "agent" }), CurrentActor, "window-1")
      const started = events.filter((event) => event._tag === "Started")
      assert.deepStrictEqual(started.map(({ actor, origin }) => [actor, origin]), [
        [undefined, "user"],
        ["window-1", "user"],
        ["agent-7", "agent"],
        ["agent-7", "agent"]
      ])
    }).pipe(Effect.provide(Bus)))

  it.effect("times come from the Clock", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const events = yield* recordEvents
      yield* TestClock.adjust(5_000)
      const fiber = yield* Effect.forkChild(invoke(Wait, 250), { startImmediately: true })
      yield* TestClock.adjust(250)
      yield* Fiber.join(fiber)
      const [started, succeeded] = events
      assert.strictEqual(started?.startedAt, 5_000)
      assert.isTrue(
        succeeded?._tag === "Succeeded" && succeeded.durationMillis === 250 && succeeded.startedAt === 5_000
      )
    }).pipe(Effect.provide(Bus)))

  it.effect("work that outlives its parent is no child of it, but says what caused it", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const registry = yield* OperationRegistry
      const Spawn = Operation.make({ meta: { key: "spawn" } })
      const events = yield* recordEvents
      let spawned: Fiber.Fiber<unknown, unknown> | undefined
      yield* registry.register(Spawn, () =>
        Effect.gen(function*() {
          spawned = yield* Effect.forkDetach(Effect.andThen(Effect.sleep(10), invoke(Count, 1)))
        }))
      yield* invoke(Spawn, undefined)
      yield* TestClock.adjust(10)
      yield* Fiber.join(spawned!)
      const [spawn, , count] = events
      assert.deepStrictEqual([count?.key, count?.parentId, count?.causedBy], ["count", undefined, spawn?.id])
      assert.strictEqual(count?.rootId, count?.id)
    }).pipe(Effect.provide(Bus)))

  it.effect("progress is validated, ordered, and silent after the end", () =>
    Effect.gen(function*() {
      const { invoke } = yield* fresh
      const registry = yield* OperationRegistry
      const Import = Operation.make({
        meta: { key: "import" },
        input: Schema.Unknown,
        progress: Schema.Struct({ done: Schema.Int })
      })
      let context: (typeof OperationContext)["Service"] | undefined
      yield* registry.register(Import, (value) =>
        Effect.gen(function*() {
          context = yield* OperationContext
          yield* context.progress({ done: 1 })
          yield* context.progress(value)
        }))
      const events = yield* recordEvents
      yield* invoke(Import, { done: 2 })
      yield* context!.progress({ done: 3 })
      assert.deepStrictEqual(
        events.map((event) => event._tag === "Progress" ? event.progress : event._tag),
        ["Started", { done: 1 }, { done: 2 }, "Succeeded"]
      )
      const exit = yield* Effect.exit(invoke(Import, { done: "all" }))
      assert.include(Cause.pretty(causeOf(exit)), "The handler of \"import\" reported unfit progress at done")
      assertWellFormed(events)
      const told: Array<unknown> = []
      yield* Effect.exit(invoke(Import, { done: 4 }, { onProgress: (progress) => told.push(progress) }))
      assert.deepStrictEqual(told, [{ done: 1 }, { done: 4 }])
    }).pipe(Effect.provide(Bus)))
})

describe("invokeRemote", () => {
  it.effect("without a transport it fails with RemoteUnavailable, in one line that says what to do", () =>
    Effect.gen(function*() {
      const { invokeRemote } = yield* fresh
      const events = yield* recordEvents
      const error = yield* Effect.flip(invokeRemote(Find, { id: "a" }))
      assert.strictEqual(reasonOf(error)._tag, "RemoteUnavailable")
      assert.strictEqual(
        (error as Error).message,
        "\"note.find\" cannot be invoked remotely: no transport is provided. Provide a RemoteInvoker layer, or use invoke to run it here."
      )
      assert.deepStrictEqual(tags(events), ["Failed"])
      assert.deepStrictEqual(ran, [])
    }).pipe(Effect.provide(Bus)))

  it.effect("goes through the RemoteInvoker of the caller, or the one the invoker was built with", () => {
    const transport = (name: string) =>
      Layer.succeed(RemoteInvoker, {
        invoke: (operation, _input, options) =>
          Effect.succeed({ title: `${name} ${operation.key} v${options.version}`, at } as never),
        invokeStream: () => Stream.empty,
        invokeKey: () => Effect.void
      })
    const call = OperationInvoker.use(({ invokeRemote }) => invokeRemote(Find, { id: "a" }, { version: 2 }))
    return Effect.gen(function*() {
      assert.strictEqual((yield* call).title, "built note.find v2")
      assert.strictEqual((yield* Effect.provide(call, transport("called"))).title, "called note.find v2")
    }).pipe(Effect.provide(Bus.pipe(Layer.provide(transport("built")))))
  })
})

describe("the bare functions", () => {
  it.effect("take the invoker from the context", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* OperationInvoker.invoke(Count, 1), 2)
      assert.strictEqual(yield* OperationInvoker.invokeKey("count", 1), 2)
      assert.strictEqual(yield* reasonTag(OperationInvoker.invokeRemote(Count, 1)), "RemoteUnavailable")
      assert.deepStrictEqual(yield* (yield* OperationInvoker.schedule(Count, 1)).await, Exit.succeed(2))
      yield* OperationInvoker.awaitIdle
    }).pipe(Effect.provide(Bus)))

  it.effect("I1: a group registers its handlers, and a key is looked up in constant time however many there are", () =>
    Effect.gen(function*() {
      const many = Array.from(
        { length: 1_000 },
        (_, i) => Operation.make({ meta: { key: `many.${i}` }, output: Schema.Int })
      )
      const group = OperationGroup.make(...many)
      const layer = group.toLayer(Object.fromEntries(many.map(({ key }, i) => [key, () => Effect.succeed(i)])) as never)
      yield* Effect.gen(function*() {
        assert.strictEqual(yield* OperationInvoker.invokeKey("many.999", null), 999)
        assert.strictEqual((yield* (yield* OperationRegistry).list).length, 1_000)
      }).pipe(Effect.provide(bus(layer)))
    }))
})
