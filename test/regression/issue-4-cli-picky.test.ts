import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { vi } from "vitest"
import { placeInSpec } from "../../src/spec/internal/tools/breaking/place.ts"
import { makeProject, put, read, repository, spec } from "../spec/backend/support/projects.ts"

vi.setConfig({ testTimeout: 60_000 })

const run = (cwd: string, flags: ReadonlyArray<string>, args: ReadonlyArray<string>) => {
  const bin = join(repository, "src/cli/bin.ts")
  return spawnSync(process.execPath, ["--conditions=opbus-source", ...flags, bin, ...args], { cwd, encoding: "utf8" })
}

describe("the command line, to a critical reader", () => {
  it("loads the compiler for none of the commands that do not need it", () => {
    const hook = `import { registerHooks } from "node:module"
      registerHooks({ load(url, context, next) { if (/src\\/spec\\//.test(url)) console.error("loaded " + url); return next(url, context) } })`
    const { status, stderr } = run(repository, [`--import=data:text/javascript,${encodeURIComponent(hook)}`], [
      "--help"
    ])
    assert.strictEqual(stderr.split("\n").filter((line) => line.startsWith("loaded")).join("\n"), "")
    assert.strictEqual(status, 0)
  })

  it("says with --force what it has overwritten, not that it is in conflict", () => {
    const root = makeProject({ "specs/text/measure.json": spec("text/measure", {}) })
    assert.strictEqual(run(root, [], ["generate"]).status, 0)
    const file = "src/operations/text/TextMeasure.ts"
    put(root, { [file]: `${read(root, file)}// edited\n` })
    const { stdout } = run(root, [], ["generate", "--force"])
    assert.include(stdout, `overwrite ${file} (it has been edited by hand)\n`)
  })
})

describe("the audit", () => {
  it("asks no service of a spec that makes only a contract", () => {
    const rust = { module: "modules/words", traits: ["ManagedService"] }
    const root = makeProject({ "specs/text/words.json": spec("text/words", { adapter: "trait-only", rust }) })
    assert.strictEqual(run(root, [], ["generate"]).status, 0)
    const { stderr, stdout } = run(root, [], ["audit"])
    assert.include(stdout, "resource-owning modules with ManagedService 0/0")
    assert.strictEqual(stderr, "")
  })

  it("has reverse say what it looks for when there is nothing", () => {
    const root = makeProject({ "src/plain.ts": "export interface PlainParams { a: string }\n" })
    assert.include(run(root, [], ["reverse"]).stdout, "interfaces XParams and XResult beside a class X")
  })
})

describe("a breaking change", () => {
  const text = JSON.stringify(
    {
      version: 2,
      types: { Line: { fields: { sku: { type: "string" } } } },
      params: [{ name: "a", type: "string" }, { name: "b", type: "Line[]" }],
      errors: { Gone: { fields: { why: { type: "string" } } } }
    },
    null,
    2
  )
  const lineOf = (path: string) => text.split("\n")[placeInSpec(text, path).line - 1]!.trim()

  it("is reported where the spec says it, or near it", () => {
    assert.strictEqual(
      placeInSpec(text, "params.b").line,
      1 + text.slice(0, text.indexOf(`"b"`)).split("\n").length - 2
    )
    assert.strictEqual(lineOf("errors.Gone.why"), `"why": {`)
    assert.strictEqual(lineOf("types.Line.sku"), `"sku": {`)
    assert.strictEqual(lineOf("params.gone"), `"params": [`)
    assert.deepStrictEqual(placeInSpec(text, ""), { line: 1, column: 1 })
    assert.deepStrictEqual(placeInSpec("{", "params.b"), { line: 1, column: 1 })
  })
})
