import { assert, it } from "@effect/vitest"
import { fileURLToPath } from "node:url"
import * as ConformanceAudit from "opbus/spec/ConformanceAudit"
import * as GeneratorConfig from "opbus/spec/GeneratorConfig"
import { describe } from "vitest"
import { config, places, project, runTools } from "./support/project.ts"

const repository = fileURLToPath(new URL("../../../", import.meta.url))

const audit = (files: Readonly<Record<string, string>>) =>
  runTools(ConformanceAudit.audit({ root: project(files).root, config }))

const violations = (report: ConformanceAudit.Report) =>
  places(report.violations, ({ commands, rule }: ConformanceAudit.Violation) => `${rule} ${commands}`.trim())

const imports = `import { Effect, Schema } from "effect"\nimport { Operation, OperationInvoker } from "opbus"\n`

const spec = (name: string) =>
  JSON.stringify({ version: 2, name, description: "d", adapter: "server-only", params: [], results: [] })

const operation = (name: string, key: string, body: string, input = "Schema.String") =>
  `export class ${name} extends Operation.make({ meta: { key: "${key}" }, input: Schema.Struct({ a: ${input} }) }) {${body}}\n`

const good = (name: string) =>
  `\n  static invoke(params: typeof ${name}.input.Type) { return OperationInvoker.invoke(${name}, params) }\n`

