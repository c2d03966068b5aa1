import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import {
  isOperationError,
  Operation,
  OperationError,
  type OperationErrorReason,
  OperationGroup,
  OperationInvoker
} from "opbus/operation"
import { bus, causeOf } from "./support.ts"

describe("Operation.make", () => {
  class Create extends Operation.make({
    meta: { key: "note.create", label: "Create", version: 2 },
    input: Schema.Struct({ title: Schema.String })
  }) {}
  const Ping = Operation.make({ meta: { key: "ping" } })

  it("has defaults for everything but the key", () => {
    assert.strictEqual(Ping.key, "ping")
    assert.deepStrictEqual(Ping.meta, { key: "ping" })
    assert.strictEqual(Ping.input, Schema.Void)
    assert.strictEqual(Ping.output, Schema.Void)
    assert.strictEqual(Ping.error, Schema.Never)
    assert.strictEqual(Ping.progress, Schema.Never)
    assert.deepStrictEqual([Ping.executionMode, Ping.stream, Ping.concurrency], ["async", false, "unbounded"])
  })

  it("class and value are the same thing", () => {
    assert.isTrue(Operation.isOperation(Create) && Operation.isOperation(Ping))
    assert.isFalse(
      Operation.isOperation(class {}) || Operation.isOperation(null) || Operation.isOperation({ key: "a" })
    )
    assert.strictEqual(Create.key, "note.create")
    assert.strictEqual(Create.schema.input, Create.input)
    assert.strictEqual(Create.pipe((operation) => operation.meta.label), "Create")
  })

  it.effect("a class is invoked like a value", () =>
    Effect.gen(function*() {
      yield* OperationInvoker.invoke(Create, { title: "a" })
      assert.deepStrictEqual(titles, ["a"])
    }).pipe(Effect.provide(bus(Create.toLayer(({ title }) => Effect.sync(() => void titles.push(title)))))))
  const titles: Array<string> = []

  it("annotations are values on a copy", () => {
    const annotated = Create.annotate(Operation.Permission, "notes:write").annotate(Operation.Irreversible, true)
    assert.strictEqual(Operation.annotation(annotated, Operation.Permission), "notes:write")
    assert.isTrue(Operation.annotation(annotated, Operation.Irreversible))
    assert.isFalse(
      Operation.annotation(annotated, Operation.Readonly) || Operation.annotation(annotated, Operation.Idempotent)
    )
    assert.isUndefined(Operation.annotation(Create, Operation.Permission))
    assert.strictEqual(annotated.key, "note.create")
    assert.strictEqual(annotated.meta.version, 2)
    const merged = Ping.annotateMerge(Context.make(Operation.Icon, "bell").pipe(Context.add(Operation.Readonly, true)))
    assert.deepStrictEqual([
      Operation.annotation(merged, Operation.Icon),
      Operation.annotation(merged, Operation.Readonly)
    ], ["bell", true])
  })

  it("refuses what is no key, and says what one looks like", () => {
    for (const key of ["", " ", "a b", ".", "a.", ".a", "a..b", "a\nb", undefined, 1, null]) {
      assert.throws(
        () => Operation.make({ meta: { key: key as string } }),
        "is not a key. Use dotted parts without spaces, for example \"note.create\"."
      )
    }
    for (const key of ["a", "a.b", "a.b.c", "Ä.ö", "a-b_c:d/e", "__proto__", "1"]) {
      assert.strictEqual(Operation.make({ meta: { key } }).key, key)
    }
  })

  it("refuses a stream with a concurrency policy", () => {
    assert.throws(
      () => Operation.make({ meta: { key: "a" }, stream: true, concurrency: "serial" }),
      "\"a\" is a stream and takes no concurrency policy. Put the policy on the operation that starts it."
    )
  })
})

