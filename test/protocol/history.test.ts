import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Schema } from "effect"
import { OperationError } from "opbus"
import { HistoryError, type HistoryErrorReason } from "opbus/history"
import { HistoryErrorMessage, HistoryStateMessage } from "opbus/protocol"

class Broken extends Schema.TaggedError<Broken>()("Broken", { at: Schema.DateFromString }) {}

const encode = (key: string, error: unknown) =>
  key === "a.b" ? Schema.encodeUnknownSync(Broken)(error) : assert.fail(`nobody asked for ${key}`)

const told = (reason: HistoryErrorReason) =>
  Effect.flatMap(
    Effect.sync(() =>
      JSON.parse(JSON.stringify(HistoryErrorMessage.fromError(new HistoryError({ reason }), encode))) as unknown
    ),
    HistoryErrorMessage.read
  )

const broken = Cause.fail(new Broken({ at: new Date(0) }))

describe("history messages", () => {
  it.effect("every reason of a HistoryError crosses with its fields", () =>
    Effect.gen(function*() {
      const plain: ReadonlyArray<HistoryErrorReason> = [
        { _tag: "NothingToUndo" },
        { _tag: "NothingToRedo" },
        { _tag: "UndoInProgress" },
        { _tag: "Blocked", scopes: ["a", ""] },
        { _tag: "Conflict", by: { entryId: "e", actor: "ann", message: "m", touches: ["t"] } },
        { _tag: "NotUndoable", entryId: "e", why: "w" },
        { _tag: "Unreadable", entryId: "e", key: "k", why: "w" }
      ]
      for (const reason of plain) assert.deepStrictEqual((yield* told(reason)).reason, reason as never)
      const nobody = yield* told({
        _tag: "Conflict",
        by: { entryId: "e", actor: undefined, message: "m", touches: [] }
      })
      assert.deepStrictEqual(nobody.reason, { _tag: "Conflict", by: { entryId: "e", message: "m", touches: [] } })
      const failure = [{ _tag: "Failure", error: { _tag: "Broken", at: "1970-01-01T00:00:00.000Z" } }]
      assert.deepStrictEqual(
        (yield* told({ _tag: "InverseFailed", key: "a.b", cause: broken, putBack: undefined })).reason as unknown,
        { _tag: "InverseFailed", key: "a.b", cause: failure }
      )
      const refusal = new OperationError({ key: "c.d", reason: { _tag: "Superseded" } })
      assert.deepStrictEqual(
        (yield* told({
          _tag: "InverseFailed",
          key: "a.b",
          cause: broken,
          putBack: { key: "c.d", cause: Cause.fail(refusal) }
        })).reason as unknown,
        {
          _tag: "InverseFailed",
          key: "a.b",
          cause: failure,
          putBack: {
            key: "c.d",
            cause: [{
              _tag: "Refusal",
              error: { _tag: "OperationError", key: "c.d", reason: { _tag: "Superseded" } }
            }]
          }
        }
      )
      assert.deepStrictEqual(
        (yield* told({ _tag: "RollbackIncomplete", key: "a.b", cause: broken, notUndone: ["x", "y"] }))
          .reason as unknown,
        { _tag: "RollbackIncomplete", key: "a.b", cause: failure, notUndone: ["x", "y"] }
      )
    }))

  it.effect("I2: neither a defect nor a store tells its text", () =>
    Effect.gen(function*() {
      const messages = [
        yield* told({ _tag: "InverseFailed", key: "a.b", cause: Cause.die(new Error("hunter2")) }),
        yield* told({ _tag: "StoreFailed", why: "hunter2" }),
        HistoryStateMessage.fromState({ ...state, storeError: "hunter2", problems: ["hunter2"] } as never)
      ]
      assert.notInclude(JSON.stringify(messages), "hunter2")
    }))

  it.effect("a state crosses without what is not there", () =>
    Effect.gen(function*() {
      const message = HistoryStateMessage.fromState({ ...state, undoMessage: "Rename" })
      assert.deepStrictEqual(yield* HistoryStateMessage.read(JSON.parse(JSON.stringify(message))), message)
      assert.deepStrictEqual(message as unknown, {
        v: 1,
        actor: "ann",
        canUndo: true,
        canRedo: false,
        undoMessage: "Rename",
        undoCount: 1,
        redoCount: 0,
        bytes: 10,
        busy: false,
        pendingWrites: 0,
        evicted: 0
      })
    }))

  it.effect("I7: what cannot be read is a typed error", () =>
    Effect.gen(function*() {
      for (
        const text of [
          `{"v":1,"_tag":"HistoryError"}`,
          `{"v":1,"_tag":"HistoryError","reason":{"_tag":"constructor"}}`,
          `{"v":1,"_tag":"HistoryError","__proto__":{"reason":{"_tag":"NothingToUndo"}}}`,
          `{"v":2,"_tag":"HistoryError","reason":{"_tag":"NothingToUndo"}}`,
          "null"
        ]
      ) {
        assert.strictEqual((yield* Effect.flip(HistoryErrorMessage.read(JSON.parse(text))))._tag, "Unreadable", text)
      }
    }))
})

const state = {
  actor: "ann",
  scope: undefined,
  canUndo: true,
  canRedo: false,
  undoMessage: undefined,
  redoMessage: undefined,
  undoCount: 1,
  redoCount: 0,
  bytes: 10,
  busy: false,
  pendingWrites: 0,
  storeError: undefined,
  evicted: 0
}
