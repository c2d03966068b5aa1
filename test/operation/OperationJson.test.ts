import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Operation, OperationInvoker, OperationRegistry } from "opbus/operation"
import { makeGuard } from "../../src/operation/internal/codec.ts"
import { isSafePattern } from "../../src/operation/internal/jsonSchema.ts"
import { makeRedactor } from "../../src/operation/internal/sensitive.ts"
import { Random } from "../history/campaign/random.ts"
import { type AnySchema, mutateJson, randomJson, randomSchema } from "./schemas.ts"

const bus = OperationInvoker.layer.pipe(Layer.provideMerge(OperationRegistry.layer))

const overTheWire = <A>(value: A): A => JSON.parse(JSON.stringify(value))

const withInput = (input: AnySchema) => Operation.make({ meta: { key: "a.b" }, input, output: input, error: input })

describe("Operation.toJson", () => {
  class NotThere extends Schema.TaggedError<NotThere>()("NotThere", { id: Schema.String }) {}

  const Rename = Operation.make({
    meta: { key: "note.rename", label: "Rename", description: "Gives a note a new title", version: 3 },
    input: Schema.Struct({
      id: Schema.String,
      title: Schema.String,
      at: Schema.optionalKey(Schema.Date),
      password: Operation.sensitive(Schema.String)
    }),
    error: NotThere,
    concurrency: { serialBy: (input) => input.id, lane: "notes" }
  }).annotate(Operation.Permission, "notes:write").annotate(Operation.Idempotent, true)

  it("is plain data that says what the operation takes, gives and needs", () => {
    const json = Operation.toJson(Rename)
    assert.deepStrictEqual(overTheWire(json), json)
    assert.deepStrictEqual(json, {
      v: 1,
      key: "note.rename",
      label: "Rename",
      description: "Gives a note a new title",
      version: 3,
      executionMode: "async",
      stream: false,
      concurrency: "serialBy",
      lane: "notes",
      input: {
        type: "object",
        properties: {
          id: { type: "string" },
          title: { type: "string" },
          at: { type: "string" },
          password: { type: "string", "x-sensitive": true }
        },
        required: ["id", "title", "password"],
        additionalProperties: false
      },
      output: { type: "null" },
      error: {
        $ref: "#/$defs/NotThereEncoded",
        $defs: {
          NotThereEncoded: {
            type: "object",
            properties: { _tag: { type: "string", enum: ["NotThere"] }, id: { type: "string" } },
            required: ["_tag", "id"],
            additionalProperties: false
          }
        }
      },
      progress: { not: {} },
      annotations: { permission: "notes:write", idempotent: true }
    })
  })

  it("marks what is sensitive wherever a transformation hides the annotation", () => {
    class Login
      extends Schema.Class<Login>("Login")({ user: Schema.String, password: Operation.sensitive(Schema.String) })
    {}
    interface Folder {
      readonly secret: string
      readonly folders: ReadonlyArray<Folder>
    }
    const Folder: Schema.Codec<Folder> = Schema.Struct({
      secret: Operation.sensitive(Schema.String),
      folders: Schema.Array(Schema.suspend(() => Folder))
    })
    const input = (schema: AnySchema) => JSON.stringify(Operation.toJson(withInput(schema)).input)
    const marked = `"x-sensitive":true`
    assert.include(input(Login), `"password":{"type":"string",${marked}}`)
    assert.include(input(Operation.sensitive(Schema.Date)), marked)
    assert.include(input(Schema.Option(Operation.sensitive(Schema.String))), marked)
    assert.include(input(Schema.Redacted(Schema.String)), marked)
    assert.include(input(Folder), `"secret":{"type":"string",${marked}}`)
    assert.include(input(Operation.sensitive(Schema.String).check(Schema.isMinLength(8))), marked)
    assert.include(
      input(Schema.fromJsonString(Schema.Struct({ password: Operation.sensitive(Schema.String) }))),
      marked
    )
    assert.notInclude(input(Schema.Struct({ a: Schema.String })), "sensitive")
  })

  it("says which schema has no JSON side", () => {
    const bad = Operation.make({ meta: { key: "a.b" }, output: Schema.Struct({ [Symbol.for("x")]: Schema.String }) })
    assert.throws(
      () => Operation.toJson(bad),
      "The JSON of \"a.b\" is not usable at output: Objects property names must be strings."
    )
  })
})

