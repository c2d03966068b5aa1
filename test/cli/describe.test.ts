import { assert, describe, it } from "vitest"
import { json, lines, notes } from "./command.ts"

describe("opbus list", () => {
  it("shows key, label, mode, undo and permission of every operation", async () => {
    const { run } = notes()
    const { code, stderr, stdout } = await run(["list"])
    assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
    const [head, ...rows] = lines(stdout).map((line) => line.split(/ {2,}/))
    assert.deepStrictEqual(head, ["KEY", "LABEL", "MODE", "UNDO", "PERMISSION"])
    assert.deepInclude(rows, ["layout.setMode", "Set mode", "sync", "no", "-"])
    assert.deepInclude(rows, ["note.count", "Count", "stream", "no", "-"])
    assert.deepInclude(rows, ["note.create", "Create note", "async", "yes", "notes:write"])
  })

  it("takes a filter, also for machines", async () => {
    const { run } = notes()
    const { stdout } = await run(["list", "NOTEBOOK", "--json"])
    assert.deepStrictEqual(json(stdout), [{
      key: "note.create",
      label: "Create note",
      description: "Adds a note to the notebook.",
      version: 2,
      mode: "async",
      undoable: true,
      permission: "notes:write"
    }])
    assert.strictEqual((await run(["list", "nothing like it"])).stdout, "No operations match \"nothing like it\".\n")
  })
})

describe("opbus describe", () => {
  it("shows annotations, undo, schemas and an example", async () => {
    const { run } = notes()
    const { code, stdout } = await run(["describe", "note.create"])
    assert.strictEqual(code, 0)
    for (
      const part of [
        "note.create - Create note",
        "Adds a note to the notebook.",
        "by note.delete",
        "notes:write",
        "\"title\": { \"type\": \"string\", \"minLength\": 1 }",
        "\"additionalProperties\": false",
        "invoke note.create '{\"title\":\"text\"}'"
      ]
    ) assert.include(stdout, part)
  })

  it("gives an example that the operation accepts, the same one every time", async () => {
    const { run } = notes()
    const exampleOf = async (key: string): Promise<string> =>
      JSON.stringify(json((await run(["describe", key, "--json"])).stdout)[0].example)
    for (const key of ["test.odd", "note.import", "layout.setMode", "note.list"]) {
      const result = await run(["invoke", key, await exampleOf(key)])
      assert.deepStrictEqual({ code: result.code, stderr: result.stderr }, { code: 0, stderr: "" })
    }
    assert.strictEqual(await exampleOf("test.odd"), await exampleOf("test.odd"))
  })

  it("gives machines one object with JSON Schemas", async () => {
    const { run } = notes()
    const [description] = json((await run(["describe", "note.rename", "--json"])).stdout)
    assert.strictEqual(description.undo, "note.rename")
    assert.deepStrictEqual(description.input.required, ["id", "title"])
    assert.deepStrictEqual(description.progress, { not: {} })
    assert.deepInclude(description, { key: "note.rename", label: "Rename note", version: 1, executionMode: "async" })
  })

  it("exits with 3 for a key that is not there", async () => {
    const { run } = notes()
    const result = await run(["describe", "note.creat"])
    assert.strictEqual(result.code, 3)
    assert.match(result.stderr, /Did you mean "note\.create"/)
  })
})
