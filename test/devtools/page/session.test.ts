import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { HistoryTracker, invoke, Opbus, Operation, OperationInvoker, UndoMapping } from "opbus"
import type { Catalogue, History } from "opbus/devtools/DevtoolsMessages"
import { InvocationMessage } from "opbus/protocol"
import * as SessionExport from "opbus/protocol/SessionExport"
import { fileNameOf, fileOf } from "../../../src/devtools/page/session/document.ts"
import { Recorder } from "../../../src/devtools/page/session/recorder.ts"

const Add = Operation.make({ meta: { key: "add" }, input: Schema.Finite, output: Schema.Finite, executionMode: "sync" })

const App = Layer.merge(
  Add.toLayer((by) => Effect.succeed(by)),
  UndoMapping.make({ operation: Add, inverse: Add, deriveContext: (by) => -by, message: (by) => `Add ${by}` }).toLayer
).pipe(Layer.provideMerge(Opbus.layer))

const encoders = { input: same, output: same, error: same, progress: same }
function same(value: unknown) {
  return value
}

/** Everything that happens on a bus from now on, as a page receives it. */
const received = Effect.gen(function*() {
  const messages: Array<InvocationMessage.InvocationMessage> = []
  const invoker = yield* OperationInvoker
  yield* invoker.observe((event) => void messages.push(InvocationMessage.fromEvent(event, encoders)))
  return messages
})

describe("the recorder of a session", () => {
  it.effect("keeps the newest events of a bus, and knows how many there were", () =>
    Effect.gen(function*() {
      const messages = yield* received
      for (let i = 0; i < 60; i++) yield* invoke(Add, i)
      const recorder = new Recorder(50)
      for (const [index, message] of messages.entries()) {
        recorder.record(message)
        assert.strictEqual(recorder.invocations.length + recorder.dropped, index + 1)
      }
      assert.deepStrictEqual(recorder.invocations, messages.slice(-50))
      assert.strictEqual(recorder.dropped, 70)
    }).pipe(Effect.provide(App), Effect.scoped))

  it.effect("knows what it missed before it was there and in between, and takes nothing twice", () =>
    Effect.gen(function*() {
      const messages = yield* received
      for (let i = 0; i < 10; i++) yield* invoke(Add, i)
      const recorder = new Recorder()
      const some = [...messages.slice(4, 8), ...messages.slice(6, 8), ...messages.slice(12)]
      for (const message of some) recorder.record(message)
      assert.deepStrictEqual(recorder.invocations, [...messages.slice(4, 8), ...messages.slice(12)])
      assert.strictEqual(recorder.dropped, 8)
      // The server was restarted: it counts anew.
      for (const message of messages.slice(0, 3)) recorder.record({ ...message, epoch: "next" })
      assert.strictEqual(recorder.invocations.length, 15)
      assert.strictEqual(recorder.dropped, 8)
    }).pipe(Effect.provide(App), Effect.scoped))
})

const catalogue: Catalogue = {
  app: { title: "Nötes & more", opbus: "0.1.0", runtime: "Node", startedAt: 1 },
  operations: [{ json: Operation.toJson(Add) as never, exposed: true, handled: true, undoable: true, inverse: "add" }]
}

const history = (enabled: boolean, entries: History["entries"] = []): History => ({
  enabled,
  actors: [],
  scopes: [],
  entries,
  total: entries.length,
  problems: [],
  busy: false
})

describe("the file of a session", () => {
  it.effect("is read by its reader, and holds what happened", () =>
    Effect.gen(function*() {
      const messages = yield* received
      yield* invoke(Add, 1)
      yield* HistoryTracker.undo
      const { text } = fileOf({
        now: 5,
        catalogue,
        history: history(true),
        invocations: messages,
        dropped: 2,
        services: {
          snapshots: [{
            at: 3,
            pressure: { level: "high", usage: null, from: null },
            services: new Map([["cache (2)", {
              service: "cache",
              kind: "rust",
              health: { _tag: "Degraded", reason: "slow" },
              late: false,
              closed: [{ reason: "Pressure", message: "m" }],
              metrics: { size: 3 },
              parameters: [{ name: "token", description: "d", value: "hunter2" }]
            }]])
          }],
          events: [{ _tag: "system.service.healed", at: 2, service: "cache", attempts: 1 }]
        }
      })
      const session = yield* SessionExport.parse(text)
      assert.deepStrictEqual(session.invocations, messages)
      assert.deepStrictEqual(session.invocations.map(({ _tag, origin }) => [_tag, origin]), [
        ["Started", "user"],
        ["Succeeded", "user"],
        ["Started", "undo"],
        ["Succeeded", "undo"]
      ])
      assert.strictEqual(session.dropped, 2)
      assert.deepStrictEqual(session.history, { total: 0, entries: [], problems: [] })
      assert.deepStrictEqual(session.operations[0]!.json, Operation.toJson(Add) as never)
      assert.deepStrictEqual(session.services!.samples, [{
        at: 3,
        level: "high",
        usage: null,
        services: [{ service: "cache", kind: "rust", health: "Degraded", closed: ["Pressure"], metrics: { size: 3 } }]
      }])
      assert.notInclude(text, "hunter2")
    }).pipe(Effect.provide(App), Effect.scoped))

  it.effect("is JSON without invocations too, and leaves out what there is not", () =>
    Effect.gen(function*() {
      const parts = { now: 5, catalogue, invocations: [], dropped: 0, services: { snapshots: [], events: [] } }
      for (const none of [undefined, history(false)]) {
        const session = yield* SessionExport.parse(fileOf({ ...parts, history: none }).text)
        assert.isFalse("history" in session || "services" in session)
        assert.deepStrictEqual(session.invocations, [])
      }
    }))

  it.effect("leaves out the oldest events when it would become too long to be read, and says how many", () =>
    Effect.gen(function*() {
      const messages = yield* received
      for (let i = 0; i < 20; i++) yield* invoke(Add, i)
      const parts = {
        now: 5,
        catalogue,
        history: undefined,
        invocations: messages,
        dropped: 2,
        services: { snapshots: [], events: [] }
      }
      const limit = 5 + JSON.stringify(messages.at(-1)).length * 3
      const file = fileOf(parts, limit * 2)
      const session = yield* SessionExport.parse(file.text)
      assert.isAbove(file.events, 2)
      assert.isBelow(file.events, 40)
      assert.deepStrictEqual(session.invocations, messages.slice(-file.events))
      assert.strictEqual(file.dropped, 2 + 40 - file.events)
      assert.strictEqual(session.dropped, file.dropped)
    }).pipe(Effect.provide(App), Effect.scoped))

  it("has a name that every file system takes", () => {
    const at = Date.UTC(2026, 10, 21, 18, 42, 7)
    assert.strictEqual(fileNameOf("Nötes & more", at), "opbus-session-no-tes-more-2026-11-21T18-42-07.json")
    assert.strictEqual(fileNameOf("../../etc", at), "opbus-session-etc-2026-11-21T18-42-07.json")
    assert.strictEqual(fileNameOf("<>", at), "opbus-session-2026-11-21T18-42-07.json")
  })
})