describe("OperationGroup", () => {
  const One = Operation.make({ meta: { key: "one" } })
  const Two = Operation.make({ meta: { key: "two" } })

  it("keeps its operations by key, in order", () => {
    class Group extends OperationGroup.make(Two, One) {}
    assert.isTrue(OperationGroup.isOperationGroup(Group))
    assert.isFalse(OperationGroup.isOperationGroup(One))
    assert.deepStrictEqual([...Group.operations.keys()], ["two", "one"])
    assert.deepStrictEqual([...OperationGroup.make(One).add(Two).operations.keys()], ["one", "two"])
    assert.deepStrictEqual([...OperationGroup.make(One).merge(OperationGroup.make(Two)).operations.keys()], [
      "one",
      "two"
    ])
    assert.strictEqual(OperationGroup.make(One).pipe((group) => group.operations.size), 1)
  })

  it("refuses one key twice", () => {
    const again = Operation.make({ meta: { key: "one" }, input: Schema.String })
    const message = "the key \"one\" is there twice"
    // @ts-expect-error two operations of one key
    assert.throws(() => OperationGroup.make(One, again), message)
    // @ts-expect-error it is there already
    assert.throws(() => OperationGroup.make(One).add(again), message)
    // @ts-expect-error both have it
    assert.throws(() => OperationGroup.make(One).merge(OperationGroup.make(again)), message)
  })

  it.effect("its handlers may be built by an effect, with the services of its layer", () =>
    Effect.gen(function*() {
      class Log extends Context.Service<Log, Array<string>>()("test/Log") {}
      const log: Array<string> = []
      const layer = OperationGroup.make(One, Two).toLayer(Effect.map(Log, (log) => ({
        one: () => Effect.sync(() => void log.push("one")),
        two: () => Effect.map(Log, (log) => void log.push("two"))
      })))
      yield* Effect.andThen(OperationInvoker.invoke(One, undefined), OperationInvoker.invoke(Two, undefined)).pipe(
        Effect.provide(bus(layer).pipe(Layer.provide(Layer.succeed(Log, log))))
      )
      assert.deepStrictEqual(log, ["one", "two"])
    }))

  it.effect("a handler that is missing at run time is a defect that names the key", () =>
    Effect.gen(function*() {
      const layer = OperationGroup.make(One, Two).toLayer({ one: () => Effect.void } as never)
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(bus(layer))))
      assert.include(Cause.pretty(causeOf(exit)), "OperationGroup.toLayer: the handler of \"two\" is missing.")
    }))
})

describe("OperationError", () => {
  const reasons: ReadonlyArray<OperationErrorReason> = [
    { _tag: "HandlerNotFound", suggestions: [] },
    { _tag: "HandlerNotFound", suggestions: ["note.create", "note.delete"] },
    { _tag: "InvalidInput", issue: "expected string, got nothing", path: [] },
    { _tag: "InvalidInput", issue: "expected string, got nothing", path: ["a", 0, "b", Symbol.for("c")] },
    { _tag: "InvalidOutput", issue: "expected string, got nothing", path: [0] },
    { _tag: "NotSynchronous" },
    { _tag: "Timeout", millis: 500 },
    { _tag: "Overloaded", limit: 10 },
    { _tag: "Superseded" },
    { _tag: "Dropped" },
    { _tag: "Denied", why: "you may not" },
    { _tag: "Incompatible", difference: "the input schemas differ" },
    { _tag: "RemoteUnavailable", why: "no transport is provided" },
    { _tag: "RemoteFunctionNotFound" }
  ]

  it.each(reasons)("$_tag has a message of one line that names the key", (reason) => {
    const error = new OperationError({ key: "note.create", reason })
    assert.include(error.message, "note.create")
    assert.notInclude(error.message, "\n")
    assert.match(error.message, /[.?]$|: note\.create$/)
    assert.isTrue(isOperationError(error))
    assert.instanceOf(error, Error)
  })

  it("a path reads like code", () => {
    const error = new OperationError({
      key: "k",
      reason: { _tag: "InvalidInput", issue: "it is wrong", path: [0, "a", "b", 1, 2, "c"] }
    })
    assert.include(error.message, "at [0].a.b[1][2].c: it is wrong")
  })
})
