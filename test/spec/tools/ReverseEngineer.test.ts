import { assert, it } from "@effect/vitest"
import { fileURLToPath } from "node:url"
import * as GeneratorConfig from "opbus/spec/GeneratorConfig"
import * as ReverseEngineer from "opbus/spec/ReverseEngineer"
import { describe } from "vitest"
import { config, places, project, runTools } from "./support/project.ts"

const repository = fileURLToPath(new URL("../../../", import.meta.url))

const reverse = (files: Readonly<Record<string, string>>, options: Partial<ReverseEngineer.ReverseOptions> = {}) =>
  runTools(ReverseEngineer.reverse({ root: project(files).root, config, ...options }))

const specOf = (found: ReverseEngineer.Reversed, name: string) =>
  found.commands.find(({ spec }) => spec.name === name)?.spec

const warnings = (found: ReverseEngineer.Reversed) =>
  places(found.warnings, (warning: ReverseEngineer.Warning) => `${warning.code} ${warning.message}`)

const model = `
import { Schema } from "effect"
/** A text with a title. */
export const Note = Schema.Struct({
  id: Schema.String,
  /** Never empty. */
  title: Schema.String.check(Schema.isNonEmpty()),
  tags: Schema.Array(Schema.String),
  parent: Schema.NullOr(Schema.suspend((): Schema.Codec<any> => Note))
}).annotate({ identifier: "Note" })
export const Level = Schema.Literals(["low", "high"])
const Circle = Schema.TaggedStruct("Circle", { radius: Schema.Finite })
export const Shape = Schema.Union([Circle, Schema.Struct({ _tag: Schema.tag("Square"), side: Schema.Finite })])
export class NoteNotFound extends Schema.TaggedError<NoteNotFound>()("NoteNotFound", { id: Note.fields.id }) {}
`.trimStart()

