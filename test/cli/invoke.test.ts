import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { commandLine, fixture, json, lines, notes } from "./command.ts"

/** Runs a command on a terminal. */
const hasScript = spawnSync("script", ["--version"]).status === 0

describe("opbus invoke", () => {
  it("prints what the operation returns", async () => {
    const { run } = notes()
    const result = await run(["invoke", "note.create", "{\"title\":\"Tea\"}"])
    assert.deepStrictEqual(result, { code: 0, stdout: "{ \"id\": \"n1\" }\n", stderr: "" })
  })

  it("prints JSON lines with --json, and text as it is without", async () => {
    const { run } = notes()
    const machine = await run(["invoke", "layout.setMode", "{\"mode\":\"list\"}", "--json"])
    assert.deepStrictEqual(json(machine.stdout), [{ _tag: "Output", key: "layout.setMode", output: "list" }])
    const human = await run(["invoke", "layout.setMode", "{\"mode\":\"list\"}"])
    assert.strictEqual(human.stdout, "list\n")
  })

  it("reads the input from a file and from a pipe", async () => {
    const { folder, run } = notes()
    const file = join(folder, "note.json")
    writeFileSync(file, "\uFEFF{\"title\":\"From a file\"}\n")
    assert.strictEqual((await run(["invoke", "note.create", "--file", file])).code, 0)
    assert.strictEqual((await run(["invoke", "note.create"], { stdin: "{\"title\":\"From a pipe\"}" })).code, 0)
    assert.strictEqual((await run(["invoke", "note.create", "-"], { stdin: "{\"title\":\"From a dash\"}" })).code, 0)
    const listed = await run(["invoke", "note.list", "--json"])
    const [{ output }] = json(listed.stdout) as [{ output: ReadonlyArray<{ title: string }> }]
    assert.deepStrictEqual(output.map(({ title }) => title), ["From a file", "From a pipe", "From a dash"])
  })

  it("prints the elements of a stream as they come", async () => {
    const { run } = notes()
    const human = await run(["invoke", "note.count", "{\"to\":3}"])
    assert.deepStrictEqual(human, { code: 0, stdout: "1\n2\n3\n", stderr: "" })
    const failing = await run(["invoke", "note.count", "{\"to\":5,\"failAt\":3}", "--json"])
    assert.deepStrictEqual(json(failing.stdout).map(({ output }) => output), [1, 2])
    assert.strictEqual(failing.code, 1)
    assert.deepInclude(json(failing.stderr)[0], { reason: "Failed", error: { _tag: "NoteNotFound", id: "3" } })
  })

  it("prints progress as JSON lines with --json, and not at all in a pipe", async () => {
    const { run } = notes()
    const input = "{\"titles\":[\"a\",\"b\"]}"
    const machine = await run(["invoke", "note.import", input, "--json"])
    assert.deepStrictEqual(json(machine.stdout), [
      { _tag: "Progress", key: "note.import", progress: { done: 0, total: 2 } },
      { _tag: "Progress", key: "note.import", progress: { done: 1, total: 2 } },
      { _tag: "Progress", key: "note.import", progress: { done: 2, total: 2 } },
      { _tag: "Output", key: "note.import", output: 2 }
    ])
    assert.deepStrictEqual(await run(["invoke", "note.import", input]), { code: 0, stdout: "2\n", stderr: "" })
  })

  it.skipIf(!hasScript)("draws progress on a terminal, and takes it off again", () => {
    const { database } = notes()
    const command = commandLine(["--app", fixture("notes.ts"), "invoke", "note.import", "{\"titles\":[\"a\",\"b\"]}"])
    const { status, stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], NOTES_DB: database }
    })
    assert.strictEqual(status, 0)
    const erase = "\r\x1b[2K"
    assert.strictEqual(
      stdout,
      `${erase}note.import [--------------------] 0/2${erase}note.import [##########----------] 1/2${erase}note.import [####################] 2/2${erase}2\r\n`
    )
  })

  it("prints a typed failure in one line and exits with 1", async () => {
    const { run } = notes()
    const result = await run(["invoke", "note.delete", "{\"id\":\"n9\"}"])
    assert.deepStrictEqual(result, {
      code: 1,
      stdout: "",
      stderr: "opbus: \"note.delete\" failed: NoteNotFound: {\"id\":\"n9\"}\n"
    })
  })

  it("does not print what is sensitive in a failure", async () => {
    const { run } = notes()
    const args = ["invoke", "vault.open", "{\"vault\":\"home\",\"password\":\"hunter2\"}"]
    for (const result of [await run(args), await run([...args, "--json"]), await run([...args, "--debug"])]) {
      assert.strictEqual(result.code, 1)
      assert.include(result.stderr, "WrongPassword")
      assert.include(result.stderr, "home")
      assert.notInclude(result.stdout + result.stderr, "hunter2")
    }
  })

  it("says in one line that a handler broke, and where with --debug", async () => {
    const { run } = notes()
    const result = await run(["invoke", "test.break"])
    assert.strictEqual(result.code, 1)
    assert.deepStrictEqual(lines(result.stderr), [
      "opbus: the handler of \"test.break\" broke: TypeError: a is not; --debug shows where"
    ])
    const debug = await run(["invoke", "test.break", "--debug"])
    assert.include(debug.stderr, "notes.ts")
  })

  it("exits with 3 for a key that is not there, and suggests one that is", async () => {
    const { run } = notes()
    const near = await run(["invoke", "note.creat", "{}"])
    assert.strictEqual(near.code, 3)
    assert.match(near.stderr, /^opbus: No handler is registered for "note\.creat"\. Did you mean "note\.create".*\?\n$/)
    for (const key of ["__proto__", "constructor"]) {
      const result = await run(["invoke", key, "{}"])
      assert.strictEqual(result.code, 3)
      assert.strictEqual(lines(result.stderr).length, 1)
    }
  })

  it("interrupts a handler that takes longer than --timeout", async () => {
    const { run } = notes()
    const result = await run(["invoke", "test.wait", "--timeout", "100ms"])
    assert.strictEqual(result.code, 1)
    assert.deepStrictEqual(lines(result.stderr).slice(0, 2), ["waiting", "cleaned up"])
    assert.match(result.stderr, /did not finish within 100 ms/)
    const wrong = await run(["invoke", "test.wait", "--timeout", "soon"])
    assert.strictEqual(wrong.code, 2)
    assert.match(wrong.stderr, /a duration is written like/)
  })

  it("interrupts the handler on Ctrl-C and exits with 130", async () => {
    const { run } = notes()
    const result = await run(["invoke", "test.wait"], {
      onOutput: (output, child) => {
        if (output.includes("waiting")) child.kill("SIGINT")
      }
    })
    assert.deepStrictEqual(result, { code: 130, stdout: "", stderr: "waiting\ncleaned up\nopbus: interrupted\n" })
  })

  it("waits for follow-ups and tells of those that failed", async () => {
    const { run } = notes()
    assert.strictEqual((await run(["invoke", "test.later", "{\"fail\":false}"])).code, 0)
    assert.match((await run(["invoke", "note.list"])).stdout, /later/)
    const failing = await run(["invoke", "test.later", "{\"fail\":true}"])
    assert.strictEqual(failing.code, 0)
    assert.include(failing.stderr, "the follow-up \"test.break\" failed")
  })

  it("ends quietly when nobody reads the output any more", async () => {
    const { run } = notes()
    const result = await run(["invoke", "note.count", "{\"to\":1000000}"], {
      onOutput: (_, child) => child.stdout!.destroy()
    })
    assert.strictEqual(result.code, 141)
    assert.strictEqual(result.stderr, "")
  })
})