describe("Operation.fromJson", () => {
  it("gives an operation whose toJson equals the JSON it was made of, for any schema", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const schema = randomSchema(new Random(seed), { exact: false })
      const json = Operation.toJson(withInput(schema))
      assert.deepStrictEqual(overTheWire(json), json, `seed ${seed}`)
      const back = Operation.fromJson(overTheWire(json))
      assert.deepStrictEqual(Operation.toJson(back), json, `seed ${seed}`)
      assert.deepStrictEqual(Operation.toJson(back.annotate(Operation.Icon, "pen")).input, json.input)
    }
  })

  it("keeps mode, kind of concurrency, lane and annotations", () => {
    const variants = [
      Operation.make({ meta: { key: "a" }, executionMode: "sync" }),
      Operation.make({ meta: { key: "a", label: "A" }, stream: true }),
      Operation.make({ meta: { key: "a" }, concurrency: "switchLatest" }).annotate(Operation.Readonly, true),
      Operation.make({ meta: { key: "a" }, concurrency: { singleFlightBy: () => "" } }).annotate(Operation.Icon, "i"),
      Operation.make({ meta: { key: "a" }, concurrency: { serialBy: () => "" } }).annotate(Operation.Irreversible, true)
    ]
    for (const operation of variants) {
      const json = Operation.toJson(operation)
      assert.deepStrictEqual(Operation.toJson(Operation.fromJson(overTheWire(json))), json)
    }
  })

  it("accepts exactly the JSON that the original decodes, where JSON Schema says it all", () => {
    let accepted = 0
    let refused = 0
    for (let seed = 1; seed <= 150; seed++) {
      const random = new Random(seed)
      const schema = randomSchema(random, { exact: true })
      const codec = Schema.toCodecJson(schema as Schema.Codec<unknown>)
      const decode = Schema.decodeUnknownExit(codec)
      const fits = makeGuard(Operation.fromJson(Operation.toJson(withInput(schema))).input)
      const values = Effect.runSync(Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 5, seed: `${seed}` }))
      for (const value of values) {
        const encoded = overTheWire(Schema.encodeSync(codec)(value) as Schema.Json)
        assert.isTrue(fits(encoded), `seed ${seed}: ${JSON.stringify(encoded)}`)
        for (let i = 0; i < 10; i++) {
          const other = i < 8 ? mutateJson(random, encoded) : randomJson(random)
          const expected = decode(other, { onExcessProperty: "error" })._tag === "Success"
          if (expected) accepted++
          else refused++
          assert.strictEqual(fits(other), expected, `seed ${seed}: ${JSON.stringify(other)}`)
        }
      }
    }
    assert.isAbove(accepted, 500)
    assert.isAbove(refused, 2_000)
  })

  it("never refuses what the original decodes", () => {
    for (let seed = 1; seed <= 150; seed++) {
      const random = new Random(seed)
      const schema = randomSchema(random, { exact: false })
      const decode = Schema.decodeUnknownExit(Schema.toCodecJson(schema as Schema.Codec<unknown>))
      const fits = makeGuard(Operation.fromJson(Operation.toJson(withInput(schema))).input)
      for (let i = 0; i < 30; i++) {
        const json = randomJson(random)
        if (decode(json, { onExcessProperty: "error" })._tag === "Success") {
          assert.isTrue(fits(json), `seed ${seed}: ${JSON.stringify(json)}`)
        }
      }
    }
  })

  it.effect("gives an operation that can be handled and invoked over JSON data", () =>
    Effect.gen(function*() {
      const Shift = Operation.make({
        meta: { key: "date.shift" },
        input: Schema.Struct({ date: Schema.Date, days: Schema.Int }),
        output: Schema.Date
      })
      const Described = Operation.fromJson(overTheWire(Operation.toJson(Shift)))
      if (Described.stream) return assert.fail("it is no stream")
      const registry = yield* OperationRegistry
      yield* registry.register(Described, (input) => Effect.succeed((input as { readonly date: string }).date))
      const { invoke } = yield* OperationInvoker
      assert.strictEqual(
        yield* invoke(Described, { date: "2026-01-01T00:00:00.000Z", days: 1 }),
        "2026-01-01T00:00:00.000Z"
      )
      const error = yield* Effect.flip(invoke(Described, { date: "2026-01-01T00:00:00.000Z", days: "1" }))
      assert.include((error as Error).message, "Invalid input for \"date.shift\" at days")
    }).pipe(Effect.provide(bus)))

  it("I8: what was sensitive stays so", () => {
    const Login = withInput(Schema.Struct({ user: Schema.String, password: Operation.sensitive(Schema.Date) }))
    const Described = Operation.fromJson(overTheWire(Operation.toJson(Login)))
    assert.deepStrictEqual(makeRedactor(Described.input)!({ user: "a", password: "b" }), {
      user: "a",
      password: "<redacted>"
    })
  })
})

