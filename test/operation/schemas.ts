import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { Operation } from "opbus/operation"
import type { Random } from "../history/campaign/random.ts"

export type AnySchema = Schema.Codec<any, any>

class Point extends Schema.Class<Point>("Point")({ x: Schema.Finite, y: Schema.optionalKey(Schema.Finite) }) {}
class Refused extends Schema.TaggedError<Refused>()("Refused", { why: Schema.String }) {}

interface Tree {
  readonly value: string
  readonly children: ReadonlyArray<Tree>
}
const Tree: Schema.Codec<Tree> = Schema.Struct({
  value: Schema.String,
  children: Schema.Array(Schema.suspend(() => Tree))
}).annotate({ identifier: "Tree" })

interface Chain {
  readonly next?: Chain
  readonly link: boolean
}
const Chain: Schema.Codec<Chain> = Schema.Struct({
  next: Schema.optionalKey(Schema.suspend((): Schema.Codec<Chain> => Chain)),
  link: Schema.Boolean
})

const Trimmed = Schema.String.pipe(Schema.decodeTo(
  Schema.String,
  SchemaTransformation.transform({ decode: (text: string) => text.trim(), encode: (text) => text })
))

/** Leaves that JSON Schema describes completely. */
const exact: ReadonlyArray<AnySchema> = [
  Schema.String,
  Schema.Finite,
  Schema.Number,
  Schema.Boolean,
  Schema.Int,
  Schema.Null,
  Schema.Void,
  Schema.Literal("a"),
  Schema.Literals(["a", "b", 1, true]),
  Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(3)),
  Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 10 })),
  Schema.TemplateLiteral(["n-", Schema.Int]),
  Schema.Json,
  Tree,
  Chain,
  Point
]

/** Leaves of which JSON Schema describes only a part. */
const partial: ReadonlyArray<AnySchema> = [
  Schema.String.check(Schema.isPattern(/^[a-c]+$/)),
  Schema.Never,
  Schema.Unknown,
  Schema.Date,
  Schema.DateFromString,
  Schema.Uint8Array,
  Schema.Uint8ArrayFromBase64,
  Schema.NumberFromString,
  Schema.BigInt,
  Schema.Symbol,
  Schema.Duration,
  Schema.URL,
  Schema.String.check(Schema.isUUID()),
  Schema.String.check(Schema.makeFilter((text) => text.length % 2 === 0)),
  Schema.String.check(Schema.isPattern(/^(\w+\.)*\w+$/i)),
  Trimmed,
  Refused,
  Schema.Option(Schema.String),
  Schema.ReadonlyMap(Schema.String, Schema.Finite),
  Schema.ReadonlySet(Schema.String),
  Schema.Redacted(Schema.String),
  Schema.fromJsonString(Schema.Struct({ at: Schema.String })),
  Schema.Struct({}),
  Schema.ObjectKeyword,
  Schema.StructWithRest(Schema.Struct({ a: Schema.String }), [Schema.Record(Schema.String, Schema.String)]),
  Schema.StructWithRest(Schema.Struct({ a: Schema.String }), [
    Schema.Record(Schema.TemplateLiteral(["x-", Schema.String]), Schema.Finite)
  ]),
  Schema.TupleWithRest(Schema.Tuple([Schema.String]), [Schema.Finite, Schema.Boolean]),
  Schema.Struct({ constructor: Schema.String, toString: Schema.Finite }),
  Schema.Enum({ A: "a", B: 2 }),
  Schema.String.annotate({ title: "Title", description: "A text", examples: ["x"], default: "y" })
]

/** A random schema: nested structs, tuples, arrays, records, unions, optional keys, checks and sensitive parts. */
export const randomSchema = (random: Random, options: { readonly exact: boolean }, depth = 0): AnySchema => {
  const inner = () => randomSchema(random, options, depth + 1)
  const leaf = () => random.pick(options.exact || random.chance(0.5) ? exact : partial)
  if (depth >= 3 || random.chance(0.3)) return leaf()
  switch (random.int(0, options.exact ? 6 : 8)) {
    case 0:
    case 1: {
      const fields: Record<string, AnySchema> = {}
      for (const name of random.shuffled(["a", "b", "c", "x y", "é/~%"]).slice(0, random.int(1, 4))) {
        const schema = inner()
        fields[name] = random.chance(0.3)
          ? Schema.optionalKey(schema)
          : random.chance(0.2)
          ? Schema.optional(schema)
          : schema
      }
      const struct = Schema.Struct(fields)
      return random.chance(0.2)
        ? struct.annotate({ identifier: `S${random.int(0, 2)}` })
        : struct
    }
    case 2:
      return Schema.Array(inner())
    case 3:
      return Schema.Record(Schema.String, inner())
    case 4:
      return Schema.Union([inner(), inner()])
    case 5:
      return Schema.Tuple([inner(), inner()])
    case 6:
      return Schema.NullOr(inner())
    case 7:
      return Operation.sensitive(inner())
    default:
      return Schema.Array(inner()).check(
        Schema.isMinLength(1),
        Schema.isMaxLength(3)
      )
  }
}

/** Random JSON data, near what schemas of `randomSchema` describe. */
export const randomJson = (random: Random, depth = 0): Schema.Json => {
  switch (random.int(0, depth >= 3 ? 4 : 6)) {
    case 0:
      return random.pick(["", "a", "b", "abc", "n-1", "NaN", "10"])
    case 1:
      return random.pick([0, 1, -1, 2.5, 11, 1e300])
    case 2:
      return random.chance(0.5)
    case 3:
    case 4:
      return null
    case 5:
      return Array.from({ length: random.int(0, 3) }, () => randomJson(random, depth + 1))
    default:
      return Object.fromEntries(
        random.shuffled(["a", "b", "value", "children", "x", "link", "x-1"]).slice(0, random.int(0, 3)).map((key) => [
          key,
          randomJson(random, depth + 1)
        ])
      )
  }
}

/** A copy of JSON data with something in it replaced, removed or added. */
export const mutateJson = (random: Random, json: Schema.Json): Schema.Json => {
  if (typeof json !== "object" || json === null || random.chance(0.2)) return randomJson(random)
  if (Array.isArray(json)) {
    const copy = [...json as ReadonlyArray<Schema.Json>]
    if (copy.length === 0 || random.chance(0.2)) return [...copy, randomJson(random)]
    const at = random.int(0, copy.length - 1)
    if (random.chance(0.2)) copy.splice(at, 1)
    else copy[at] = mutateJson(random, copy[at]!)
    return copy
  }
  const entries = Object.entries(json) as Array<[string, Schema.Json]>
  if (entries.length === 0 || random.chance(0.2)) return Object.fromEntries([...entries, ["more", randomJson(random)]])
  const at = random.int(0, entries.length - 1)
  if (random.chance(0.3)) entries.splice(at, 1)
  else entries[at] = [entries[at]![0], mutateJson(random, entries[at]![1])]
  return Object.fromEntries(entries)
}
