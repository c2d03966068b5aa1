import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { exampleInput } from "../../src/cli/internal/example.ts"
import { jsonCodec } from "../../src/operation/internal/json.ts"
import * as Operation from "../../src/operation/Operation.ts"

interface Tree {
  readonly name: string
  readonly children: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({
  name: Schema.String,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
}).annotate({ identifier: "Tree" })

class Point extends Schema.Class<Point>("Point")({ x: Schema.Finite, y: Schema.Finite }) {}

const schemas: ReadonlyArray<readonly [name: string, schema: Operation.AnySchema, expected?: unknown]> = [
  ["nothing", Schema.Void, null],
  ["a struct", Schema.Struct({ title: Schema.String, tags: Schema.Array(Schema.String) }), {
    title: "text",
    tags: ["text"]
  }],
  ["optional fields", Schema.Struct({ a: Schema.optionalKey(Schema.Int), b: Schema.optionalKey(Schema.Int) }), {
    a: 1
  }],
  ["an annotated example", Schema.Struct({ title: Schema.String.annotate({ examples: ["Tea"] }) }), { title: "Tea" }],
  [
    "limits",
    Schema.Struct({
      long: Schema.String.check(Schema.isMinLength(12)),
      short: Schema.String.check(Schema.isMaxLength(2)),
      over: Schema.Number.check(Schema.isGreaterThan(10)),
      under: Schema.Int.check(Schema.isLessThan(-3)),
      step: Schema.Int.check(Schema.isMultipleOf(7), Schema.isGreaterThan(20)),
      many: Schema.Array(Schema.Boolean).check(Schema.isMinLength(3)),
      distinct: Schema.UniqueArray(Schema.String).check(Schema.isMinLength(2))
    })
  ],
  [
    "formats",
    Schema.Struct({
      at: Schema.Date,
      from: Schema.DateFromString,
      url: Schema.URL,
      id: Schema.String.check(Schema.isUUID()),
      bytes: Schema.Uint8Array,
      big: Schema.BigInt,
      number: Schema.FiniteFromString
    })
  ],
  ["patterns", Schema.Struct({ code: Schema.String.check(Schema.isPattern(/^[A-Z]{2}\d{4}$/)) })],
  [
    "choices",
    Schema.Struct({
      mode: Schema.Literals(["b", "a"]),
      either: Schema.Union([
        Schema.Struct({ _tag: Schema.tag("A"), n: Schema.Int }),
        Schema.Struct({ _tag: Schema.tag("B") })
      ]),
      maybe: Schema.NullOr(Schema.String)
    })
  ],
  [
    "containers",
    Schema.Struct({
      record: Schema.Record(Schema.String, Schema.Int),
      tuple: Schema.Tuple([Schema.String, Schema.Boolean]),
      map: Schema.HashMap(Schema.String, Schema.Int),
      option: Schema.Option(Schema.String)
    })
  ],
  ["recursion", Tree],
  ["a class", Point, { x: 1, y: 1 }],
  [
    "a filter that JSON Schema cannot say",
    Schema.Struct({
      even: Schema.Int.check(Schema.makeFilter((n: number) => n % 2 === 0))
    })
  ],
  ["anything", Schema.Unknown]
]

describe("the example input of an operation", () => {
  for (const [name, schema, expected] of schemas) {
    it.effect(`is valid and always the same: ${name}`, () =>
      Effect.gen(function*() {
        const operation = Operation.make({ meta: { key: "test" }, input: schema as Schema.Codec<unknown, unknown> })
        const { input } = Operation.toJson(operation)
        const example = yield* exampleInput(operation, input)
        assert.isDefined(example)
        yield* Schema.decodeUnknownEffect(jsonCodec(schema), { onExcessProperty: "error" })(example)
        assert.deepStrictEqual(yield* exampleInput(operation, input), example)
        if (expected !== undefined) assert.deepStrictEqual(example, expected)
      }))
  }

  it.effect("is absent where nothing is valid", () =>
    Effect.gen(function*() {
      const operation = Operation.make({ meta: { key: "test" }, input: Schema.Never })
      assert.isUndefined(yield* exampleInput(operation, Operation.toJson(operation).input))
    }))
})
