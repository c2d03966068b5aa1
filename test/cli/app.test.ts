import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { fixture, json, lines, notes, opbus, type Options } from "./command.ts"

const moduleWith = (source: string, name = "app.mjs"): string => {
  const folder = mkdtempSync(join(tmpdir(), "opbus-app-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, name)
  writeFileSync(file, source)
  return file
}

/** Root writes everywhere; without its rights it does not. */
const nobody: Options = process.getuid?.() === 0 ? { uid: 65534 } : {}

describe("an application module that cannot be used", () => {
  const cases: ReadonlyArray<readonly [name: string, module: () => string, message: RegExp]> = [
    ["is not there", () => "nowhere/app.ts", /there is no file nowhere\/app\.ts in .*; check the path/],
    ["is a folder", () => fixture("."), /is not a file; give the path of a module/],
    [
      "throws",
      () => moduleWith("throw new Error('no settings\\nsecond line')"),
      /could not be imported: Error: no settings; correct the module/
    ],
    ["is no JavaScript", () => moduleWith("const a = {"), /could not be imported: SyntaxError: /],
    [
      "needs a package that is not installed",
      () => moduleWith("import 'not-installed-at-all'"),
      /could not be imported: .*Cannot find package 'not-installed-at-all'/
    ],
    [
      "has no default export",
      () => moduleWith("export const app = 1"),
      /has no default export, only app; export default a Layer on top of Opbus\.layer/
    ],
    [
      "exports a function",
      () => moduleWith("export default () => {}"),
      /is a function, not a Layer; export default a Layer/
    ],
    ["exports a promise", () => moduleWith("export default Promise.resolve(1)"), /is a Promise, not a Layer/],
    ["has a layer that fails", () => fixture("fails.ts"), /the layer of .* failed: cannot reach the database/],
    ["has a layer that needs more", () => fixture("needs.ts"), /needs app\/Mailer, which nothing provides/],
    [
      "provides too little",
      () => fixture("incomplete.ts"),
      /does not provide FollowupScheduler, UndoRegistry, HistoryTracker; export default a Layer/
    ]
  ]
  for (const [name, module, message] of cases) {
    it(`ends with 2 and one line when it ${name}`, async () => {
      const result = await opbus(["--app", module(), "list"])
      assert.strictEqual(result.code, 2)
      assert.match(result.stderr, message)
      assert.strictEqual(lines(result.stderr).length, 1)
      assert.strictEqual(result.stdout, "")
    })
  }

  it("ends with 2 when none is named", async () => {
    const result = await opbus(["list"])
    assert.strictEqual(result.code, 2)
    assert.match(result.stderr, /which application\? Give its module with --app <module>, or in the variable OPBUS_APP/)
  })

  it("ends with 1 and one line when it throws later, outside of its operations", async () => {
    const { database } = notes()
    const result = await opbus(["--app", fixture("late.ts"), "invoke", "test.wait"], { env: { NOTES_DB: database } })
    assert.strictEqual(result.code, 1)
    assert.deepStrictEqual(lines(result.stderr), [
      "waiting",
      "cleaned up",
      "opbus: the application threw outside of its operations: the socket is gone; --debug shows where"
    ])
  })

  it("shows the stack trace with --debug only", async () => {
    const result = await opbus(["--app", moduleWith("throw new Error('no settings')"), "list", "--debug"])
    assert.match(result.stderr, /^opbus: .*no settings.*\n.*app\.mjs/s)
  })
})

describe("a database that cannot be used", () => {
  it("is named when it is no database", async () => {
    const { database, run } = notes()
    writeFileSync(database, "This is a text, not a database.\n".repeat(100))
    const result = await run(["list"])
    assert.strictEqual(result.code, 2)
    assert.match(result.stderr, /notes\.db is not a SQLite database: give another path, or move that file away/)
    assert.strictEqual(lines(result.stderr).length, 1)
  })

  it("is named when its folder is not there", async () => {
    const { folder, run } = notes()
    const result = await run(["list"], { env: { NOTES_DB: join(folder, "nowhere", "notes.db") } })
    assert.strictEqual(result.code, 2)
    assert.match(result.stderr, /cannot open .*notes\.db: its folder is missing/)
    assert.strictEqual(lines(result.stderr).length, 1)
  })

  it("is named when its folder is read-only", async () => {
    const { folder, run } = notes()
    chmodSync(folder, 0o555)
    const result = await run(["list"], nobody)
    assert.strictEqual(result.code, 2)
    assert.match(result.stderr, /cannot open .*notes\.db: its folder is missing or closed to this user/)
    assert.strictEqual(lines(result.stderr).length, 1)
  })

  it("is named when it is read-only itself; what is in it can be read, and nothing is lost", async () => {
    const { database, folder, run } = notes()
    await run(["invoke", "note.create", "{\"title\":\"Tea\"}"])
    const before = readFileSync(database)
    for (const file of readdirSync(folder)) chmodSync(join(folder, file), 0o444)
    chmodSync(folder, 0o555)
    assert.include((await run(["history"], nobody)).stdout, "Create \"Tea\"")
    const invoked = await run(["invoke", "note.create", "{\"title\":\"Milk\"}"], nobody)
    assert.strictEqual(invoked.code, 1)
    const undone = await run(["undo"], nobody)
    assert.strictEqual(undone.code, 4)
    for (const { stderr } of [invoked, undone]) {
      assert.match(
        stderr,
        /cannot write to .*notes\.db: the file, its folder or this client is read-only; allow writing there/
      )
      assert.strictEqual(lines(stderr).length, 1)
    }
    chmodSync(folder, 0o755)
    for (const file of readdirSync(folder)) chmodSync(join(folder, file), 0o644)
    assert.isTrue(readFileSync(database).equals(before))
    assert.strictEqual((await run(["undo"])).stdout, "undone: Create \"Tea\"\n")
  })
})

describe("opbus", () => {
  it("documents its subcommands and exit codes with --help", async () => {
    const { code, stderr, stdout } = await opbus(["--help"])
    assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
    for (
      const word of [
        "list",
        "describe",
        "invoke",
        "history",
        "undo",
        "redo",
        "watch",
        "--app",
        "--json",
        "Exit codes",
        "130"
      ]
    ) {
      assert.include(stdout, word)
    }
  })

  it("prints help on the error output, and exits with 2, when it is told nothing", async () => {
    const { code, stderr, stdout } = await opbus([])
    assert.deepStrictEqual({ code, stdout }, { code: 2, stdout: "" })
    assert.include(stderr, "USAGE")
  })

  it("prints its version", async () => {
    const { code, stdout } = await opbus(["--version"])
    assert.strictEqual(code, 0)
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })

  it("prints completions for the shell", async () => {
    const { code, stdout } = await opbus(["--completions", "bash"])
    assert.strictEqual(code, 0)
    assert.include(stdout, "describe")
  })

  it("says in one line what is wrong with the arguments", async () => {
    const cases: ReadonlyArray<readonly [args: ReadonlyArray<string>, message: RegExp]> = [
      [["lst"], /Unknown subcommand "lst" for "opbus", did you mean "list"/],
      [["list", "--jsn"], /Unrecognized flag: --jsn/],
      [["invoke"], /Missing required argument: key\. See opbus invoke --help/],
      [["list", "a", "b"], /Unexpected positional argument: "b"/]
    ]
    for (const [args, message] of cases) {
      const result = await opbus(args)
      assert.strictEqual(result.code, 2)
      assert.match(result.stderr, message)
      assert.strictEqual(lines(result.stderr).length, 1)
    }
    const machine = await opbus(["lst", "--json"])
    assert.deepInclude(json(machine.stderr)[0], { _tag: "Error", exitCode: 2, reason: "UnknownSubcommand" })
  })
})
