import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Operation, OperationError, OperationGroup, OperationInvoker, OperationTest } from "opbus/operation"

class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { id: Schema.String }) {}

const Create = Operation.make({
  meta: { key: "note.create" },
  input: Schema.Struct({ title: Schema.String }),
  output: Schema.Struct({ id: Schema.String }),
  error: NotFound
})
const Import = Operation.make({
  meta: { key: "note.import" },
  input: Schema.Array(Schema.String),
  output: Schema.Number,
  error: NotFound,
  progress: Schema.Number
})
const Watch = Operation.make({ meta: { key: "note.watch" }, output: Schema.Number, error: NotFound, stream: true })
const SetMode = Operation.make({ meta: { key: "layout.setMode" }, input: Schema.String, executionMode: "sync" })
const Login = Operation.make({
  meta: { key: "session.login" },
  input: Schema.Struct({ user: Schema.String, password: Operation.sensitive(Schema.String) })
})

let created = 0
const handlers = OperationGroup.make(Create, Import, Watch, SetMode, Login).toLayer(
  Effect.succeed({
    "note.create": ({ title }: { readonly title: string }) =>
      title === "" ? Effect.fail(new NotFound({ id: "x" })) : Effect.sync(() => ({ id: `n${++created}` })),
    "note.import": (titles: ReadonlyArray<string>) => Effect.succeed(titles.length),
    "note.watch": () => Stream.make(1, 2),
    "layout.setMode": () => Effect.void,
    "session.login": () => Effect.sleep("1 hour")
  })
)
const TestBus = OperationTest.layerBus(handlers)

const messageOf = (exit: Exit.Exit<unknown, unknown>): string => {
  const reason = exit._tag === "Failure" ? exit.cause.reasons[0] : undefined
  return reason?._tag === "Die" ? (reason.defect as Error).message : assert.fail("the assertion passed")
}

