import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as BreakingChange from "opbus/spec/BreakingChange"
import * as SpecReader from "opbus/spec/SpecReader"
import * as TypeRegistry from "opbus/spec/TypeRegistry"
import { describe } from "vitest"
import { randomSpecs, resolveRandom } from "../support/randomSpec.ts"

const base = {
  version: 2,
  name: "note/find",
  description: "Finds notes",
  adapter: "server-only",
  idempotent: true,
  effects: "read",
  types: {
    Level: { enum: ["low", "high"] },
    Title: { type: "string", minLength: 1, maxLength: 100 },
    Shape: { union: { Circle: { fields: { r: { type: "number" } } }, Square: { fields: { a: { type: "number" } } } } },
    Tree: { fields: { title: { type: "Title" }, children: { type: "Tree[]" } } }
  },
  params: [
    { name: "text", type: "string", maxLength: 20 },
    { name: "limit", type: "integer", optional: true, minimum: 1 },
    { name: "offset", type: "integer", default: 0 },
    { name: "level", type: "Level", optional: true },
    { name: "shape", type: "Shape | null", optional: true },
    { name: "tree", type: "Tree", optional: true }
  ],
  results: [
    { name: "count", type: "integer" },
    { name: "level", type: "Level" },
    { name: "note", type: "Tree" },
    { name: "shape", type: "Shape | null", optional: true }
  ],
  errors: { NotFound: { fields: { id: { type: "string" } } } }
}

type Spec = typeof base

const commands = (spec: unknown) =>
  Result.getOrThrowWith(
    Result.flatMap(
      SpecReader.parse("specs/note/find.json", JSON.stringify(spec)),
      (spec) => SpecReader.resolve([{ source: "specs/note/find.json", spec }], TypeRegistry.empty)
    ),
    (error) => new Error(error.message)
  ).commands

/** What breaks when the spec is changed. */
const breaks = (change: (spec: any) => void): ReadonlyArray<string> => {
  const spec: Spec = structuredClone(base)
  change(spec)
  return BreakingChange.compare(commands(base), commands(spec)).map(({ message, path }) => `${path}: ${message}`)
}

const field = (list: ReadonlyArray<any>, name: string) => list.find((item) => item.name === name)

