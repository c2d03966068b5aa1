import { assert, describe, it } from "@effect/vitest"
import { randomSpecs } from "../support/randomSpec.ts"
import { compile, has, makeProject, run } from "./support/project.ts"

const validate = `
import json, sys
from jsonschema import Draft202012Validator
problems, count, refused = [], 0, 0
for item in json.load(open("examples.json")):
    schema = json.load(open(item["schema"]))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for example in item["examples"]:
        for part in ("params", "error") if item["stream"] else ("params", "result", "error"):
            if part in example:
                count += 1
                problems.extend(item["schema"] + ": " + error.message for error in validator.iter_errors({part: example[part]}))
                if not validator.is_valid({part: []}):
                    refused += 1
print(json.dumps({"problems": problems[:5], "count": count, "refused": refused}))
`

describe.runIf(has("python3", "-c", "import jsonschema"))("JSON Schemas", () => {
  it("are valid, accept the examples of every spec, and refuse what is no object", () => {
    const compilation = compile(randomSpecs(141, 60, { adapters: ["server-only", "json-schema"], nasty: true }), [
      "json-schema"
    ])
    const project = makeProject(compilation)
    project.write(
      "examples.json",
      JSON.stringify(compilation.commands.map((command) => ({
        schema: `schemas/${command.name}.json`,
        stream: command.mode === "stream",
        examples: command.examples
      })))
    )
    project.write("check.py", validate)
    const { code, output } = run(project.folder, "python3", ["check.py"])
    assert.strictEqual(code, 0, output.slice(-2000))
    const { count, problems, refused } = JSON.parse(output.trim().split("\n").at(-1)!)
    assert.deepStrictEqual(problems, [])
    assert.isAbove(count, 60)
    assert.strictEqual(refused, count)
  }, 60_000)
})

describe("the OpenAPI document", () => {
  it("has a path for every command that a server serves, and every reference leads somewhere", () => {
    const { commands, files } = compile(
      randomSpecs(142, 60, { adapters: ["server-only", "rust-ipc", "browser-only"] }),
      [
        "json-schema"
      ]
    )
    const document = JSON.parse(files.find(({ path }) => path === "schemas/openapi.json")!.text)
    const served = commands.filter((command) => command.environment !== "browser")
    assert.isAbove(served.length, 20)
    assert.deepStrictEqual(Object.keys(document.paths).sort(), served.map(({ key }) => `/rpc/${key}`).sort())
    let references = 0
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return
      for (const [key, item] of Object.entries(value)) {
        if (key === "$ref" && typeof item === "string") {
          references++
          assert.match(item, /^#\/components\/schemas\//u)
          assert.isTrue(Object.hasOwn(document.components.schemas, item.slice("#/components/schemas/".length)), item)
        } else visit(item)
      }
    }
    visit(document.paths)
    visit(document.components)
    assert.isAbove(references, served.length)
  })
})

describe("what an adapter cannot express", () => {
  const base = {
    version: 2 as const,
    name: "gpu/stats",
    description: "Query",
    environment: "server" as const,
    adapter: "rust-ipc",
    rust: { module: "modules/gpu", traits: ["ManagedService"] as const },
    params: [],
    results: [{ name: "gpuName", type: "string" }]
  }
  const refused = (change: object, pattern: RegExp, more: ReadonlyArray<object> = []): void => {
    const files = [{ ...base, ...change }, ...more].map((spec: any) => ({ source: `specs/${spec.name}.json`, spec }))
    assert.throws(() => compile(files), pattern)
  }

  it("is named before anything is made", () => {
    const browser = { ...base, adapter: "browser-only", environment: "browser", rust: undefined } as any
    assert.throws(
      () => compile([{ source: "specs/gpu/stats.json", spec: browser }], ["rust-ipc"]),
      /needs a block "rust"[^]*there is no Rust in a browser/u
    )
    refused({ rust: { ...base.rust, imports: ["std::process; fn x() {}"] } }, /import/u)
    refused({}, /adapter/u, [{ ...base, name: "gpu/reset", adapter: "sidecar" }])
    refused(
      { adapter: "python", rust: undefined, params: [{ name: "word", type: "string", pattern: "^\\p{L}+$" }] },
      /pattern/u
    )
  })
})
