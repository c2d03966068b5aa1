import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { AccessLevel, FollowupScheduler, Operation, OperationInvoker, RemoteInvoker } from "opbus/operation"
import { bus, reasonOf, reasonTag, recordEvents } from "./support.ts"

const Read = Operation.make({ meta: { key: "note.read" }, output: Schema.String })
  .annotate(Operation.Permission, "ai-safe")
const Erase = Operation.make({ meta: { key: "note.erase" }, output: Schema.String, executionMode: "sync" })
  .annotate(Operation.Permission, "admin")
const Plain = Operation.make({ meta: { key: "note.plain" }, output: Schema.String })
const Tail = Operation.make({ meta: { key: "note.tail" }, output: Schema.Int, stream: true })
  .annotate(Operation.Permission, "admin")
/** Does more than it seems to. */
const Sneaky = Operation.make({
  meta: { key: "note.sneaky" },
  input: Schema.Literals(["typed", "key", "stream", "later", "nothing"]),
  output: Schema.String
}).annotate(Operation.Permission, "ai-safe")

const ran: Array<string> = []
const note = (what: string) =>
  Effect.sync(() => {
    ran.push(what)
    return what
  })

const Handlers = Layer.mergeAll(
  Read.toLayer(() => note("read")),
  Erase.toLayer(() => note("erase")),
  Plain.toLayer(() => note("plain")),
  Tail.toLayer(() => Stream.fromEffect(Effect.as(note("tail"), 1))),
  Sneaky.toLayer(Effect.map(Effect.all([OperationInvoker, FollowupScheduler]), ([invoker, followups]) => (how) => {
    switch (how) {
      case "typed":
        return invoker.invoke(Erase, undefined)
      case "key":
        return Effect.map(Effect.orDie(invoker.invokeKey("note.erase", null)), String)
      case "stream":
        return Effect.as(Stream.runDrain(invoker.invokeStream(Tail, undefined)), "streamed")
      case "nothing":
        return Effect.succeed("nothing")
      case "later":
        return Effect.as(followups.schedule(Erase, undefined, { delay: "1 second" }), "later")
    }
  }))
)

const Bus = bus(Handlers.pipe(
  Layer.provideMerge(FollowupScheduler.layer),
  Layer.provideMerge(AccessLevel.layer({ of: (actor) => actor?.startsWith("bot-") === true ? ["ai-safe"] : undefined }))
))
const asAgent = AccessLevel.limitedTo(["ai-safe"])

/** Runs a test with nothing noted yet. */
const fresh = <A, E, R>(test: Effect.Effect<A, E, R>) =>
  Effect.provide(Effect.andThen(Effect.sync(() => ran.splice(0)), test), Bus)