describe("reverse of operations written by hand", () => {
  it("follows imports, aliases of imports and constants across files", async () => {
    const found = await reverse({
      "src/model.ts": model.replace("(): Schema.Codec<any> => Note", "() => Note"),
      "src/barrel.ts": `export * from "./model.ts"\nexport { Level as NoteLevel } from "./model.ts"\n`,
      "src/notes.ts": `
import * as S from "effect/Schema"
import { Operation as Op } from "opbus"
import * as OperationInvoker from "opbus/operation/OperationInvoker"
import { Note, NoteLevel, NoteNotFound, Shape } from "./barrel.ts"
const key = "note.move"
const limit = 10
/** Moves a note. */
export class MoveNote extends Op.make({
  meta: { key },
  input: S.Struct({ id: Note.fields.id, to: S.optionalKey(S.NullOr(S.String)), level: NoteLevel,
    times: S.Int.pipe(S.withDecodingDefaultKey(Effect.succeed(limit))).check(S.isBetween({ minimum: 1, maximum: 20 })),
    password: Op.sensitive(S.String.check(S.isPattern(/^[a-z]+$/u))) }),
  output: Note,
  error: S.Union([NoteNotFound, Conflict]),
  stream: true
}).annotate(Op.Permission, "ai-safe").annotate(Op.Readonly, true) {
  static invoke(params: any) { return OperationInvoker.OperationInvoker.invokeStream(MoveNote, params) }
}
import * as Effect from "effect/Effect"
class Conflict extends S.TaggedError<Conflict>()("Conflict", { shapes: S.Array(Shape) }) {}
`.trimStart()
    })
    assert.deepStrictEqual(specOf(found, "note/move"), {
      version: 2,
      name: "note/move",
      description: "Moves a note.",
      environment: "server",
      adapter: "server-only",
      accessLevel: "ai-safe",
      mode: "stream",
      effects: "read",
      types: {
        Level: { enum: ["low", "high"] },
        Note: {
          description: "A text with a title.",
          fields: {
            id: { type: "string" },
            title: { type: "string", description: "Never empty.", minLength: 1 },
            tags: { type: "string[]" },
            parent: { type: "Note | null" }
          }
        },
        Shape: {
          union: {
            Circle: { fields: { radius: { type: "number" } } },
            Square: { fields: { side: { type: "number" } } }
          }
        }
      },
      params: [
        { name: "id", type: "string" },
        { name: "to", type: "string | null", optional: true },
        { name: "level", type: "Level" },
        { name: "times", type: "integer", default: 10, minimum: 1, maximum: 20 },
        { name: "password", type: "string", sensitive: true, pattern: "^[a-z]+$" }
      ],
      results: [
        { name: "id", type: "string" },
        { name: "title", type: "string", description: "Never empty.", minLength: 1 },
        { name: "tags", type: "string[]" },
        { name: "parent", type: "Note | null" }
      ],
      errors: {
        Conflict: { fields: { shapes: { type: "Shape[]" } } },
        NoteNotFound: { fields: { id: { type: "string" } } }
      }
    })
    assert.deepStrictEqual(warnings(found), ["src/notes.ts:17:25 any any says nothing about the value"])
  })

  it("says where it cannot see, with file, line and column", async () => {
    const found = await reverse({
      "src/things.ts": `
import { Schema } from "effect"
import { invokeKey, Operation } from "opbus"
import { Missing } from "./missing.ts"
const make = () => Schema.String
export class DoThings extends Operation.make({
  meta: { key: "thing.do", label: "Do things" },
  input: Schema.Struct({
    a: Schema.Any,
    b: make(),
    c: Missing,
    d: Schema.Tuple([Schema.String]),
    e: Schema.String.pipe(Schema.decodeTo(Schema.Finite)),
    f: Schema.String.check(Schema.isTrimmed()),
    g: Schema.Union([Schema.String, Schema.Finite])
  }),
  output: Schema.Array(Schema.String),
  progress: Schema.String
}) {}
export const later = (key: string) => [invokeKey("thing.do", {}), invokeKey(key, {})]
export const Computed = Operation.make({ meta: { key: "thing." + Math.random() } })
`.trimStart()
    })
    assert.deepStrictEqual(warnings(found), [
      `src/things.ts:5:14 pattern DoThings has no static accessor: DoThings.invoke(params)`,
      `src/things.ts:6:35 dropped a spec has no place for the label`,
      `src/things.ts:8:8 any Schema.Any says nothing about the value; it is taken as json`,
      `src/things.ts:9:8 computed "make" computes a schema; it is taken as json`,
      `src/things.ts:10:8 computed "Missing" is not a schema that is written out; it is taken as json`,
      `src/things.ts:11:8 unsupported "Schema.Tuple" is no type of a spec; it is taken as json`,
      `src/things.ts:12:27 computed "Schema.decodeTo(Schema.Finite)" transforms the schema; its result is taken as what it starts from`,
      `src/things.ts:13:28 unsupported a spec cannot say "Schema.isTrimmed"; the check is left out`,
      `src/things.ts:14:8 unsupported a union of a spec is of literals, or of structs that one field tells apart; this is taken as json`,
      `src/things.ts:16:11 unsupported a spec describes an object here; the value becomes its field "items"`,
      `src/things.ts:17:13 dropped a spec has no place for progress events`,
      `src/things.ts:19:40 pattern "thing.do" is invoked by its key: invoke its class, which knows the types`,
      `src/things.ts:20:25 computed the key of this operation is computed; write it as a string`
    ])
    assert.deepStrictEqual(specOf(found, "thing/do")?.params?.map(({ name, type }) => `${name}: ${type}`), [
      "a: json",
      "b: json",
      "c: json",
      "d: json",
      "e: string",
      "f: string",
      "g: json"
    ])
    assert.deepStrictEqual(specOf(found, "thing/do")?.results, [{ name: "items", type: "string[]" }])
  })

  it("names objects that have no name, and tells apart types of the same name", async () => {
    const found = await reverse({
      "src/a.ts": `import { Schema } from "effect"\nexport const Info = Schema.Struct({ a: Schema.String })\n`,
      "src/b.ts": `import { Schema } from "effect"\nexport const Info = Schema.Struct({ b: Schema.Boolean })\n`,
      "src/op.ts": `
import { Schema } from "effect"
import { Operation } from "opbus"
import { Info } from "./a.ts"
import * as b from "./b.ts"
export const List = Operation.make({
  meta: { key: "info.list", description: "Lists" },
  output: Schema.Struct({ first: Info, second: b.Info, rows: Schema.Array(Schema.Struct({ id: Schema.Int })) })
})
`
    })
    assert.deepStrictEqual(specOf(found, "info/list")?.results?.map(({ name, type }) => `${name}: ${type}`), [
      "first: Info",
      "second: Info2",
      "rows: InfoListResultRowsItem[]"
    ])
    assert.deepStrictEqual(specOf(found, "info/list")?.types, {
      Info: { fields: { a: { type: "string" } } },
      Info2: { fields: { b: { type: "boolean" } } },
      InfoListResultRowsItem: { fields: { id: { type: "integer" } } }
    })
  })

  it("calls types of opbus.config.json by the names that they have there", async () => {
    const found = await reverse({
      "src/model.ts": model,
      "src/op.ts": `
import { Operation } from "opbus"
import { Schema } from "effect"
import { PressureLevel } from "opbus/native/PressureLevel"
import { Note } from "./model.ts"
export const Read = Operation.make({ meta: { key: "note.read", description: "Reads" }, output: Schema.Struct({ note: Note, level: PressureLevel }) })
`
    }, { config: GeneratorConfig.resolve({ types: { Note: { typescript: "./src/model.ts" } } }) })
    assert.deepStrictEqual(specOf(found, "note/read")?.results?.map(({ type }) => type), ["Note", "PressureLevel"])
    assert.isUndefined(specOf(found, "note/read")?.types)
  })

  it("says that the compiler will refuse what it writes", async () => {
    const found = await reverse({
      "src/op.ts": `
import { Operation } from "opbus"
import { Schema } from "effect"
export class Sync extends Operation.make({ meta: { key: "a.b", description: "d" }, input: Schema.Struct({ "no name": Schema.String }) }) {
  static invoke() { return invoke(Sync, {}) }
}
import { invoke } from "opbus"
`
    })
    assert.strictEqual(found.warnings.length, 1)
    assert.match(found.warnings[0]!.message, /^the spec will be refused: params\[0\]/)
  })

  it("does not follow imports out of the project, survives cycles, and names files that are no TypeScript", async () => {
    const found = await reverse({
      "src/a.ts": `export * from "./b.ts"\nimport { x } from "../../../etc/passwd"\nexport const y = x\n`,
      "src/b.ts": `export * from "./a.ts"\nimport { nothing } from "./a.ts"\nimport { Operation } from "opbus"\n` +
        `export const Op = Operation.make({ meta: { key: "x.y", description: "d" }, input: nothing })\n`,
      "src/c.ts": `const = 1\n`,
      "src/__proto__.ts": `export const __proto__ = 1\n`
    })
    assert.deepStrictEqual(found.broken.map(({ column, line, path }) => `${path}:${line}:${column}`), ["src/c.ts:1:7"])
    assert.deepStrictEqual(specOf(found, "x/y")?.params, [{ name: "value", type: "json" }])
  })

  it("reads types that are nested too deeply as json, and says so", async () => {
    const nested = (open: string, close: string) => open.repeat(1_000) + "Schema.String" + close.repeat(1_000)
    const found = await reverse({
      "src/op.ts": `
import { Operation } from "opbus"
import { Schema } from "effect"
type Deep = ${"Array<".repeat(1_000)}string${">".repeat(1_000)}
export class DeepCommand {}
export interface DeepParams { deep: Deep; sum: ${"(string | ".repeat(1_000)}null${")".repeat(1_000)} }
export const Op = Operation.make({
  meta: { key: "a.b", description: "d" },
  input: Schema.Struct({ a: ${nested("Schema.Array(", ")")}, b: Schema.String${".check()".repeat(1_000)}, c: ${
        nested("[", "]")
      } })
})
`
    })
    assert.deepStrictEqual(
      found.warnings.filter(({ message }) => message === "types are nested deeper than 200 levels").length,
      5
    )
    assert.strictEqual(found.commands.length, 2)
  })

  it("reads every operation of the notebook", async () => {
    const found = await runTools(ReverseEngineer.reverse({ root: repository, config, sources: ["examples/notebook"] }))
    assert.strictEqual(found.commands.length, 26)
    assert.deepStrictEqual(
      found.warnings.filter(({ code }) => code !== "pattern" && code !== "dropped").map(({ message }) => message),
      [
        `a spec describes an object here; the value becomes its field "items"`,
        `a spec describes an object here; the value becomes its field "items"`
      ]
    )
    assert.deepStrictEqual(specOf(found, "note/restore")?.types?.["Note"], {
      fields: {
        type: { type: "'note'" },
        id: { type: "string" },
        title: { type: "string" },
        body: { type: "string" },
        tags: { type: "string[]", description: "Sorted, each one once." },
        collection: { type: "string | null", description: "The id of the collection that the note is in." },
        source: { type: "string | null", description: "The file that the note was imported from." }
      }
    })
  })
})

