import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SessionExport } from "opbus/protocol"

const session = SessionExport.make({
  exportedAt: 1_700_000_000_000,
  app: { title: "Notes", opbus: "0.1.0", runtime: "Node 24", startedAt: 1_699_999_999_000 },
  dropped: 3,
  invocations: [
    {
      _tag: "Failed",
      v: 1,
      id: "e-1",
      key: "note.create",
      rootId: "e-1",
      origin: "user",
      epoch: "e",
      sequence: 7,
      startedAt: 1,
      input: { title: "<b>" },
      durationMillis: 2,
      cause: [{ _tag: "Failure", error: { _tag: "NoteError" } }]
    }
  ],
  history: {
    total: 1,
    entries: [{
      v: 1,
      id: "e-1",
      status: "live",
      message: "Create",
      scopes: [""],
      touches: [],
      startedAt: 1,
      partial: false,
      uncertain: false,
      size: 10,
      steps: [{ key: "note.create", inverse: "note.delete" }]
    }],
    problems: [{ kind: "Lost", key: "note.create", message: "m" }]
  },
  operations: [{
    json: { v: 1, key: "note.create" },
    exposed: true,
    handled: true,
    undoable: true,
    inverse: "note.delete"
  }],
  services: {
    samples: [{
      at: 5,
      level: "high",
      usage: 0.9,
      services: [{ service: "cache", kind: "rust", health: "Healthy", closed: ["Pressure"], metrics: { entries: 3 } }]
    }],
    events: [{ _tag: "system.service.healed", at: 4, service: "cache", attempts: 1 }]
  }
})

/** The same with something else in one place. */
const text = (change: object): string => JSON.stringify({ ...session, ...change })

describe("a session as a file", () => {
  it.effect("is read as it was written", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* SessionExport.parse(JSON.stringify(session, undefined, 2)), session)
      const { history: _, services: __, ...least } = session
      assert.deepStrictEqual(yield* SessionExport.parse(JSON.stringify(least)), least)
    }))

  it.effect("of a newer release of the same version is read without what is new in it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* SessionExport.parse(text({ new: [1] })), session)
    }))

  it.effect("that is no session, or one of another version, is a typed error of one line that does not repeat it", () =>
    Effect.gen(function*() {
      const invocation = { ...session.invocations[0], _tag: "Happened hunter2" }
      for (
        const [bad, why] of [
          ["hunter2", "it is not JSON"],
          ["null", "it has no version"],
          [text({ v: 2 }), "its version is 2, and this release reads 1"],
          [text({ format: "hunter2" }), ""],
          [text({ invocations: [invocation] }), ""],
          [text({ invocations: undefined }), ""],
          [text({ services: { samples: [{}], events: [] } }), ""]
        ] as const
      ) {
        const error = yield* Effect.flip(SessionExport.parse(bad))
        assert.strictEqual(error._tag, "Unreadable")
        assert.include(error.message, `A session export cannot be read: ${why}`)
        assert.notInclude(error.message, "\n")
        assert.notInclude(error.message, "hunter2")
      }
    }))

  it.effect("that is nested without end is a typed error, not an exhausted stack", () =>
    Effect.gen(function*() {
      const deep = "[".repeat(50_000) + "]".repeat(50_000)
      const error = yield* Effect.flip(
        SessionExport.parse(text({ services: { samples: [], events: [{ a: 0 }] } }).replace(`{"a":0}`, `{"a":${deep}}`))
      )
      assert.include(error.message, "nested more than 100 levels deep")
    }))

  it.effect("I7: whose keys name a prototype is read as data", () =>
    Effect.gen(function*() {
      const hostile = JSON.stringify(session).replace(`"entries":3`, `"__proto__":3,"constructor":4`)
      const read = yield* SessionExport.parse(hostile)
      const { metrics } = read.services!.samples[0]!.services[0]!
      assert.strictEqual(({} as Record<string, unknown>)["entries"], undefined)
      assert.strictEqual(Object.hasOwn(metrics, "constructor") && metrics["constructor"], 4)
      assert.strictEqual(Object.getPrototypeOf(metrics), Object.prototype)
    }))
})
