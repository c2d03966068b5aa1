import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Operation } from "opbus"
import {
  type Draft,
  draftOf,
  initialOf,
  itemOf,
  parseJson,
  valueOf
} from "../../../../src/devtools/page/operations/draft.ts"
import { type Schema as JsonSchema, type Shape, shapeOf } from "../../../../src/devtools/page/operations/shape.ts"
import { typeText } from "../../../../src/devtools/page/operations/typeText.ts"
import { withSeeds } from "../random.ts"
import { documentOf, randomDraft, randomSchema } from "./schemas.ts"

const of = (schema: Schema.Codec<any, any>): Shape => shapeOf(documentOf(schema).document)

const filled = (shape: Shape, value: unknown): Draft => {
  const draft = draftOf(shape, value)
  assert.isDefined(draft, JSON.stringify(value))
  return draft!
}

const said = (shape: Shape, value: unknown): ReadonlyArray<string> =>
  valueOf(shape, filled(shape, value)).problems.map(({ message, path }) => `${path.join(".")}: ${message}`)

/** The kinds of all parts of a form, as deep as it is filled in. */
const kindsOf = (shape: Shape, depth = 0): ReadonlyArray<string> => {
  if (depth > 6) return []
  const parts: ReadonlyArray<Shape> = shape.kind === "object"
    ? [...shape.fields.map((field) => field.shape()), ...(shape.rest === undefined ? [] : [shape.rest()])]
    : shape.kind === "list"
    ? [...shape.first.map((part) => part()), ...(shape.item === undefined ? [] : [shape.item()])]
    : shape.kind === "variants"
    ? shape.variants.map((variant) => variant.shape())
    : shape.kind === "nullable"
    ? [shape.inner]
    : []
  return [
    shape.kind === "json" && shape.because !== undefined ? `json: ${shape.because}` : shape.kind,
    ...parts.flatMap((part) => kindsOf(part, depth + 1))
  ]
}

