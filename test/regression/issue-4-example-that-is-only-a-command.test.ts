import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { vi } from "vitest"
import { makeProject, read, repository, spec } from "../spec/backend/support/projects.ts"

vi.setConfig({ testTimeout: 60_000 })

describe("an example that is only a command line", () => {
  it("is in the documentation, and is no test that could never pass", () => {
    const root = makeProject({
      "specs/note/list.json": spec("note/list", {
        params: [{ name: "kind", type: "string" }],
        examples: [
          { description: "from the shell", command: "./notes list --kind=a" },
          { description: "as a call", params: { kind: "a" } }
        ]
      })
    })
    const bin = ["--conditions=opbus-source", join(repository, "src/cli/bin.ts")]
    assert.strictEqual(spawnSync(process.execPath, [...bin, "generate"], { cwd: root }).status, 0)
    assert.include(read(root, "src/operations/note/NoteList.md"), "./notes list --kind=a")
    const tests = read(root, "src/operations/note/NoteList.test.ts")
    assert.notInclude(tests, "from the shell")
    assert.include(tests, "it.effect(\"as a call\"")
  })
})