describe("reverse of interfaces beside a class", () => {
  it("reads what the command takes and answers", async () => {
    const found = await reverse({
      "src/commands/gpu/stats/shared/GpuStatsTypes.ts": `
export enum Mode { Fast = "fast", Slow = "slow" }
export interface Base { readonly verbose?: boolean }
export interface SubsystemInfo {
  /** Budget in MB */
  budgetMb: number
  nested?: SubsystemInfo | null
}
export interface GpuStatsParams extends Base {
  subsystem?: "inference" | "tts"
  mode: Mode
  since: Date
  extra: any
  lost
  names: ReadonlyArray<string>
  byName: Record<string, SubsystemInfo>
}
export type GpuStatsResult = { gpuName: string; info: SubsystemInfo; shape: { kind: "a"; x: number } | { kind: "b" } }
`.trimStart(),
      "src/commands/gpu/stats/server/GpuStatsServer.ts": `
import type { GpuStatsParams, GpuStatsResult } from "../shared/GpuStatsTypes.ts"
/** Query GPU stats */
export class GpuStatsServerCommand {
  async execute(params: GpuStatsParams): Promise<GpuStatsResult> { throw new Error(String(params)) }
}
`.trimStart(),
      "src/other.ts": `export interface PlainParams { a: string }\n`
    })
    assert.deepStrictEqual(found.commands.map(({ kind, spec }) => `${kind} ${spec.name}`), ["interfaces gpu/stats"])
    const spec = specOf(found, "gpu/stats")!
    assert.strictEqual(spec.description, "Query GPU stats")
    assert.deepStrictEqual(spec.params, [
      { name: "verbose", type: "boolean", optional: true },
      { name: "subsystem", type: "'inference' | 'tts'", optional: true },
      { name: "mode", type: "Mode" },
      { name: "since", type: "timestamp" },
      { name: "extra", type: "json" },
      { name: "lost", type: "json" },
      { name: "names", type: "string[]" },
      { name: "byName", type: "Record<string, SubsystemInfo>" }
    ])
    assert.deepStrictEqual(spec.results?.map(({ name, type }) => `${name}: ${type}`), [
      "gpuName: string",
      "info: SubsystemInfo",
      "shape: GpuStatsResultShape"
    ])
    assert.deepStrictEqual(spec.types, {
      GpuStatsResultShape: {
        union: { a: { fields: { x: { type: "number" } } }, b: { fields: {} } },
        discriminator: "kind"
      },
      Mode: { enum: ["fast", "slow"] },
      SubsystemInfo: {
        fields: {
          budgetMb: { type: "number", description: "Budget in MB" },
          nested: { type: "SubsystemInfo | null", optional: true }
        }
      }
    })
    const path = "src/commands/gpu/stats/shared/GpuStatsTypes.ts"
    assert.deepStrictEqual(warnings(found), [
      "src/commands/gpu/stats/server/GpuStatsServer.ts:3:8 pattern GpuStats has no static accessor: GpuStats.invoke(params)",
      `${path}:11:10 unsupported a Date is read as timestamp, which is a DateTime.Utc`,
      `${path}:12:10 any any says nothing about the value; it is taken as json`,
      `${path}:13:3 missing-type "lost" has no type; it is taken as json`
    ])
  })
})
