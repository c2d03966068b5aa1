import * as Schema from "effect/Schema"
import { Operation } from "opbus"
import type { Draft } from "../../../../src/devtools/page/operations/draft.ts"
import { initialOf, itemOf, itemShape } from "../../../../src/devtools/page/operations/draft.ts"
import type { Json, Schema as JsonSchema, Shape } from "../../../../src/devtools/page/operations/shape.ts"
import type { Random } from "../random.ts"

/** A schema, and random values of its JSON side. */
export interface Sample {
  readonly schema: Schema.Codec<any, any>
  readonly value: (random: Random) => Json
}

const words = ["alpha", "beta", "gamma", "delta", "__proto__", "constructor", "a b", "ü", "<b>"]

/** A random schema of whatever `effect/Schema` has for the JSON side of operations. */
export const randomSchema = (random: Random, depth = 0): Sample => {
  const kinds = ["text", "short", "number", "integer", "boolean", "literals", "nullable", "uuid", "json", "mixed"]
  const nested = [
    "struct",
    "struct",
    "struct",
    "array",
    "record",
    "union",
    "tagged",
    "tuple",
    "rest",
    "tree",
    "default"
  ]
  const kind = random.pick(depth < 3 ? [...kinds, ...nested] : kinds)
  const inner = () => randomSchema(random, depth + 1)
  switch (kind) {
    case "text":
      return { schema: Schema.String, value: (it) => it.text() }
    case "short": {
      const least = random.int(4)
      const most = least + random.int(6)
      return {
        schema: Schema.String.check(Schema.isMinLength(least), Schema.isMaxLength(most)),
        value: (it) => "x".repeat(least + it.int(most - least + 1))
      }
    }
    case "number":
      return {
        schema: Schema.Number,
        value: (it) => it.pick([0, 1.5, -3, 1e21, 1e-7, "Infinity", "NaN", it.next() * 100])
      }
    case "integer": {
      const minimum = random.int(10) - 5
      return {
        schema: Schema.Int.check(Schema.isBetween({ minimum, maximum: minimum + 20 })),
        value: (it) => minimum + it.int(21)
      }
    }
    case "boolean":
      return { schema: Schema.Boolean, value: (it) => it.chance(0.5) }
    case "literals": {
      const options = ["a", "b", 3, true].slice(0, 1 + random.int(4)) as Array<string | number | boolean>
      return { schema: Schema.Literals(options), value: (it) => it.pick(options) }
    }
    case "mixed":
      return {
        schema: Schema.Union([Schema.Int, Schema.Boolean, Schema.String]),
        value: (it) => it.pick<Json>([4, false, "text"])
      }
    case "uuid": {
      return {
        schema: Schema.String.check(Schema.isUUID(4)),
        value: (it) => `0f8fad5b-d9cb-469f-a165-70867728950${it.int(10)}`
      }
    }
    case "json":
      return { schema: Schema.Json, value: (it) => it.pick<Json>([null, 1, "x", [], {}, { a: [1, null] }]) }
    case "nullable": {
      const of = inner()
      return { schema: Schema.NullOr(of.schema), value: (it) => it.chance(0.3) ? null : of.value(it) }
    }
    case "default": {
      const of = inner()
      return {
        schema: Schema.Struct({ it: Schema.optionalKey(of.schema) }),
        value: (it) => it.chance(0.5) ? {} : { it: of.value(it) }
      }
    }
    case "struct": {
      // effect takes what a prototype has for an optional property of that name.
      const names = words.filter((word) => word !== "__proto__" && word !== "constructor" && random.chance(0.4))
      const fields = names.map((name) => ({ name, optional: random.chance(0.3), of: inner() }))
      return {
        schema: Schema.Struct(
          Object.fromEntries(
            fields.map(({ name, of, optional }) => [name, optional ? Schema.optionalKey(of.schema) : of.schema])
          )
        ) as never,
        value: (it) =>
          Object.fromEntries(
            fields.filter(({ optional }) => !optional || it.chance(0.5)).map(({ name, of }) => [name, of.value(it)])
          )
      }
    }
    case "array": {
      const of = inner()
      const least = random.int(3)
      const most = least + random.int(4)
      return {
        schema: Schema.Array(of.schema).check(Schema.isMinLength(least), Schema.isMaxLength(most)),
        value: (it) => Array.from({ length: least + it.int(most - least + 1) }, () => of.value(it))
      }
    }
    case "record": {
      const of = inner()
      return {
        schema: Schema.Record(Schema.String, of.schema),
        value: (it) =>
          Object.fromEntries(
            words.filter((word) => word !== "__proto__" && it.chance(0.3)).map((word) => [word, of.value(it)])
          )
      }
    }
    case "union": {
      const members = [inner(), inner()]
      return { schema: Schema.Union(members.map(({ schema }) => schema)), value: (it) => it.pick(members).value(it) }
    }
    case "tagged": {
      const members = ["Circle", "Square", "Line"].map((tag) => ({ tag, of: inner() }))
      return {
        schema: Schema.Union(members.map(({ of, tag }) => Schema.TaggedStruct(tag, { of: of.schema }))),
        value: (it) => {
          const { of, tag } = it.pick(members)
          return { _tag: tag, of: of.value(it) }
        }
      }
    }
    case "tuple": {
      const [first, second] = [inner(), inner()]
      return {
        schema: Schema.Tuple([first.schema, Schema.optionalKey(second.schema)]),
        value: (it) => it.chance(0.5) ? [first.value(it)] : [first.value(it), second.value(it)]
      }
    }
    case "rest": {
      const [first, more] = [inner(), inner()]
      return {
        schema: Schema.TupleWithRest(Schema.Tuple([first.schema]), [more.schema]),
        value: (it) => [first.value(it), ...Array.from({ length: it.int(3) }, () => more.value(it))]
      }
    }
    default:
      return tree
  }
}

