import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Operation from "../../../src/operation/Operation.ts"
import { schemaDifference } from "../../../src/remote/internal/deploy/schemaDifference.ts"

const described = (input: Operation.AnySchema, output: Operation.AnySchema = Schema.Void) =>
  Operation.toJson(Operation.make({ meta: { key: "a.b" }, input, output }))

/** What differs when a caller has the one input schema, and the deployment the other. */
const sent = (caller: Operation.AnySchema, deployed: Operation.AnySchema) =>
  schemaDifference(described(caller), described(deployed))

/** The same for the output. */
const answered = (caller: Operation.AnySchema, deployed: Operation.AnySchema) =>
  schemaDifference(described(Schema.Void, caller), described(Schema.Void, deployed))

const { Boolean, Int, Literals, Null, Number, optionalKey, Record, String, Struct, Tuple, Union } = Schema
const Text = Struct({ text: String })

interface Tree {
  readonly name: string
  readonly children: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({
  name: Schema.String,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
}).annotate({ identifier: "Tree" })

interface Numbered {
  readonly name: number
  readonly children: ReadonlyArray<Numbered>
}
const Numbered = Schema.Struct({
  name: Schema.Number,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Numbered> => Numbered))
}).annotate({ identifier: "Tree" })

describe("what differs between the caller's schemas and the deployed ones", () => {
  it("is nothing when they are the same", () => {
    for (
      const schema of [
        Text,
        Tree,
        Schema.Void,
        Schema.Date,
        Schema.Unknown,
        Schema.Array(Int.check(Schema.isGreaterThan(3))),
        Schema.NonEmptyArray(Union([Text, Struct({ _tag: Schema.tag("x") })])),
        Record(String, Schema.Json),
        Tuple([String, Number]),
        String.check(Schema.isMinLength(1), Schema.isPattern(/^\w+$/))
      ]
    ) {
      assert.isUndefined(sent(schema, schema))
      assert.isUndefined(answered(schema, schema))
    }
  })

  it("is a field of another type, with its path", () => {
    assert.strictEqual(sent(Text, Struct({ text: Number })), "input.text: string here, number deployed")
    assert.strictEqual(answered(Text, Struct({ text: Number })), "output.text: string here, number deployed")
    assert.strictEqual(
      sent(Struct({ a: Struct({ b: Schema.Array(String) }) }), Struct({ a: Struct({ b: Schema.Array(Boolean) }) })),
      "input.a.b[]: string here, boolean deployed"
    )
    assert.strictEqual(
      sent(Tuple([String, Boolean]), Tuple([String, Int])),
      "input[1]: boolean here, integer deployed"
    )
  })

  it("is a field that the deployment needs and the caller does not send", () => {
    const wanted = Struct({ text: String, language: String })
    assert.strictEqual(sent(Text, wanted), "input.language: absent here, required deployed")
    assert.strictEqual(
      sent(Struct({ text: String, language: optionalKey(String) }), wanted),
      "input.language: optional here, required deployed"
    )
  })

  it("is a field that the caller sends and the deployment does not know", () =>
    assert.strictEqual(
      sent(Struct({ text: String, language: String }), Text),
      "input.language: sent here, unknown deployed"
    ))

  it("is a field that the caller expects and the deployment does not give", () => {
    const wanted = Struct({ text: String, score: Number })
    assert.strictEqual(answered(wanted, Text), "output.score: required here, absent deployed")
    assert.strictEqual(
      answered(wanted, Struct({ text: String, score: optionalKey(Number) })),
      "output.score: required here, optional deployed"
    )
  })

  it("is not a field more in an answer, nor an optional one more in what is accepted", () => {
    assert.isUndefined(answered(Text, Struct({ text: String, score: Number })))
    assert.isUndefined(sent(Text, Struct({ text: String, language: optionalKey(String) })))
  })

  it("is a value that the other side does not take", () => {
    assert.strictEqual(
      sent(Literals(["a", "b"]), Literals(["a", "c"])),
      "input: \"a\" or \"b\" here, \"a\" or \"c\" deployed"
    )
    assert.isUndefined(sent(Literals(["a"]), Literals(["a", "c"])))
    assert.isUndefined(sent(Literals(["a"]), String))
    assert.strictEqual(answered(Literals(["a"]), String), "output: \"a\" here, string deployed")
  })

  it("is a union that became narrower, in the direction that matters", () => {
    assert.strictEqual(sent(Union([String, Null]), String), "input: null here, string deployed")
    assert.isUndefined(answered(Union([String, Null]), String))
    assert.isUndefined(sent(Int, Number))
    assert.strictEqual(answered(Int, Number), "output: integer here, number deployed")
    const a = Struct({ _tag: Schema.tag("A"), n: Number })
    const b = Struct({ _tag: Schema.tag("B"), n: Number })
    assert.isUndefined(sent(Union([a, b]), Union([b, a])))
    assert.match(sent(Union([a, b]), a)!, /^input\._tag: "B" here, "A" deployed$/)
  })

  it("is a check that became tighter", () => {
    const atMost = (n: number) => Struct({ text: String.check(Schema.isMaxLength(n)) })
    assert.strictEqual(sent(Text, atMost(10)), "input.text: no maxLength here, maxLength 10 deployed")
    assert.strictEqual(sent(atMost(20), atMost(10)), "input.text: maxLength 20 here, maxLength 10 deployed")
    assert.isUndefined(sent(atMost(5), atMost(10)))
    assert.isUndefined(sent(atMost(5), Text))
    assert.strictEqual(answered(atMost(10), atMost(20)), "output.text: maxLength 10 here, maxLength 20 deployed")
    const patterned = (pattern: string) => ({ input: { type: "string", allOf: [{ pattern }] }, output: {} })
    assert.strictEqual(
      schemaDifference(patterned("^a"), patterned("^b")),
      "input: pattern ^a here, pattern ^b deployed"
    )
  })

  it("is found inside a recursive schema, which does not hold the comparison", () => {
    assert.isUndefined(sent(Tree, Tree))
    assert.strictEqual(sent(Tree, Numbered), "input.name: string here, number deployed")
  })

  it("is a stream on one side only", () => {
    const one = described(Schema.Void)
    assert.strictEqual(schemaDifference(one, { ...one, stream: true }), "one value here, a stream deployed")
    assert.strictEqual(schemaDifference({ ...one, stream: true }, one), "a stream here, one value deployed")
  })

  it("is a failure that the caller does not know", () => {
    class Failed extends Schema.TaggedError<Failed>()("Failed", { why: Schema.String }) {}
    const without = described(Schema.Void)
    const failing = Operation.toJson(Operation.make({ meta: { key: "a.b" }, error: Failed }))
    assert.match(schemaDifference(without, failing)!, /^error: nothing here, object deployed$/)
    assert.isUndefined(schemaDifference(failing, without))
  })

  it("is looked for in bounded time and without the prototype, whatever a document says", () => {
    const deep: Record<string, unknown> = { type: "object" }
    let at = deep
    for (let i = 0; i < 3_000; i++) {
      const next = { type: "object" }
      at["properties"] = { x: next }
      at = next
    }
    const wide = {
      anyOf: Array.from({ length: 300 }, (_, i) => ({ type: "object", properties: { [`p${i}`]: { $ref: "#" } } }))
    }
    const hostile = JSON.parse(
      "{\"$ref\":\"#/$defs/__proto__\",\"properties\":{\"__proto__\":{\"type\":\"string\"}},\"required\":[\"__proto__\"]}"
    )
    const loop = { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }
    for (
      const document of [deep, wide, hostile, loop, { type: 1, enum: 2, required: 3, allOf: [4], anyOf: 5 }] as Array<
        any
      >
    ) {
      const started = performance.now()
      assert.isUndefined(schemaDifference({ input: document, output: document }, { input: document, output: document }))
      assert.isBelow(performance.now() - started, 2_000)
    }
  })
})
