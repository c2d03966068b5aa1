import { assert, it } from "@effect/vitest"
import { describe } from "vitest"
import { json } from "./command.ts"
import { handWritten, specProject } from "./specTools.ts"

const spec = {
  version: 2,
  name: "note/read",
  description: "Reads a note.",
  environment: "server",
  adapter: "server-only",
  params: [{ name: "id", type: "string" }, { name: "extra", type: "json" }],
  results: [{ name: "title", type: "string" }]
}

const warnings = `opbus: src/notes/read.ts:5:14 pattern: ReadNote has no static accessor: ReadNote.invoke(params)
opbus: src/notes/read.ts:7:52 any: Schema.Any says nothing about the value; it is taken as json
`

describe("opbus reverse", () => {
  it("prints the spec of one command, and warnings with file and line", () => {
    const { has, run } = specProject({ "src/notes/read.ts": handWritten })
    const { code, stderr, stdout } = run(["reverse"])
    assert.deepStrictEqual(JSON.parse(stdout), spec)
    assert.deepStrictEqual([code, stderr, has("specs")], [0, warnings, false])
    assert.strictEqual(run(["reverse", "--strict"]).code, 1)
    assert.deepStrictEqual(json(run(["--json", "reverse"]).stdout), [
      { file: "specs/note/read.json", path: "src/notes/read.ts", line: 5, kind: "operation", spec }
    ])
  })

  it("writes specs, keeps those that say something else, and what it writes can be generated from", () => {
    const { read, run, write } = specProject({ "src/notes/read.ts": handWritten })
    const first = run(["reverse", "--write"])
    assert.deepStrictEqual([first.code, JSON.parse(read("specs/note/read.json"))], [0, spec])
    assert.match(first.stdout, /1 created, 0 replaced, 0 unchanged, 0 kept/)
    assert.match(run(["reverse", "--write"]).stdout, /0 created, 0 replaced, 1 unchanged, 0 kept/)
    const mine = JSON.stringify({ ...spec, description: "Mine" })
    write("specs/note/read.json", mine)
    assert.match(run(["reverse", "--write"]).stdout, /0 unchanged, 1 kept as they are \(--force replaces them\)/)
    assert.strictEqual(read("specs/note/read.json"), mine)
    assert.match(run(["reverse", "--write", "--force"]).stdout, /0 created, 1 replaced/)
    const generated = run(["generate"])
    assert.deepStrictEqual([generated.code, generated.stderr], [0, ""])
    assert.match(read("src/operations/note/NoteRead.ts"), /static invoke\(params: NoteReadParams/)
  })

  it("names files that are no TypeScript", () => {
    const { run } = specProject({ "src/a.ts": "export const = 1\n" })
    const { code, stderr } = run(["reverse"])
    assert.strictEqual(code, 1)
    assert.match(stderr, /^opbus: src\/a\.ts:1:14 this is no TypeScript: .*\n/)
  })

  it("writes nothing when a command is defined twice", () => {
    const { has, run } = specProject({ "src/a.ts": handWritten, "src/b.ts": handWritten })
    const { code, stderr } = run(["reverse", "--write"])
    assert.deepStrictEqual([code, has("specs")], [2, false])
    assert.match(stderr, /"note\/read" is defined twice: src\/a\.ts:5 and src\/b\.ts:5; nothing was written/)
  })
})