describe("Operation.fromJson of hostile JSON", () => {
  const base = Operation.toJson(Operation.make({ meta: { key: "a.b" } }))
  const withSchema = (input: unknown) => ({ ...base, input })
  const refusal = (json: unknown): string => {
    const result = Operation.fromJsonResult(json)
    if (Result.isSuccess(result)) return assert.fail("it was accepted")
    assert.strictEqual(result.failure._tag, "OperationJsonError")
    assert.notInclude(result.failure.message, "\n")
    assert.throws(() => Operation.fromJson(json), result.failure.message)
    return result.failure.message
  }
  const nested = (levels: number) => {
    let schema: object = { type: "string" }
    for (let i = 0; i < levels; i++) schema = { type: "array", items: schema }
    return schema
  }

  it("names what is wrong, in one line", () => {
    assert.strictEqual(
      refusal({ ...base, stream: "yes" }),
      "The JSON of an operation is not usable at stream: expected boolean, got a string. Use what Operation.toJson gives."
    )
    assert.include(refusal({ ...base, v: 2 }), "at v: its format is version 2, and only version 1 is known here")
    assert.include(refusal({ ...base, key: "a b" }), "\"a b\" is not a key")
    assert.include(refusal({ ...base, executionMode: "sync", stream: true }), "cannot be a stream")
    assert.include(refusal({ ...base, extra: 1 }), "at extra: this property is not expected")
    assert.include(refusal(withSchema({ $ref: "#/$defs/Missing" })), "Missing definition \"Missing\"")
    assert.include(refusal(withSchema({ $ref: "https://example.com/schema" })), "Unsupported $ref")
  })

  it("refuses everything that is no JSON object of this form", () => {
    for (const json of [null, undefined, 1, "text", true, [], {}, () => 1, Symbol("x"), 1n, new Date(), new Map()]) {
      refusal(json)
    }
    refusal({ ...base, label: () => "" })
    refusal({ ...base, version: Number.NaN })
    refusal(withSchema("string"))
    refusal(withSchema(new Date()))
  })

  it("I7: __proto__ is refused wherever it stands, and nothing is written to a prototype", () => {
    for (const at of ["", "\"input\":", "\"input\":{\"properties\":", "\"annotations\":"]) {
      const text = `{${at}{"__proto__":{"polluted":true}}${"}".repeat(at.split("{").length)}`
      refusal({ ...base, ...JSON.parse(at === "" ? text.slice(1, -1) : text) })
    }
    assert.isUndefined(({} as { polluted?: boolean }).polluted)
    assert.include(refusal(JSON.parse("{\"__proto__\":{\"v\":1}}")), "at __proto__: this name is not allowed")
  })

  it("I7: names of Object.prototype are names like any other", () => {
    const input = Schema.Struct({ constructor: Schema.String, hasOwnProperty: Schema.Finite })
    const described = Operation.fromJson(Operation.toJson(withInput(input)))
    assert.isTrue(Schema.is(described.input)({ constructor: "a", hasOwnProperty: 1 }))
    assert.isFalse(Schema.is(described.input)({}))
  })

  it("is not taken down by depth, cycles and references that multiply", () => {
    Operation.fromJson(withSchema(nested(100)))
    assert.include(refusal(withSchema(nested(100_000))), "nested too deeply")
    const cyclic: Record<string, unknown> = { type: "array" }
    cyclic["items"] = cyclic
    assert.include(refusal(withSchema(cyclic)), "nested too deeply")
    assert.include(refusal(withSchema({ enum: Array.from({ length: 200_000 }, (_, i) => i) })), "too large")
    const itself = { anyOf: [{ type: "string" }, { $ref: "#/$defs/B" }] }
    assert.include(
      refusal(withSchema({ $ref: "#/$defs/A", $defs: { A: itself, B: { allOf: [{ $ref: "#/$defs/A" }] } } })),
      "refers to itself without an end"
    )
    const doubling = (double: (reference: object) => object) => {
      const $defs: Record<string, object> = { D0: { type: "string" } }
      for (let i = 1; i < 60; i++) $defs[`D${i}`] = double({ $ref: `#/$defs/D${i - 1}` })
      return withSchema({ $ref: "#/$defs/D59", $defs })
    }
    assert.include(
      refusal(doubling((reference) => ({ anyOf: [reference, reference] }))),
      "its alternatives are too many"
    )
    Operation.fromJson(doubling((reference) => ({ type: "object", properties: { a: reference, b: reference } })))
    Operation.fromJson(doubling((reference) => ({
      type: "object",
      allOf: [{ properties: { a: reference } }, { properties: { a: reference } }]
    })))
  })

  it("does not run patterns that may take exponential time, unless told to trust them", () => {
    const slow = withSchema({ type: "string", pattern: "^(a+)+$" })
    assert.isTrue(Schema.is(Operation.fromJson(slow).input)(`${"a".repeat(50)}b`))
    assert.isFalse(Schema.is(Operation.fromJson(slow, { patterns: "apply" }).input)("b"))
    const fast = withSchema({ type: "string", pattern: "^a+$" })
    assert.isFalse(Schema.is(Operation.fromJson(fast).input)("b"))
    assert.isTrue(Schema.is(Operation.fromJson(fast, { patterns: "ignore" }).input)("b"))
    assert.isTrue(Schema.is(Operation.fromJson(withSchema({ type: "string", pattern: "(" })).input)("b"))
  })

  it.each([
    ["^a+b$", true],
    ["^(\\d{1,3}\\.){3}\\d{1,3}$", true],
    ["^([0-9a-z]{4})*(([0-9a-z]{2}==)|([0-9a-z]{3}=))?$", true],
    ["^[^@]+@[^@]+\\.[^@]+$", true],
    ["(a+)+$", false],
    ["(a|a)*$", false],
    ["([a-z]+){10,}", false],
    ["(\\w\\d?)*", false],
    ["(a)\\1*", false],
    ["(?<n>a)\\k<n>", false],
    ["(a?){30}a{30}", false],
    [`${"a?".repeat(30)}a{30}`, false]
  ])("the pattern %s is safe: %s", (pattern, expected) => {
    assert.strictEqual(isSafePattern(pattern), expected)
  })
})