describe("OperationTest", () => {
  it.effect("records invocations with what became of them", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const test = yield* OperationTest
      yield* invoke(Import, ["a"])
      yield* Effect.exit(invoke(Create, { title: "" }))
      yield* Effect.exit(invoke(Create, { title: 1 } as never))
      const [first, second, third] = yield* test.invocations()
      assert.deepStrictEqual(first?.outcome, { _tag: "Succeeded", output: 1 })
      assert.deepStrictEqual(first?.events.map((event) => event._tag), ["Started", "Succeeded"])
      assert.isTrue(second?.outcome._tag === "Failed" && !second.outcome.refused)
      assert.isTrue(third?.outcome._tag === "Failed" && third.outcome.refused)
      assert.strictEqual((yield* test.invocations(Create)).length, 2)
      assert.strictEqual((yield* test.invocations(Create, { title: "" })).length, 1)
      assert.strictEqual((yield* test.events).length, 5)
      yield* test.clear
      assert.deepStrictEqual(yield* test.invocations(), [])
    }).pipe(Effect.provide(TestBus)))

  it.effect("assertInvoked says what was expected and what was invoked instead", () =>
    Effect.gen(function*() {
      const { invoke, schedule, awaitIdle } = yield* OperationInvoker
      const test = yield* OperationTest
      assert.strictEqual(
        messageOf(yield* Effect.exit(test.assertInvoked(Import))),
        "Expected \"note.import\" to have been invoked, but it was not.\n\nNothing was invoked."
      )
      yield* test.stub(Import, () =>
        Effect.gen(function*() {
          yield* Effect.exit(invoke(Create, { title: "" }))
          yield* invoke(SetMode, "deck")
          yield* schedule(SetMode, "later")
          return 7
        }))
      yield* invoke(Import, ["a", "b"])
      yield* awaitIdle
      const login = yield* Effect.forkChild(invoke(Login, { user: "me", password: "secret" }), {
        startImmediately: true
      })
      assert.strictEqual(
        messageOf(yield* Effect.exit(test.assertInvoked(Create, { title: "b" }))),
        `Expected "note.create" to have been invoked with {"title":"b"}, but it was not.

Invoked so far:
  note.import ["a","b"] gave 7
    note.create {"title":""} failed: NotFound
    layout.setMode "deck" succeeded
    layout.setMode "later" (followup) succeeded
  session.login {"user":"me","password":"<redacted>"} is running`
      )
      yield* Fiber.interrupt(login)
      assert.include(
        yield* test.timeline,
        "session.login {\"user\":\"me\",\"password\":\"<redacted>\"} was interrupted"
      )
      assert.strictEqual((yield* test.assertInvoked(Create, { title: "" })).key, "note.create")
      assert.strictEqual((yield* test.assertInvoked(Import, (titles) => titles.length === 2)).input[1], "b")
      assert.strictEqual((yield* test.assertInvoked(Login, { user: "me", password: "anything" })).key, "session.login")
    }).pipe(Effect.provide(TestBus)))

  it.effect("assertNotInvoked and assertInvokedTimes count", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const test = yield* OperationTest
      yield* test.assertNotInvoked(SetMode)
      yield* test.assertInvokedTimes(SetMode, 0)
      yield* invoke(SetMode, "a")
      yield* invoke(SetMode, "b")
      yield* test.assertNotInvoked(SetMode, "c")
      yield* test.assertInvokedTimes(SetMode, 2)
      yield* test.assertInvokedTimes(SetMode, 1, "a")
      assert.include(
        messageOf(yield* Effect.exit(test.assertNotInvoked(SetMode, "a"))),
        "Expected \"layout.setMode\" not to have been invoked with \"a\", but it was."
      )
      assert.include(
        messageOf(yield* Effect.exit(test.assertInvokedTimes(SetMode, 1))),
        "Expected \"layout.setMode\" to have been invoked once, but it was invoked twice."
      )
    }).pipe(Effect.provide(TestBus)))

  it.effect("stub stands in for a handler until the scope closes", () =>
    Effect.gen(function*() {
      const { invoke, invokeStream } = yield* OperationInvoker
      const test = yield* OperationTest
      yield* Effect.scoped(Effect.gen(function*() {
        yield* test.stub(Create, { id: "fixed" })
        yield* test.stub(Watch, [7, 8])
        yield* test.stub(SetMode, undefined)
        assert.deepStrictEqual(yield* invoke(Create, { title: "" }), { id: "fixed" })
        assert.deepStrictEqual(yield* Stream.runCollect(invokeStream(Watch, undefined)), [7, 8])
        Effect.runSync(invoke(SetMode, "a"))
        yield* test.stub(Create, ({ title }) => Effect.succeed({ id: title }))
        assert.deepStrictEqual(yield* invoke(Create, { title: "t" }), { id: "t" })
        yield* test.stub(Watch, () => Stream.make(9))
        assert.deepStrictEqual(yield* Stream.runCollect(invokeStream(Watch, undefined)), [9])
      }))
      assert.match((yield* invoke(Create, { title: "t" })).id, /^n\d+$/)
      assert.deepStrictEqual(yield* Stream.runCollect(invokeStream(Watch, undefined)), [1, 2])
    }).pipe(Effect.provide(TestBus)))

  it.effect("failWith fails with a typed error or one of the bus", () =>
    Effect.gen(function*() {
      const { invoke, invokeStream } = yield* OperationInvoker
      const test = yield* OperationTest
      yield* test.failWith(Create, new NotFound({ id: "1" }))
      assert.instanceOf(yield* Effect.flip(invoke(Create, { title: "a" })), NotFound)
      yield* test.failWith(Watch, new NotFound({ id: "1" }))
      assert.instanceOf(yield* Effect.flip(Stream.runCollect(invokeStream(Watch, undefined))), NotFound)
      yield* test.failWith(Create, new OperationError({ key: "note.create", reason: { _tag: "Superseded" } }))
      assert.strictEqual((yield* Effect.flip(invoke(Create, { title: "a" })))._tag, "OperationError")
    }).pipe(Effect.provide(TestBus)))

  it.effect("awaitInvocation waits for the end of an invocation, without waiting for time", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const test = yield* OperationTest
      const waiting = yield* Effect.forkChild(test.awaitInvocation(Login), { startImmediately: true })
      yield* Effect.forkChild(invoke(Login, { user: "me", password: "secret" }))
      yield* TestClock.adjust("59 minutes")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(waiting)).outcome._tag, "Succeeded")
      assert.strictEqual((yield* test.awaitInvocation(Login)).outcome._tag, "Succeeded")

      const two = yield* Effect.forkChild(test.awaitInvocations(SetMode, 2), { startImmediately: true })
      yield* invoke(SetMode, "a")
      assert.isUndefined(two.pollUnsafe())
      yield* invoke(SetMode, "b")
      assert.deepStrictEqual((yield* Fiber.join(two)).map(({ input }) => input), ["a", "b"])
    }).pipe(Effect.provide(TestBus)))

  it.effect("needs no handlers but those a test brings", () =>
    Effect.gen(function*() {
      const test = yield* OperationTest
      yield* test.stub(Create, { id: "1" })
      assert.deepStrictEqual(yield* OperationInvoker.invoke(Create, { title: "a" }), { id: "1" })
    }).pipe(Effect.provide(OperationTest.layerBus())))
})