describe("breaking changes", () => {
  it("are none between a set of specs and itself", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { commands } = resolveRandom(randomSpecs(seed, 12))
      assert.deepStrictEqual(BreakingChange.compare(commands, commands), [], `seed ${seed}`)
    }
  })

  it("are none when only more is accepted, or less is answered", () => {
    assert.deepStrictEqual(
      breaks((spec) => {
        spec.description = "Other words"
        spec.params.push({ name: "more", type: "string", optional: true }, {
          name: "most",
          type: "string",
          default: ""
        })
        spec.results.push({ name: "more", type: "string" })
        field(spec.params, "text").optional = true
        field(spec.params, "text").maxLength = 30
        field(spec.params, "limit").type = "number"
        delete field(spec.params, "limit").minimum
        field(spec.params, "level").type = "Level | null"
        field(spec.results, "count").type = "int32"
        field(spec.results, "shape").optional = false
        spec.types.Tree.fields.children.maxItems = 3
      }).filter((change) => !change.startsWith("params.tree")),
      []
    )
  })

  it("does not mind what types are called", () => {
    assert.deepStrictEqual(
      breaks((spec) => {
        const text = JSON.stringify(spec).replaceAll("Tree", "Wood").replaceAll("Level", "Height")
        Object.assign(spec, { types: undefined }, JSON.parse(text))
      }),
      []
    )
  })

  const table: ReadonlyArray<readonly [string, (spec: any) => void, ReadonlyArray<string>]> = [
    ["a removed parameter", (spec) => spec.params.splice(1, 1), ["params.limit: was removed"]],
    ["a removed result", (spec) => spec.results.splice(0, 1), ["results.count: was removed"]],
    ["a new required parameter", (spec) => spec.params.push({ name: "x", type: "string" }), [
      "params.x: is new and required"
    ]],
    ["an optional parameter that becomes required", (spec) => delete field(spec.params, "limit").optional, [
      "params.limit: was optional and is required"
    ]],
    ["a default that is taken away", (spec) => delete field(spec.params, "offset").default, [
      "params.offset: was optional and is required"
    ]],
    ["a result that becomes optional", (spec) => field(spec.results, "count").optional = true, [
      "results.count: was always there and is optional"
    ]],
    ["a parameter that cannot be null any more", (spec) => field(spec.params, "shape").type = "Shape", [
      "params.shape: could be null and cannot any more"
    ]],
    ["a result that can be null", (spec) => field(spec.results, "count").type = "integer | null", [
      "results.count: was never null and can be"
    ]],
    ["a narrower parameter", (spec) => field(spec.params, "limit").type = "int32", [
      "params.limit: had the type integer and has int32"
    ]],
    ["a parameter of another kind", (spec) => spec.params[0] = { name: "text", type: "number" }, [
      "params.text: had the type string and has number"
    ]],
    ["a wider result", (spec) => field(spec.results, "count").type = "number", [
      "results.count: had the type integer and has number"
    ]],
    ["another JSON form", (spec) => field(spec.results, "count").type = "int64", [
      "results.count: had the type integer and has int64"
    ]],
    ["a stricter parameter", (spec) => field(spec.params, "text").maxLength = 10, [
      `params.text: "maxLength" is stricter: 20 became 10`
    ]],
    ["a new constraint", (spec) => field(spec.params, "text").pattern = "^a", [
      `params.text: "pattern" is stricter: none became "^a"`
    ]],
    ["a removed enum value", (spec) => spec.types.Level.enum = ["low"], [
      `params.level: the value "high" was removed`,
      `results.level: the value "high" was removed`
    ]],
    ["a new enum value, in answers", (spec) => spec.types.Level.enum.push("top"), [
      `results.level: the value "top" is new`
    ]],
    ["a removed variant", (spec) => delete spec.types.Shape.union.Square, [
      `params.shape: the variant "Square" was removed`,
      `results.shape: the variant "Square" was removed`
    ]],
    ["a field of a variant", (spec) => delete spec.types.Shape.union.Circle.fields.r, [
      "params.shape(Circle).r: was removed",
      "results.shape(Circle).r: was removed"
    ]],
    ["an alias in a recursive type", (spec) => spec.types.Title.maxLength = 200, [
      `results.note.title: "maxLength" is looser: 100 became 200`
    ]],
    ["a removed error", (spec) => delete spec.errors.NotFound, ["errors.NotFound: was removed"]],
    ["a new error", (spec) => spec.errors.Other = {}, ["errors.Other: is new: callers do not expect it"]],
    ["a field of an error", (spec) => spec.errors.NotFound = {}, ["errors.NotFound.id: was removed"]],
    ["a permission", (spec) => spec.accessLevel = "admin", [
      `accessLevel: needs the permission "admin", and needed none`
    ]],
    ["a mode", (spec) => spec.mode = "stream", ["mode: was async and is stream"]],
    ["promises", (spec) => Object.assign(spec, { idempotent: false, effects: "irreversible" }), [
      "idempotent: was true: callers may repeat a call",
      "effects: was read and is irreversible"
    ]],
    ["another environment", (spec) => Object.assign(spec, { adapter: "browser-only", environment: "browser" }), [
      "environment: was server and is browser"
    ]]
  ]
  it.each(table)("sees %s", (_, change, expected) => {
    assert.deepStrictEqual(breaks(change), expected)
  })

  it("sees a removed command", () => {
    assert.deepStrictEqual(BreakingChange.compare(commands(base), []), [
      { command: "note/find", source: "specs/note/find.json", path: "", message: "the command was removed" }
    ])
  })
})
