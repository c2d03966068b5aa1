import { assert, describe, it } from "@effect/vitest"
import { randomSpecs } from "../support/randomSpec.ts"
import { compile, has, makeProject, run } from "./support/project.ts"

describe.runIf(has("cc", "--version"))("C headers", () => {
  it("are accepted by a C compiler, one after the other in one file", () => {
    for (const seed of [121, 122]) {
      const files = randomSpecs(seed, 60, { adapters: ["server-only", "c-header"], nasty: true })
      const compilation = compile(files, ["c-header"])
      const project = makeProject(compilation)
      const headers = compilation.files.map(({ path }) => path)
      assert.strictEqual(headers.length, files.length + 1)
      project.write("all.c", headers.map((header) => `#include "${header}"\n`).join(""))
      const { code, output } = run(
        project.folder,
        "cc",
        ["-fsyntax-only", "-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror", "all.c"]
      )
      assert.strictEqual(code, 0, `seed ${seed}\n${output.slice(0, 4000)}`)
    }
  }, 60_000)
})

/** Reads every example into objects and writes it again; says what is not as it was. Then spoils values. */
const roundTrip = `
import importlib, json, sys
sys.path.insert(0, ".")
from python import _opbus as o
specs = json.load(open("specs.json"))
problems, count, refused = [], 0, 0

def within(given, written):
    if isinstance(given, dict) and isinstance(written, dict):
        return all(key in written and within(given[key], written[key]) for key in given)
    if isinstance(given, list) and isinstance(written, list):
        return len(given) == len(written) and all(map(within, given, written))
    return given == written and isinstance(given, bool) == isinstance(written, bool)

for spec in specs:
    module = importlib.import_module("python." + spec["module"])
    for example in spec["examples"]:
        values = []
        if "params" in example:
            values.append((module.PARAMS, example["params"]))
        if "result" in example:
            results = example["result"] if module.MODE == "stream" else [example["result"]]
            values.extend((module.RESULT, result) for result in results)
        if "error" in example:
            values.append((module.FAILURES[example["error"]["_tag"]], example["error"]))
        for made, value in values:
            count += 1
            read = made.from_json(value)
            written = read.to_json()
            if not within(value, written) or made.from_json(written).to_json() != written:
                problems.append([spec["module"], value, written])
            for key in value:
                if key == "_tag":
                    continue
                try:
                    made.from_json({**value, key: [object()]})
                    problems.append([spec["module"], key, "took what is of no type"])
                except o.Invalid:
                    refused += 1
services = importlib.import_module("python.services")
print(json.dumps({"problems": problems[:5], "count": count, "refused": refused}))
`

describe.runIf(has("python3", "--version"))("the Python package", () => {
  it("brings the examples of every spec back as they were, and refuses what is of no type", () => {
    for (const seed of [131, 132]) {
      const files = randomSpecs(seed, 60, { adapters: ["server-only", "python"], nasty: true })
      const compilation = compile(files, ["python"])
      const project = makeProject(compilation)
      project.write(
        "specs.json",
        JSON.stringify(compilation.commands.map((command) => ({
          module: /([^/]+)\.py$/u.exec(
            compilation.files.find((file) =>
              file.sources.length === 1 && file.sources[0] === command.source && !file.path.endsWith("__init__.py")
            )!.path
          )![1],
          examples: command.examples
        })))
      )
      project.write("check.py", roundTrip)
      const { code, output } = run(project.folder, "python3", ["check.py"], { PYTHONDONTWRITEBYTECODE: "1" })
      assert.strictEqual(code, 0, `seed ${seed}\n${output.slice(-2000)}`)
      const { count, problems, refused } = JSON.parse(output.trim().split("\n").at(-1)!)
      assert.deepStrictEqual(problems, [], `seed ${seed}`)
      assert.isAbove(count, 60)
      assert.isAbove(refused, 60)
    }
  }, 60_000)
})
