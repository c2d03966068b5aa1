import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import {
  CurrentActor,
  FollowupScheduler,
  Operation,
  OperationContext,
  OperationInvoker,
  OperationRegistry
} from "opbus/operation"
import { CurrentGroup } from "../../src/operation/internal/frame.ts"
import { internalsOf } from "../../src/operation/internal/invoker.ts"
import { assertWellFormed, bus, causeOf, outline, reasonOf, recordEvents } from "./support.ts"

const Save = Operation.make({ meta: { key: "save" }, input: Schema.Int, output: Schema.String, error: Schema.String })
const Index = Operation.make({ meta: { key: "index" }, input: Schema.Int, output: Schema.Int, error: Schema.String })

let ran: Array<string> = []
let failures = 0
const Handlers = Layer.mergeAll(
  Save.toLayer(Effect.map(OperationInvoker, ({ schedule }) => (depth: number) =>
    Effect.gen(function*() {
      yield* schedule(Index, depth)
      return "saved"
    }))),
  Index.toLayer(Effect.map(OperationInvoker, ({ schedule }) => (depth: number) =>
    Effect.gen(function*() {
      yield* Effect.sleep(10)
      const { attempt } = yield* OperationContext
      ran.push(`index ${depth} try ${attempt}`)
      if (depth < 0) return yield* Effect.fail("no index")
      if (failures > 0) {
        failures--
        return yield* Effect.fail("not yet")
      }
      if (depth > 0) yield* schedule(Index, depth - 1)
      return depth
    })))
)
const Bus = bus(Handlers).pipe((layer) => Layer.provideMerge(FollowupScheduler.layer, layer))

const fresh = Effect.gen(function*() {
  ran = []
  failures = 0
  return yield* OperationInvoker
})