describe("opbus audit", () => {
  it("finds nothing in a command with a spec and a static accessor", async () => {
    const report = await audit({
      "specs/note/read.json": spec("note/read"),
      "src/read.ts": imports + operation("Read", "note.read", good("Read"))
    })
    assert.deepStrictEqual(report.violations, [])
    assert.deepStrictEqual([report.commands, report.conforming, report.withSpec, report.withAccessor], [1, 1, 1, 1])
  })

  it("accepts accessors in every form that invokes the operation", async () => {
    const report = await audit({
      "specs/a/a.json": spec("a/a"),
      "specs/a/b.json": spec("a/b"),
      "specs/a/c.json": spec("a/c"),
      "src/all.ts": imports +
        operation(
          "A",
          "a.a",
          " static readonly invoke = (params: { a: string }) => OperationInvoker.invoke(A, params) "
        ) +
        operation(
          "B",
          "a.b",
          " static invoke(params: { a: string }) { return OperationInvoker.invokeRemote(this, params) } "
        ) +
        `import * as opbus from "opbus"\n` +
        operation(
          "C",
          "a.c",
          " static invoke(params: { a: string }) { return opbus.invoke(C, params).pipe(Effect.orDie) } "
        )
    })
    assert.deepStrictEqual(report.violations, [])
  })

  it("does not accept an accessor that invokes something else, or nothing, or is a constant's", async () => {
    const report = await audit({
      "specs/a/a.json": spec("a/a"),
      "specs/a/b.json": spec("a/b"),
      "specs/a/c.json": spec("a/c"),
      "specs/a/d.json": spec("a/d"),
      "src/all.ts": imports + operation("A", "a.a", good("B")) +
        operation("B", "a.b", " static invoke() { return 1 } ") +
        operation("C", "a.c", " invoke() { return OperationInvoker.invoke(C, { a: \"\" }) } ") +
        `export const D = Operation.make({ meta: { key: "a.d" } })\n`
    })
    assert.deepStrictEqual(violations(report), [
      "src/all.ts:4:3 accessor a.a",
      "src/all.ts:6:111 accessor a.b",
      "src/all.ts:7:14 accessor a.c",
      "src/all.ts:8:18 accessor a.d"
    ])
    assert.strictEqual(report.withAccessor, 0)
  })

  it("finds any in the file of a command, in its handlers, and in types that it reaches elsewhere, and nowhere else", async () => {
    const report = await audit({
      "specs/a/a.json": spec("a/a"),
      "src/A.ts": `import { Model } from "./model.ts"\n` + imports +
        operation("A", "a.a", good("A"), "Model") + `export type Loose = Record<string, any>\n`,
      "src/A.server.ts": `export const handler = (x: any) => x // any in a comment is none\n`,
      "src/model.ts": imports + `export const Model = Schema.Struct({ b: Schema.Any })\nexport type Far = any\n`,
      "src/unrelated.ts": `export const x = "any" as any\n`
    })
    assert.deepStrictEqual(violations(report), [
      "src/A.server.ts:1:28 any a.a",
      "src/A.ts:7:36 any a.a",
      "src/model.ts:3:41 any a.a"
    ])
    assert.deepStrictEqual([report.anyPlaces, report.anyCommands], [3, 1])
  })

  it("finds invocations by a literal key, whatever the invoker is called, and no others", async () => {
    const report = await audit({
      "src/calls.ts": `
import { invokeKey, OperationInvoker as Bus } from "opbus"
import * as Module from "opbus/operation/OperationInvoker"
const KEY = "a.b"
export const raw = [invokeKey("a.b", {}), Bus.invokeKey(KEY, {}), Module.OperationInvoker.invokeKey(\`a.b\`, {})]
export const service = Bus.use((bus) => bus.invokeKey("a.b", {}))
export const stream = Bus.useSync((bus) => bus.invokeKeyStream("a.b", {}))
export const dynamic = (key: string) => invokeKey(key, {})
export const shadowed = (invokeKey: (key: string) => void) => invokeKey("a.b")
export const shadowedKey = (KEY: string) => invokeKey(KEY, {})
`.trimStart()
    })
    assert.deepStrictEqual(violations(report), [
      "src/calls.ts:4:21 raw-call",
      "src/calls.ts:4:43 raw-call",
      "src/calls.ts:4:67 raw-call",
      "src/calls.ts:5:41 raw-call",
      "src/calls.ts:6:44 raw-call"
    ])
    assert.strictEqual(report.rawCalls, 5)
  })

  it("counts services, and what acquires something beside them", async () => {
    const service = (traits: string) =>
      `import * as ServiceDefinition from "opbus/native/ServiceDefinition"\n` +
      `export const definition = ServiceDefinition.make({ name: "store", specHash: "", traits: ${traits}, commands: {} })\n`
    const implementation = (heal: string) =>
      `import { Effect } from "effect"\nexport const make = () => ({ health: Effect.succeed("Healthy"), heal: ${heal} })\n` +
      `export const opened = Effect.acquireRelease(Effect.void, () => Effect.void)\n`
    const loose = `import { DatabaseSync } from "node:sqlite"\nexport const open = () => new DatabaseSync("x.db")\n`
    const counts = async (files: Readonly<Record<string, string>>) => {
      const report = await audit(files)
      return { counts: [report.managed, report.healing, report.resourceOwning], violations: violations(report) }
    }
    assert.deepStrictEqual(
      await counts({
        "src/store/StoreService.ts": service(`["ManagedService"]`),
        "src/store/StoreTypeScript.ts": implementation("Effect.sync(() => repair())")
      }),
      { counts: [1, 1, 1], violations: [] }
    )
    assert.deepStrictEqual(
      await counts({
        "src/store/StoreService.ts": service(`["Lifecycle"]`),
        "src/store/StoreTypeScript.ts": implementation("Effect.sync(() => true)"),
        "src/loose.ts": loose,
        "specs/other/do.json": JSON.stringify({
          ...JSON.parse(spec("other/do")),
          service: { module: "modules/other", traits: ["ManagedService"] }
        })
      }),
      {
        counts: [0, 0, 3],
        violations: [
          "specs/other/do.json:1:1 managed-service",
          "src/loose.ts:2:27 managed-service",
          "src/store/StoreService.ts:2:27 managed-service",
          "src/store/StoreTypeScript.ts:2:71 heal"
        ]
      }
    )
  })

  it("looks at heal in Rust as well, past comments and strings", async () => {
    const rust = (body: string) => `
impl ManagedService for Store {
    // fn heal(&self) -> bool { true }
    fn name(&self) -> &str { "fn heal(&self) -> bool { true }" }
    fn heal(&self) -> bool {
        ${body}
    }
}
`
    const healing = async (body: string) => {
      const report = await audit({
        "src/store/StoreService.ts": `import * as ServiceDefinition from "opbus/native/ServiceDefinition"\n` +
          `export const definition = ServiceDefinition.make({ name: "store", specHash: "", traits: ["ManagedService"], commands: {} })\n`,
        "native/core/src/modules/store.rs": rust(body)
      })
      return report.healing
    }
    assert.strictEqual(await healing("true"), 0)
    assert.strictEqual(await healing("return false; // later: self.reopen()"), 0)
    assert.strictEqual(await healing("todo!(\"heal {}\")"), 0)
    assert.strictEqual(await healing("self.reopen().is_ok()"), 1)
    assert.strictEqual(await healing("if self.lost() { self.reopen(); } true"), 1)
  })

  it("says which files and specs cannot be read, and goes on", async () => {
    const report = await audit({
      "specs/a/b.json": `{ "version": 2, `,
      "src/broken.ts": `export const = 1\n`,
      "src/read.ts": imports + operation("Read", "note.read", good("Read"))
    })
    assert.deepStrictEqual(violations(report), [
      "specs/a/b.json:1:17 unreadable",
      "src/broken.ts:1:14 unreadable",
      "src/read.ts:3:14 spec note.read"
    ])
  })

  it("runs on every operation of the notebook, which are written by hand", async () => {
    const report = await runTools(ConformanceAudit.audit({
      root: repository,
      config: GeneratorConfig.resolve(),
      sources: ["examples/notebook"]
    }))
    const keys = (rule: string) =>
      report.violations.filter((violation) => violation.rule === rule).flatMap(({ commands }) => commands).sort()
    const all = [
      "ai.analyzeText",
      "analysis.request",
      "collection.create",
      "collection.delete",
      "collection.list",
      "collection.restore",
      "import.discard",
      "import.folder",
      "layout.setMode",
      "note.create",
      "note.delete",
      "note.find",
      "note.merge",
      "note.move",
      "note.read",
      "note.rename",
      "note.restore",
      "note.search",
      "note.tag",
      "note.write",
      "notebook.fingerprint",
      "statistics.words",
      "toast.show",
      "worker.start",
      "worker.status",
      "worker.stop"
    ]
    assert.deepStrictEqual(keys("spec"), all)
    assert.deepStrictEqual(keys("accessor"), all)
    assert.deepStrictEqual([report.commands, report.anyPlaces, report.rawCalls], [all.length, 0, 0])
  })
})