describe("a form made of a schema", () => {
  it("gives values that fit the schema, however it is filled in", () => {
    let complete = 0
    let all = 0
    withSeeds(400, (random) => {
      const { document, fits } = documentOf(randomSchema(random).schema)
      const shape = shapeOf(document)
      for (let i = 0; i < 3; i++) {
        all++
        const { problems, value } = valueOf(shape, randomDraft(shape, random))
        if (problems.length > 0) continue
        complete++
        assert.isTrue(fits(value), `${JSON.stringify(value)} in ${JSON.stringify(document)}`)
      }
    })
    // Forms with something wrong in them say nothing here.
    assert.isAbove(complete, all * 0.9)
  })

  it("has a place for every value of the schema, and gives it back as it was", () => {
    withSeeds(400, (random) => {
      const { schema, value } = randomSchema(random)
      const { document, fits } = documentOf(schema)
      const shape = shapeOf(document)
      for (let i = 0; i < 3; i++) {
        const given = value(random)
        assert.isTrue(fits(given), `${JSON.stringify(given)} in ${JSON.stringify(document)}`)
        const { problems, value: back } = valueOf(shape, filled(shape, given))
        assert.deepStrictEqual(problems, [], JSON.stringify(given))
        assert.deepStrictEqual(back, given)
      }
    })
  })

  it("asks with controls for everything that effect's schemas say, and never for JSON in their place", () => {
    withSeeds(200, (random) => {
      const kinds = kindsOf(shapeOf(documentOf(randomSchema(random).schema).document))
      assert.deepStrictEqual(kinds.filter((kind) => kind.startsWith("json:")), [])
    })
  })

  it("begins with what a schema demands, and with its defaults", () => {
    const shape = shapeOf({
      type: "object",
      properties: {
        name: { type: "string", default: "nobody" },
        size: { type: "integer", default: 3 },
        tags: { type: "array", items: { type: "string" }, minItems: 2 },
        at: { anyOf: [{ type: "string" }, { type: "null" }] },
        more: { type: "string" }
      },
      required: ["name", "size", "tags", "at"],
      additionalProperties: false
    })
    assert.deepStrictEqual(valueOf(shape, initialOf(shape)).value, {
      name: "nobody",
      size: 3,
      tags: ["", ""],
      at: null
    })
  })

  it("says what is wrong, and where", () => {
    const shape = of(Schema.Struct({
      title: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(5)),
      count: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })),
      tags: Schema.Array(Schema.String.check(Schema.isMinLength(1))).check(Schema.isMaxLength(2)),
      place: Schema.Struct({ x: Schema.Finite })
    }))
    assert.deepStrictEqual(said(shape, { title: "", count: 0, tags: ["a", "", "c"], place: { x: 1 } }), [
      "title: Must not be empty.",
      "count: Must be at least 1.",
      "tags.1: Must not be empty.",
      "tags: At most 2 items."
    ])
    assert.deepStrictEqual(said(shape, { title: "123456", count: 1.5, tags: [], place: { x: 1 } }), [
      "title: At most 5 characters.",
      "count: Must be a whole number."
    ])
    // Length is counted as JSON Schema counts it.
    assert.deepStrictEqual(said(shape, { title: "🙂🙂🙂🙂🙂", count: 1, tags: [], place: { x: 1 } }), [])
  })

  it("gives no value where there is none, and says what is missing", () => {
    const shape = of(Schema.Struct({ n: Schema.Finite, when: Schema.Json }))
    const draft: Draft = {
      kind: "object",
      fields: [{ kind: "text", text: "a lot" }, { kind: "text", text: "{" }],
      rest: []
    }
    const { problems, value } = valueOf(shape, draft)
    assert.isUndefined(value)
    assert.deepStrictEqual(problems.map(({ fatal, path }) => [path, fatal]), [[["n"], true], [["when"], true]])
    assert.match(problems[0]!.message, /Not a number/)
    for (const text of ["", " ", "0x10", "1e999", "1,5", "NaN"]) {
      assert.isUndefined(valueOf(of(Schema.Finite), { kind: "text", text }).value, text)
    }
    for (const text of ["1", " -2.5 ", ".5", "1e3", "+7"]) {
      assert.strictEqual(valueOf(of(Schema.Finite), { kind: "text", text }).value, Number(text))
    }
    assert.strictEqual(valueOf(of(Schema.Number), { kind: "text", text: "-Infinity" }).value, "-Infinity")
  })

  it("leaves names that mean something to a program what they are: names", () => {
    const shape = of(Schema.Record(Schema.String, Schema.Int))
    const entry = (name: string) => ({ ...itemOf({ kind: "text" as const, text: "1" }), name })
    const { value } = valueOf(shape, { kind: "object", fields: [], rest: [entry("__proto__"), entry("constructor")] })
    assert.deepStrictEqual(Object.keys(value as object), ["__proto__", "constructor"])
    assert.strictEqual(Object.getPrototypeOf(value), Object.prototype)
    const twice = valueOf(shape, { kind: "object", fields: [], rest: [entry("a"), entry("a")] })
    assert.match(twice.problems[0]!.message, /there already/)
  })

  it("is finite where a schema contains itself", () => {
    const shape = shapeOf({
      $ref: "#/$defs/Node",
      $defs: {
        Node: {
          type: "object",
          properties: { value: { type: "string" }, next: { $ref: "#/$defs/Node" } },
          required: ["value", "next"],
          additionalProperties: false
        },
        Loop: { $ref: "#/$defs/Loop" }
      }
    })
    assert.isUndefined(valueOf(shape, initialOf(shape)).value)
    const loop = shapeOf({ $ref: "#/$defs/Loop", $defs: { Loop: { $ref: "#/$defs/Loop" } } })
    assert.strictEqual(loop.kind, "json")
  })

  it("asks for JSON where a schema says something for which it has no control, and says why", () => {
    const strange: ReadonlyArray<readonly [JsonSchema, RegExp]> = [
      [{ type: "array", contains: { type: "string" } }, /contains/],
      [{ if: {}, then: {} }, /uses if/],
      [{ not: { type: "string" } }, /excludes/],
      [{ $ref: "#/$defs/Nowhere" }, /not there/],
      [{ $ref: "https://elsewhere.test/schema" }, /not there/],
      [{ type: "object", patternProperties: { "^a": {}, "^b": {} } }, /names/],
      [{ type: "quantity" }, /quantity/],
      [{ enum: [] }, /fits nothing/],
      [{ allOf: [{ type: "string", minLength: 1 }, { type: "string", minLength: 2 }] }, /minLength/],
      [{ not: {} }, /excludes/]
    ]
    for (const [schema, why] of strange) {
      const shape = shapeOf(schema)
      assert.strictEqual(shape.kind, "json", JSON.stringify(schema))
      assert.match((shape as { readonly because?: string }).because ?? "", why)
      assert.deepStrictEqual(valueOf(shape, { kind: "text", text: "[1]" }).value, [1])
    }
    assert.strictEqual(shapeOf(true).kind, "json")
    assert.strictEqual(shapeOf(null).kind, "json")
  })

  it("understands what other tools write", () => {
    assert.strictEqual(shapeOf({ type: ["string", "null"], maxLength: 4 }).kind, "nullable")
    assert.strictEqual(shapeOf({ oneOf: [{ const: "a" }, { const: "b" }] }).kind, "choice")
    assert.strictEqual(shapeOf({ allOf: [{ type: "string" }, { minLength: 2 }] }).kind, "text")
    assert.strictEqual(shapeOf({ enum: ["a", null] }).kind, "choice")
    assert.strictEqual(shapeOf({ type: "object" }).kind, "object")
    assert.deepStrictEqual(
      kindsOf(shapeOf({ type: "object", properties: { a: true }, required: ["a", "b"] })),
      ["object", "json", "json", "json"]
    )
  })

  it("names the variants of a union by what tells them apart", () => {
    const shape = of(Schema.Union([
      Schema.TaggedStruct("Circle", { radius: Schema.Finite }),
      Schema.Struct({ kind: Schema.Literal("square"), side: Schema.Finite }),
      Schema.Struct({ x: Schema.Finite, y: Schema.Finite }),
      Schema.Array(Schema.String)
    ]))
    assert.strictEqual(shape.kind, "variants")
    assert.deepStrictEqual(
      shape.kind === "variants" ? shape.variants.map(({ label }) => label) : [],
      ["Circle", "square", "{ x, y }", "array"]
    )
  })

  it("takes no input where an operation takes none", () => {
    const shape = of(Schema.Void as never)
    assert.strictEqual(shape.kind, "constant")
    assert.strictEqual(valueOf(shape, initialOf(shape)).value, null)
  })

  it("hides what is sensitive while it is typed", () => {
    const shape = of(Schema.Struct({ secret: Operation.sensitive(Schema.String) }))
    const [field] = shape.kind === "object" ? shape.fields : []
    const inner = field!.shape()
    assert.isTrue(inner.kind === "text" && inner.sensitive)
  })
})