describe("FollowupScheduler", () => {
  it.effect("a follow-up does not delay what schedules it, and awaitIdle waits for it", () =>
    Effect.gen(function*() {
      const { awaitIdle, invoke } = yield* fresh
      assert.strictEqual(yield* invoke(Save, 0), "saved")
      assert.deepStrictEqual(ran, [])
      const idle = yield* Effect.forkChild(awaitIdle, { startImmediately: true })
      yield* TestClock.adjust(10)
      yield* Fiber.join(idle)
      assert.deepStrictEqual(ran, ["index 0 try 1"])
    }).pipe(Effect.provide(Bus)))

  it.effect("awaitIdle waits for a follow-up of a follow-up, also one scheduled while it waits", () =>
    Effect.gen(function*() {
      const { awaitIdle, followups, invoke } = yield* fresh
      yield* awaitIdle
      yield* invoke(Save, 2)
      const idle = yield* Effect.forkChild(awaitIdle, { startImmediately: true })
      yield* TestClock.adjust(20)
      assert.isUndefined(idle.pollUnsafe())
      assert.deepStrictEqual((yield* followups.pending).map(({ key }) => key), ["index"])
      yield* TestClock.adjust(10)
      yield* Fiber.join(idle)
      assert.deepStrictEqual(ran, ["index 2 try 1", "index 1 try 1", "index 0 try 1"])
      assert.deepStrictEqual(yield* followups.pending, [])
    }).pipe(Effect.provide(Bus)))

  it.effect("carries the id of what scheduled it as parentId, but is a root of its own", () =>
    Effect.gen(function*() {
      const { awaitIdle, invoke } = yield* fresh
      const events = yield* recordEvents
      const idle = yield* Effect.forkChild(
        Effect.andThen(Effect.provideService(invoke(Save, 0), CurrentActor, "window-1"), awaitIdle),
        { startImmediately: true }
      )
      yield* TestClock.adjust(10)
      yield* Fiber.join(idle)
      assert.deepStrictEqual(outline(events), ["Started save", "Succeeded save", "Started index", "Succeeded index"])
      const [save, , index] = events
      assert.strictEqual(index?.parentId, save?.id)
      assert.strictEqual(index?.rootId, index?.id)
      assert.deepStrictEqual([index?.origin, index?.actor], ["followup", "window-1"])
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("leaves the group behind, and is not recorded when its scheduler was not", () =>
    Effect.gen(function*() {
      const invoker = yield* fresh
      const seen: Array<readonly [string, string | undefined, boolean]> = []
      yield* internalsOf(invoker).installHook({
        before: (frame) => {
          seen.push([frame.key, frame.groupId, frame.recording])
          return undefined
        },
        commit: () => undefined
      })
      const group = { id: "g1", parent: undefined, invocation: undefined, ended: false }
      const both = Effect.andThen(
        Effect.provideService(invoker.invoke(Save, 0), CurrentGroup, group),
        invoker.invoke(Save, 0, { record: false })
      )
      yield* both
      yield* TestClock.adjust(10)
      yield* invoker.awaitIdle
      assert.deepStrictEqual(seen, [
        ["save", "g1", true],
        ["save", undefined, false],
        ["index", undefined, true],
        ["index", undefined, false]
      ])
    }).pipe(Effect.provide(Bus)))

  it.effect("a failure is an event, reaches await, and stays in failed until it is retried", () =>
    Effect.gen(function*() {
      const { awaitIdle, followups, schedule } = yield* fresh
      const events = yield* recordEvents
      failures = 1
      const followup = yield* schedule(Index, 0)
      yield* TestClock.adjust(10)
      yield* awaitIdle
      assert.deepStrictEqual(yield* followup.await, Exit.fail("not yet"))
      assert.deepStrictEqual(outline(events), ["Started index", "Failed index"])
      assert.deepStrictEqual((yield* followups.failed).map(({ id }) => id), [followup.id])
      assert.isFalse(yield* followups.retry("unknown"))

      const retried = yield* Effect.forkChild(Effect.andThen(followups.retry(followup.id), followup.await), {
        startImmediately: true
      })
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* Fiber.join(retried), Exit.succeed(0))
      assert.deepStrictEqual(yield* followups.failed, [])
      assert.deepStrictEqual(ran, ["index 0 try 1", "index 0 try 2"])
      assert.isFalse(yield* followups.retry(followup.id))
    }).pipe(Effect.provide(Bus)))

  it.effect("retries as it is told; every try is an invocation with its own attempt", () =>
    Effect.gen(function*() {
      const { awaitIdle, followups, schedule } = yield* fresh
      const events = yield* recordEvents
      failures = 2
      const followup = yield* schedule(Index, 0, {
        retry: Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 3 }))
      })
      const idle = yield* Effect.forkChild(awaitIdle, { startImmediately: true })
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(idle)
      assert.deepStrictEqual(yield* followup.await, Exit.succeed(0))
      assert.deepStrictEqual(ran, ["index 0 try 1", "index 0 try 2", "index 0 try 3"])
      assert.deepStrictEqual(events.flatMap((event) => event._tag === "Started" ? [event.attempt] : []), [
        undefined,
        2,
        3
      ])
      assert.deepStrictEqual(yield* followups.failed, [])
    }).pipe(Effect.provide(Bus)))

  it.effect("one that never succeeds stays failed after its tries", () =>
    Effect.gen(function*() {
      const { awaitIdle, followups, schedule } = yield* fresh
      const followup = yield* schedule(Index, -1, { retry: Schedule.recurs(2) })
      yield* TestClock.adjust(100)
      yield* awaitIdle
      assert.deepStrictEqual(yield* followup.await, Exit.fail("no index"))
      assert.strictEqual(ran.length, 3)
      assert.strictEqual((yield* followups.failed).length, 1)
    }).pipe(Effect.provide(Bus)))

  it.effect("waits for its delay, and is pending meanwhile", () =>
    Effect.gen(function*() {
      const { awaitIdle, followups, schedule } = yield* fresh
      yield* schedule(Index, 0, { delay: "1 minute", actor: "me" })
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(ran, [])
      assert.strictEqual((yield* followups.pending).length, 1)
      yield* TestClock.adjust("2 seconds")
      yield* awaitIdle
      assert.deepStrictEqual(ran, ["index 0 try 1"])
    }).pipe(Effect.provide(Bus)))

  it.effect("bad input and an unknown key fail like any invocation", () =>
    Effect.gen(function*() {
      const { schedule } = yield* fresh
      const bad = yield* (yield* schedule(Index, "x" as never)).await
      assert.strictEqual(reasonOf(Cause.squash(causeOf(bad)))._tag, "InvalidInput")
      const unknown = yield* (yield* schedule(Operation.make({ meta: { key: "nowhere" } }), undefined)).await
      assert.strictEqual(reasonOf(Cause.squash(causeOf(unknown)))._tag, "HandlerNotFound")
    }).pipe(Effect.provide(Bus)))

  it.effect("interrupting who waits, or who scheduled, does not interrupt the follow-up", () =>
    Effect.gen(function*() {
      const { schedule } = yield* fresh
      const scheduling = yield* Effect.forkChild(
        Effect.flatMap(schedule(Index, 0), (followup) => followup.await),
        { startImmediately: true }
      )
      yield* Effect.yieldNow
      yield* Fiber.interrupt(scheduling)
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(ran, ["index 0 try 1"])
    }).pipe(Effect.provide(Bus)))

  it.effect("closing the invoker's scope interrupts what is left", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      // The handlers outlive the invoker here: what is in flight when they close first may finish (see drain).
      const registry = yield* Layer.build(OperationRegistry.layer)
      const invoker = yield* Effect.provide(Layer.buildWithScope(OperationInvoker.layer, scope), registry)
      const context = Context.merge(registry, invoker)
      yield* Effect.provide(Layer.build(Handlers), context)
      const events = yield* Effect.provide(recordEvents, context)
      const followup = yield* Effect.provide(Effect.flatMap(fresh, ({ schedule }) => schedule(Index, 0)), context)
      const delayed = yield* Effect.provide(
        OperationInvoker.use(({ schedule }) => schedule(Index, 0, { delay: "1 hour" })),
        context
      )
      yield* Effect.yieldNow
      assert.deepStrictEqual(outline(events), ["Started index"])
      yield* Scope.close(scope, Exit.void)
      for (const { await: outcome } of [followup, delayed]) {
        assert.isTrue(Cause.hasInterruptsOnly(causeOf(yield* outcome)))
      }
      assert.deepStrictEqual(outline(events), ["Started index", "Interrupted index"])
      assert.deepStrictEqual(ran, [])
    }))

  it.effect("is the service of its layer, and a follow-up can be scheduled from anywhere", () =>
    Effect.gen(function*() {
      yield* fresh
      const scheduler = yield* FollowupScheduler
      const followup = yield* scheduler.schedule(Index, 0)
      assert.deepStrictEqual([followup.key, followup.parentId], ["index", undefined])
      yield* TestClock.adjust(10)
      yield* scheduler.awaitIdle
      assert.deepStrictEqual(yield* followup.await, Exit.succeed(0))
    }).pipe(Effect.provide(Bus)))

  it.effect("I6: failed follow-ups are kept within a bound", () =>
    Effect.gen(function*() {
      const { awaitIdle, followups, schedule } = yield* fresh
      const registry = yield* OperationRegistry
      const Fails = Operation.make({ meta: { key: "fails" }, error: Schema.String })
      yield* registry.register(Fails, () => Effect.fail("no"))
      for (let i = 0; i < 1_100; i++) yield* schedule(Fails, undefined)
      yield* awaitIdle
      assert.strictEqual((yield* followups.failed).length, 1_000)
    }).pipe(Effect.provide(Bus)))
})
