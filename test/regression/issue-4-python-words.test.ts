import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { vi } from "vitest"
import { makeProject, read, repository, spec } from "../spec/backend/support/projects.ts"

vi.setConfig({ testTimeout: 60_000 })

const hasPython = spawnSync("python3", ["--version"]).status === 0

const program = `
from python import note_write as w
for text, tags, size in [("ab", ["a"], 1), ("abc", [], 1), ("abc", ["a"], 100), ("a c", ["a"], 1), ("abc", ["a"], 1)]:
    try:
        w.NoteWriteParams.from_json({"text": text, "tags": tags, "size": size})
        print("fits")
    except Exception as error:
        print(error)
`

describe.runIf(hasPython)("generated Python", () => {
  it("says what a value has to be in words, and what a method raises in a sentence of its own", () => {
    const root = makeProject({
      "specs/note/write.json": spec("note/write", {
        adapter: "python",
        description: "Writes a note",
        params: [
          { name: "text", type: "string", minLength: 3, pattern: "^[a-z]+$" },
          { name: "tags", type: "string[]", minItems: 1 },
          { name: "size", type: "number", exclusiveMaximum: 100 }
        ],
        errors: { NoteFull: {} }
      })
    })
    const bin = ["--conditions=opbus-source", join(repository, "src/cli/bin.ts")]
    assert.strictEqual(spawnSync(process.execPath, [...bin, "generate"], { cwd: root }).status, 0)
    const { stdout } = spawnSync("python3", ["-B", "-c", program], { cwd: root, encoding: "utf8" })
    assert.deepStrictEqual(stdout.trim().split("\n"), [
      "expected 3 characters or more at $.text",
      "expected 1 items or more at $.tags",
      "expected less than 100 at $.size",
      "expected a string that matches ^[a-z]+\\Z at $.text",
      "fits"
    ])
    assert.include(read(root, "python/services.py"), "Writes a note. Raises NoteFull.")
  })
})