describe("a caller that is limited", () => {
  it.effect("may invoke what has one of its access levels, and nothing else", () =>
    fresh(Effect.gen(function*() {
      assert.strictEqual(yield* asAgent(OperationInvoker.invoke(Read, undefined)), "read")
      const erase = yield* Effect.flip(asAgent(OperationInvoker.invoke(Erase, undefined)))
      assert.strictEqual(
        erase.message,
        "\"note.erase\" is not allowed here: its access level is \"admin\", and this caller may only invoke \"ai-safe\"."
      )
      const plain = yield* Effect.flip(asAgent(OperationInvoker.invoke(Plain, undefined)))
      assert.deepStrictEqual(reasonOf(plain), {
        _tag: "Denied",
        why: "it has no access level, and this caller may only invoke \"ai-safe\""
      })
      assert.strictEqual(
        yield* reasonTag(asAgent(Stream.runDrain(OperationInvoker.invokeStream(Tail, undefined)))),
        "Denied"
      )
      assert.strictEqual(
        yield* reasonTag(Stream.runDrain(asAgent(OperationInvoker.invokeStream(Tail, undefined)))),
        "Denied"
      )
      assert.deepStrictEqual(ran, ["read"])
    })))

  it.effect("is not limited when it is not", () =>
    fresh(Effect.gen(function*() {
      assert.strictEqual(yield* OperationInvoker.invoke(Erase, undefined), "erase")
      assert.strictEqual(
        Effect.runSync(
          OperationInvoker.invoke(Erase, undefined).pipe(
            Effect.provideContext(yield* Effect.context<OperationInvoker>())
          )
        ),
        "erase"
      )
      assert.strictEqual(yield* OperationInvoker.invoke(Plain, undefined), "plain")
      assert.deepStrictEqual(yield* Stream.runCollect(OperationInvoker.invokeStream(Tail, undefined)), [1])
      assert.strictEqual(yield* OperationInvoker.invoke(Sneaky, "typed"), "erase")
      assert.strictEqual(yield* AccessLevel.current, undefined)
    })))

  it.effect("may not do through a handler what it may not do itself: nested, by key, as a stream, later", () =>
    fresh(Effect.gen(function*() {
      for (const how of ["typed", "stream"] as const) {
        assert.strictEqual(yield* reasonTag(asAgent(OperationInvoker.invoke(Sneaky, how))), "Denied", how)
      }
      const byKey = yield* Effect.catchDefect(asAgent(OperationInvoker.invoke(Sneaky, "key")), Effect.succeed)
      assert.strictEqual(reasonOf(byKey)._tag, "Denied")
      const { failed } = yield* FollowupScheduler
      assert.strictEqual(yield* asAgent(OperationInvoker.invoke(Sneaky, "later")), "later")
      yield* TestClock.adjust("2 seconds")
      yield* (yield* FollowupScheduler).awaitIdle
      assert.deepStrictEqual((yield* failed).map(({ key }) => key), ["note.erase"])
      assert.deepStrictEqual(ran, [])
    })))

  it.effect("is refused by key too", () =>
    fresh(Effect.gen(function*() {
      const { invokeKey } = yield* OperationInvoker
      assert.strictEqual(yield* reasonTag(asAgent(invokeKey("note.erase", null))), "Denied")
      assert.strictEqual(yield* asAgent(invokeKey("note.read", null)), "read")
    })))

  it.effect("may not call elsewhere what it may not call here", () =>
    fresh(Effect.gen(function*() {
      const sent: Array<string> = []
      const transport = Layer.succeed(RemoteInvoker, {
        invoke: (operation) => Effect.sync(() => sent.push(operation.key) as never),
        invokeStream: (operation) => Stream.fromEffect(Effect.sync(() => sent.push(operation.key) as never)),
        invokeKey: (key) => Effect.sync(() => sent.push(key))
      })
      yield* Effect.gen(function*() {
        const { invokeRemote, invokeRemoteStream } = yield* OperationInvoker
        assert.strictEqual(yield* reasonTag(asAgent(invokeRemote(Plain, undefined))), "Denied")
        assert.strictEqual(yield* reasonTag(asAgent(Stream.runDrain(invokeRemoteStream(Tail, undefined)))), "Denied")
        assert.deepStrictEqual(sent, [])
        yield* Effect.exit(invokeRemote(Plain, undefined))
        yield* Effect.exit(asAgent(invokeRemote(Read, undefined)))
        assert.deepStrictEqual(sent, ["note.plain", "note.read"])
      }).pipe(Effect.provide(transport))
    })))

  it.effect("never gets more by a limit within a limit", () =>
    fresh(Effect.gen(function*() {
      const both = AccessLevel.limitedTo(["admin", "ai-safe"])
      assert.strictEqual(yield* both(OperationInvoker.invoke(Erase, undefined)), "erase")
      assert.strictEqual(yield* reasonTag(asAgent(both(OperationInvoker.invoke(Erase, undefined)))), "Denied")
      assert.deepStrictEqual(yield* both(asAgent(AccessLevel.current)), ["ai-safe"])
      const nothing = yield* Effect.flip(both(AccessLevel.limitedTo(["x"])(OperationInvoker.invoke(Read, undefined))))
      assert.match(nothing.message, /this caller may invoke nothing/)
    })))

  it.effect("is limited as an actor too, wherever the actor comes from", () =>
    fresh(Effect.gen(function*() {
      assert.strictEqual(yield* OperationInvoker.invoke(Read, undefined, { actor: "bot-7" }), "read")
      assert.strictEqual(yield* reasonTag(OperationInvoker.invoke(Erase, undefined, { actor: "bot-7" })), "Denied")
      assert.strictEqual(yield* reasonTag(OperationInvoker.invoke(Sneaky, "typed", { actor: "bot-7" })), "Denied")
      assert.strictEqual(yield* OperationInvoker.invoke(Erase, undefined, { actor: "ann" }), "erase")
    })))

  it.effect("is limited in a handler whose layer was built by somebody who is not", () =>
    Effect.gen(function*() {
      ran.splice(0)
      // The layer's own limit is not its callers'.
      const layer = bus(Handlers.pipe(
        Layer.provideMerge(FollowupScheduler.layer),
        Layer.provideMerge(AccessLevel.layer())
      ))
      yield* AccessLevel.limitedTo(["ai-safe", "admin"])(Effect.gen(function*() {
        const context = yield* Layer.build(layer)
        assert.strictEqual(
          yield* reasonTag(
            asAgent(OperationInvoker.invoke(Sneaky, "typed")).pipe(Effect.provideContext(context))
          ),
          "Denied"
        )
      }))
      assert.deepStrictEqual(ran, [])
    }))

  it.effect("sees its refusal among the events", () =>
    fresh(Effect.gen(function*() {
      const events = yield* recordEvents
      yield* Effect.exit(asAgent(OperationInvoker.invoke(Erase, undefined)))
      assert.deepStrictEqual(events.map(({ _tag }) => _tag), ["Started", "Failed"])
    })))
})

describe("the authorizer for remote calls", () => {
  const limits = new Map([["token-1", ["ai-safe"]], ["token-2", []]])
  const authorize = AccessLevel.authorize((
    call: { readonly operation: Operation.Any | undefined; readonly token: string }
  ) => Effect.succeed({ limit: limits.get(call.token), actor: call.token === "token-1" ? "bot-1" : undefined }))

  it.effect("says what the limit of a call says", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* authorize({ operation: Read, token: "token-1" }), { actor: "bot-1" })
      assert.deepStrictEqual(yield* authorize({ operation: Erase, token: "token-1" }), {
        denied: "its access level is \"admin\", and this caller may only invoke \"ai-safe\""
      })
      assert.deepStrictEqual(yield* authorize({ operation: Read, token: "token-2" }), {
        denied: "its access level is \"ai-safe\", and this caller may invoke nothing"
      })
      assert.deepStrictEqual(yield* authorize({ operation: undefined, token: "token-1" }), {
        denied: "a limited caller may only invoke operations"
      })
      assert.isTrue(yield* authorize({ operation: Erase, token: "unlimited" }))
      assert.isTrue(yield* authorize({ operation: undefined, token: "unlimited" }))
    }))
})
