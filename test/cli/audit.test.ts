import { assert, it } from "@effect/vitest"
import { describe } from "vitest"
import { json } from "./command.ts"
import { handWritten, specProject } from "./specTools.ts"

describe("opbus audit", () => {
  it("prints figures and the worst folders, lists all on request, and ends with 1", () => {
    const { run } = specProject({ "src/notes/read.ts": handWritten })
    const figures = `0/1 commands with a spec
0/1 commands with a static accessor
1 any in the types of 1 command
0 raw calls
resource-owning modules with ManagedService 0/0, heal coverage 0/0
0/1 commands conform

Top violations:
  src/notes/* (1 command): 1 without a spec, 1 without a static accessor, 1 any
`
    assert.deepStrictEqual(run(["audit"]), {
      code: 1,
      stdout: figures,
      stderr: "opbus: 3 violations; --all lists them\n"
    })
    // From a folder of the project, and only for a folder that is named from there.
    const all = run(["audit", "--all", "--max", "3", "."], "src/notes")
    assert.deepStrictEqual([all.code, all.stdout], [0, figures])
    assert.strictEqual(
      all.stderr,
      `opbus: src/notes/read.ts:5:14 spec: "note.read" has no spec
opbus: src/notes/read.ts:5:14 accessor: ReadNote has no static accessor: ReadNote.invoke(params)
opbus: src/notes/read.ts:7:52 any: Schema.Any says nothing about the value
`
    )
  })

  it("prints one object for a script", () => {
    const { run } = specProject({ "src/notes/read.ts": handWritten })
    const { code, stderr, stdout } = run(["--json", "audit"])
    assert.strictEqual(code, 1)
    const [report] = json(stdout)
    assert.deepStrictEqual([report.commands, report.withSpec, report.anyPlaces, report.violations.length], [1, 0, 1, 3])
    assert.deepStrictEqual(json(stderr)[0], {
      _tag: "Error",
      exitCode: 1,
      reason: "Violations",
      message: "3 violations; --all lists them",
      violations: 3,
      accepted: 0
    })
  })

  it("says in one line what it cannot look at", () => {
    const { run, write } = specProject({})
    assert.deepStrictEqual(run(["audit", "../other"]).code, 2)
    assert.match(
      run(["audit", "nowhere"]).stderr,
      /^opbus: there is no .*nowhere; name files and folders here, or in "sources" of opbus\.config\.json\n$/
    )
    write("opbus.config.json", `{ "sources": 1 }`)
    const { code, stderr } = run(["audit"])
    assert.strictEqual(code, 2)
    assert.match(stderr, /^opbus: opbus\.config\.json:1:\d+: sources: /)
  })
})