describe("opbus invoke, with bad input,", () => {
  const cases: ReadonlyArray<readonly [name: string, input: string, message: RegExp]> = [
    ["a wrong type", "{\"title\":3}", /at title: expected string, got a number/],
    [
      "a wrong type deep inside",
      "{\"title\":\"a\",\"tags\":[\"b\",[\"c\"]]}",
      /at tags\[1\]: expected string, got an array/
    ],
    ["a missing field", "{\"tags\":[]}", /at title: this property is missing/],
    ["an excess property", "{\"title\":\"a\",\"titel\":\"b\"}", /at titel: this property is not expected/],
    ["__proto__", "{\"title\":\"a\",\"__proto__\":{\"polluted\":true}}", /at __proto__: this property is not expected/],
    [
      "a comma too many",
      "{\"title\":\"a\",}",
      /not JSON at line 1, column 14: expected a property name in double quotes, found "}"/
    ],
    ["an end too early", "{\n  \"title\": [1", /not JSON at line 2, column 14: expected "," or "]", but it ends here/],
    ["no text at all", "", /not JSON at line 1, column 1: expected a value/],
    ["single quotes", "{'title': 'a'}", /not JSON at line 1, column 2: expected a property name in double quotes/]
  ]
  for (const [name, input, message] of cases) {
    it(`says where the fault is: ${name}`, async () => {
      const { run } = notes()
      const result = await run(["invoke", "note.create", input])
      assert.strictEqual(result.code, 2)
      assert.match(result.stderr, message)
      assert.strictEqual(lines(result.stderr).length, 1)
      assert.strictEqual(result.stdout, "")
    })
  }

  it("takes a string of 10 MB and refuses one in the wrong place in one line", async () => {
    const { run } = notes()
    const long = "x".repeat(10 * 1024 * 1024)
    const good = await run(["invoke", "note.create"], { stdin: JSON.stringify({ title: long }) })
    assert.deepStrictEqual(good, { code: 0, stdout: "{ \"id\": \"n1\" }\n", stderr: "" })
    const wrong = await run(["invoke", "note.create"], { stdin: JSON.stringify({ title: "a", tags: long }) })
    assert.strictEqual(wrong.code, 2)
    assert.match(wrong.stderr, /^opbus: Invalid input for "note.create" at tags: .{1,200}\n$/)
    const broken = await run(["invoke", "note.create"], { stdin: `{"title":"${long}` })
    assert.strictEqual(broken.code, 2)
    assert.match(
      broken.stderr,
      /^opbus: the standard input is not JSON at line 1, column 10: this string has no end\n$/
    )
  })

  it("tells the path to machines", async () => {
    const { run } = notes()
    const result = await run(["invoke", "note.create", "{\"title\":\"a\",\"tags\":[1]}", "--json"])
    assert.deepInclude(json(result.stderr)[0], {
      _tag: "Error",
      exitCode: 2,
      reason: "InvalidInput",
      key: "note.create",
      path: ["tags", "0"]
    })
  })

  it("names the file that is not there, or is no text", async () => {
    const { folder, run } = notes()
    const missing = await run(["invoke", "note.create", "--file", join(folder, "none.json")])
    assert.strictEqual(missing.code, 2)
    assert.match(missing.stderr, /cannot read the input from .*none\.json: there is no such file/)
    const binary = join(folder, "binary.json")
    writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]))
    const unreadable = await run(["invoke", "note.create", "--file", binary])
    assert.strictEqual(unreadable.code, 2)
    assert.match(unreadable.stderr, /binary\.json is not UTF-8 text/)
    const twice = await run(["invoke", "note.create", "{}", "--file", binary])
    assert.match(twice.stderr, /the input is given twice/)
  })
})