describe("Operation.fromFunction", () => {
  class Empty extends Schema.TaggedError<Empty>()("Empty", {}) {}
  class Model extends Context.Service<Model, { readonly score: (text: string) => number }>()("test/Model") {}

  const Analyze = Operation.fromFunction({
    key: "ai.analyzeText",
    name: "Analyze text",
    description: "Says how a text sounds",
    version: 2,
    inputSchema: Schema.Struct({ text: Schema.String }),
    outputSchema: Schema.Struct({ sentiment: Schema.Number, key: Schema.String }),
    errorSchema: Empty,
    handler: ({ context, data }) =>
      Effect.gen(function*() {
        if (data.text === "") return yield* new Empty()
        return { sentiment: (yield* Model).score(data.text), key: context.key }
      })
  })

  class Shout extends Operation.fromFunction({
    name: "text shout",
    inputSchema: Schema.String,
    outputSchema: Schema.String,
    errorSchema: Empty,
    handler: async ({ context, data }) => {
      if (data === "") throw new Empty()
      if (data === "bug") throw new Error("a bug")
      if (data === "wait") {
        await new Promise((resolve) => context.signal.addEventListener("abort", resolve))
        aborted = true
      }
      return data.toUpperCase()
    }
  }) {}
  let aborted = false

  const Length = Operation.fromFunction({
    name: "text.length",
    inputSchema: Schema.String,
    outputSchema: Schema.Number,
    handler: ({ data }) => data.length
  })

  const functions = Layer.mergeAll(Analyze.layer, Shout.layer, Length.layer).pipe(
    Layer.provideMerge(bus),
    Layer.provide(Layer.succeed(Model, { score: (text) => text.length / 10 }))
  )

  it.effect("runs handlers that return an effect, a promise or a value", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      assert.deepStrictEqual(yield* invoke(Analyze, { text: "hello" }), { sentiment: 0.5, key: "ai.analyzeText" })
      assert.strictEqual(yield* invoke(Shout, "a"), "A")
      assert.strictEqual(yield* invoke(Length, "four"), 4)
    }).pipe(Effect.provide(functions)))

  it.effect("I2: what they fail with, throw or reject with is typed when it is declared, and a defect when not", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      assert.instanceOf(yield* Effect.flip(invoke(Analyze, { text: "" })), Empty)
      assert.instanceOf(yield* Effect.flip(invoke(Shout, "")), Empty)
      const exit = yield* Effect.exit(invoke(Shout, "bug"))
      assert.isTrue(exit._tag === "Failure" && exit.cause.reasons[0]?._tag === "Die")
    }).pipe(Effect.provide(functions)))

  it.live("I4: interrupting the caller aborts the signal of a promise", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const fiber = yield* Effect.forkChild(invoke(Shout, "wait"), { startImmediately: true })
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      yield* Effect.sleep(1)
      assert.isTrue(aborted)
    }).pipe(Effect.provide(functions)))

  it("is an operation: described, with a key made of its name", () => {
    assert.strictEqual(Shout.key, "text-shout")
    assert.deepStrictEqual(Operation.toJson(Analyze).key, "ai.analyzeText")
    assert.isTrue(Operation.isOperation(Length))
  })

  it("has a record like a deployed function's, and comes back from it", () => {
    const record = Operation.toFunctionRecord(Analyze, "fn-17")
    assert.deepStrictEqual(record, {
      key: "ai.analyzeText",
      name: "Analyze text",
      description: "Says how a text sounds",
      version: 2,
      deployedFunctionId: "fn-17",
      input: Operation.toJson(Analyze).input,
      output: Operation.toJson(Analyze).output
    })
    const back = Operation.fromFunctionRecord(overTheWire(record))
    assert.deepStrictEqual(Operation.toFunctionRecord(back, "fn-17"), record)
  })
})
