import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Schema } from "effect"
import { HistoryTracker, invoke, OperationError, OperationInvoker } from "opbus"
import {
  CauseMessage,
  DeploymentRecord,
  HistoryEntryMessage,
  InvocationMessage,
  OperationErrorMessage,
  Protocol
} from "opbus/protocol"
import { app, breakNext, Broken, Write, write } from "../history/kit.ts"

const encoders = {
  input: identity,
  output: identity,
  error: Schema.encodeUnknownSync(Broken),
  progress: identity
}

function identity<A>(value: A): A {
  return value
}

const roundTrip = <A>(read: (message: unknown) => Effect.Effect<A, Protocol.Unreadable>, message: unknown) =>
  read(JSON.parse(JSON.stringify(message)))

describe("protocol", () => {
  it.effect("every event of an invocation survives the wire", () =>
    Effect.gen(function*() {
      const { observe } = yield* OperationInvoker
      const messages: Array<InvocationMessage.InvocationMessage> = []
      yield* observe((event) => void messages.push(InvocationMessage.fromEvent(event, encoders)))
      yield* write("a/1", "1")
      yield* breakNext("write")
      yield* Effect.exit(write("a/1", "2"))
      yield* Effect.exit(invoke(Write, { cell: 1 } as never))
      yield* HistoryTracker.undo
      assert.deepStrictEqual(messages.map(({ _tag, origin }) => [_tag, origin]), [
        ["Started", "user"],
        ["Succeeded", "user"],
        ["Started", "user"],
        ["Failed", "user"],
        ["Failed", "user"],
        ["Started", "undo"],
        ["Succeeded", "undo"]
      ])
      for (const message of messages) assert.deepStrictEqual(yield* roundTrip(InvocationMessage.read, message), message)
    }).pipe(Effect.scoped, Effect.provide(app())))

  it.effect("I2: a defect leaks neither its message nor its stack", () =>
    Effect.gen(function*() {
      const cause = Cause.die(new Error("password is hunter2"))
      assert.deepStrictEqual(CauseMessage.fromCause(cause, identity), [
        { _tag: "Defect", message: "An unexpected error occurred." }
      ])
      const unencodable = Cause.fail({ secret: "hunter2" })
      const message = CauseMessage.fromCause(unencodable, () => {
        throw new Error("hunter2")
      })
      assert.notInclude(JSON.stringify(message), "hunter2")
    }))

  it.effect("an OperationError crosses as its fields", () =>
    Effect.gen(function*() {
      const error = new OperationError({ key: "a.b", reason: { _tag: "InvalidInput", issue: "no", path: ["x", 0] } })
      const [reason] = CauseMessage.fromCause(Cause.fail(error), identity)
      assert.deepStrictEqual(reason, {
        _tag: "Refusal",
        error: { _tag: "OperationError", key: "a.b", reason: { _tag: "InvalidInput", issue: "no", path: ["x", 0] } }
      })
      assert.isTrue(OperationErrorMessage.isOperationErrorMessage((reason as { readonly error: unknown }).error))
      assert.strictEqual(yield* Effect.map(Effect.exit(Effect.fail(error)), Exit.isFailure), true)
    }))

  it.effect("history entries and deployments survive the wire", () =>
    Effect.gen(function*() {
      yield* write("a/1", "1")
      const [entry] = yield* HistoryTracker.entries
      const message = HistoryEntryMessage.fromEntry(entry!)
      assert.deepStrictEqual(yield* roundTrip(HistoryEntryMessage.read, message), message)
      const deployment = { v: 1, id: "d1", key: "a.b", version: 2, endpoint: "https://x.test", deployedAt: 1 }
      assert.deepStrictEqual(
        yield* roundTrip(DeploymentRecord.read, deployment),
        deployment as DeploymentRecord.DeploymentRecord
      )
    }).pipe(Effect.provide(app())))

  it.effect("an unknown version, or what cannot be read, is a typed error that shows no values", () =>
    Effect.gen(function*() {
      const read = Protocol.parse("deployment record", DeploymentRecord.read)
      for (
        const [text, why] of [
          [`{"v":2,"id":"hunter2"}`, "its version is 2, and this release reads 1"],
          [`{"id":"hunter2"}`, "it has no version"],
          ["{", "it is not JSON"],
          ["null", "it has no version"],
          [`{"v":1,"__proto__":{"id":"hunter2"}}`, undefined],
          [`{"v":1,"id":{"hunter2":"hunter2"}}`, undefined]
        ] as const
      ) {
        const error = yield* Effect.flip(read(text))
        assert.strictEqual(error._tag, "Unreadable")
        if (why !== undefined) assert.strictEqual(error.why, why)
        assert.notInclude(error.message, "hunter2")
        assert.notInclude(error.message, "\n")
      }
    }))
})