interface Tree {
  readonly name: string
  readonly children: ReadonlyArray<Tree>
}

const Tree: Schema.Codec<Tree> = Schema.Struct({
  name: Schema.String,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
}).annotate({ identifier: "Tree" })

const tree: Sample = {
  schema: Tree,
  value: (it) => ({ name: it.text(), children: it.chance(0.4) ? [tree.value(it), tree.value(it)] : [] })
}

/** The document of a schema, as the catalogue has it, and whether a value fits it. */
export const documentOf = (schema: Schema.Codec<any, any>) => {
  const operation = Operation.make({ meta: { key: "a.b" }, input: schema })
  const json = Operation.toJson(operation)
  const fits = Schema.is(Operation.fromJson(json, { patterns: "apply" }).input)
  return { document: json.input as JsonSchema, fits }
}

/** A form as somebody might fill it in. */
export const randomDraft = (shape: Shape, random: Random, depth = 0): Draft => {
  switch (shape.kind) {
    case "text": {
      const least = shape.minLength ?? 0
      const most = Math.min(shape.maxLength ?? least + 8, least + 8)
      return shape.pattern === undefined
        ? { kind: "text", text: "x".repeat(least + random.int(most - least + 1)) }
        : { kind: "text", text: "0f8fad5b-d9cb-469f-a165-70867728950e" }
    }
    case "number": {
      const least = Math.max(shape.minimum ?? -50, -50)
      const most = Math.min(shape.maximum ?? 50, 50)
      const value = least + random.int(most - least + 1)
      return { kind: "text", text: random.chance(0.1) && shape.words.length > 0 ? shape.words[0]! : ` ${value}` }
    }
    case "json":
      return { kind: "text", text: random.pick(["1", "{}", "[null, true]", "\"x\""]) }
    case "boolean":
      return { kind: "boolean", on: random.chance(0.5) }
    case "constant":
      return { kind: "none" }
    case "choice":
      return { kind: "choice", index: random.int(shape.options.length) }
    case "nullable":
      return random.chance(0.4)
        ? initialOf(shape)
        : { kind: "nullable", isNull: false, inner: randomDraft(shape.inner, random, depth + 1) }
    case "variants": {
      const index = random.int(shape.variants.length)
      return { kind: "variants", index, inner: randomDraft(shape.variants[index]!.shape(), random, depth + 1) }
    }
    case "object":
      return {
        kind: "object",
        fields: shape.fields.map((field) =>
          field.required || random.chance(0.4) ? randomDraft(field.shape(), random, depth + 1) : undefined
        ),
        rest: shape.rest === undefined || depth > 5
          ? []
          : Array.from({ length: random.int(3) }, (_, i) => ({
            ...itemOf(randomDraft(shape.rest!(), random, depth + 1)),
            name: `name ${i}`
          }))
      }
    case "list": {
      const most = shape.max ?? shape.first.length + (shape.item === undefined ? 0 : shape.min + 2)
      const length = depth > 5 ? shape.min : shape.min + random.int(Math.max(1, most - shape.min + 1))
      return {
        kind: "list",
        items: Array.from({ length }, (_, i) => itemOf(randomDraft(itemShape(shape, i), random, depth + 1)))
      }
    }
  }
}