describe("JSON that is typed", () => {
  it("is data, or the reason why not", () => {
    assert.deepStrictEqual(parseJson("{\"a\":[1]}"), { ok: true, value: { a: [1] } })
    const empty = parseJson(" ")
    assert.isFalse(empty.ok)
    assert.isTrue(!empty.ok && empty.why === "it is empty.")
    assert.isFalse(parseJson("{a:1}").ok)
  })
})

describe("a schema that is read", () => {
  it("looks like a type, with what it demands behind it", () => {
    const { document } = documentOf(Schema.Struct({
      title: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(80)).annotate({
        description: "What it is called."
      }),
      amount: Schema.Number,
      kind: Schema.Literals(["a", "b"]),
      due: Schema.optionalKey(Schema.NullOr(Schema.String)),
      tags: Schema.Array(Schema.String),
      colours: Schema.Record(Schema.String, Schema.Int),
      pair: Schema.Tuple([Schema.String, Schema.optionalKey(Schema.Boolean)]),
      secret: Operation.sensitive(Schema.String)
    }))
    assert.strictEqual(
      typeText(document),
      [
        "{",
        "  title: string (not empty, at most 80 characters)  // What it is called.",
        "  amount: number",
        "  kind: \"a\" | \"b\"",
        "  due?: string | null",
        "  tags: string[]",
        "  colours: {",
        "    [name]: integer",
        "  }",
        "  pair: [string, boolean?]",
        "  secret: string (sensitive)",
        "}"
      ].join("\n")
    )
  })

  it("names what it refers to, and stays bounded", () => {
    const node: JsonSchema = {
      type: "object",
      properties: { next: { $ref: "#/$defs/Node" } },
      additionalProperties: false
    }
    assert.strictEqual(typeText({ $ref: "#/$defs/Node", $defs: { Node: node } }), "Node\n\nNode = {\n  next?: Node\n}")
    const wide = {
      type: "object",
      properties: Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`p${i}`, { type: "string" }]))
    }
    assert.isBelow(typeText(wide).length, 21_000)
    let deep: JsonSchema = { type: "string" }
    for (let i = 0; i < 200; i++) deep = { type: "object", properties: { p: deep } }
    assert.include(typeText(deep), "…")
  })

  it("is readable whatever the schema", () => {
    withSeeds(200, (random) => {
      const text = typeText(documentOf(randomSchema(random).schema).document)
      assert.notInclude(text, "undefined")
      assert.notInclude(text, "[object")
    })
  })
})
