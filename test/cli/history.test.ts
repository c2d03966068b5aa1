import type { ChildProcess } from "node:child_process"
import { assert, describe, it } from "vitest"
import { fixture, json, lines, notes, opbus } from "./command.ts"

const titles = async ({ run }: ReturnType<typeof notes>): Promise<ReadonlyArray<string>> => {
  const [{ output }] = json((await run(["invoke", "note.list", "--json"])).stdout)
  return (output as ReadonlyArray<{ readonly title: string }>).map(({ title }) => title)
}

const rows = (stdout: string): ReadonlyArray<ReadonlyArray<string>> =>
  lines(stdout).slice(1).map((line) => line.trim().split(/ {2,}/))

describe("Four processes on one file", () => {
  it("invoke, history, undo and redo, one after the other, do what they say", async () => {
    const app = notes()
    const { run } = app

    const invoked = await run(["invoke", "note.create", "{\"title\":\"Tea\"}"])
    assert.deepStrictEqual(invoked, { code: 0, stdout: "{ \"id\": \"n1\" }\n", stderr: "" })

    const history = await run(["history"])
    assert.strictEqual(history.code, 0)
    assert.strictEqual(history.stderr, "")
    const [[number, when, actor, state, what]] = rows(history.stdout) as [[string, string, string, string, string]]
    assert.deepStrictEqual({ number, actor, state, what }, {
      number: "1",
      actor: "-",
      state: "done",
      what: "Create \"Tea\""
    })
    assert.match(when, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)

    const undone = await run(["undo"])
    assert.deepStrictEqual(undone, { code: 0, stdout: "undone: Create \"Tea\"\n", stderr: "" })
    assert.deepStrictEqual(await titles(app), [])
    assert.strictEqual(rows((await run(["history"])).stdout)[0]![3], "undone")

    const redone = await run(["redo"])
    assert.deepStrictEqual(redone, { code: 0, stdout: "redone: Create \"Tea\"\n", stderr: "" })
    assert.deepStrictEqual(await titles(app), ["Tea"])

    const again = await run(["redo"])
    assert.deepStrictEqual(again, { code: 4, stdout: "", stderr: "opbus: There is nothing to redo.\n" })
  })
})

describe("opbus history", () => {
  it("shows the steps of an entry, partial entries, actors, and only what is asked for", async () => {
    const { run } = notes()
    await run(["invoke", "note.create", "{\"title\":\"Anns\"}", "--actor", "ann"])
    await run(["invoke", "note.import", "{\"titles\":[\"a\",\"b\",\"c\"],\"failAt\":2}"])
    const { stdout } = await run(["history"])
    const [imported, ...rest] = rows(stdout)
    assert.deepStrictEqual([imported![0], ...imported!.slice(2)], ["2", "-", "done, partial", "Import notes"])
    assert.deepStrictEqual(rest.slice(0, 2), [["- note.create"], ["- note.create"]])
    assert.deepStrictEqual(rest[2]!.slice(2), ["ann", "done", "Create \"Anns\""])

    const anns = json((await run(["history", "--actor", "ann", "--json"])).stdout)
    assert.strictEqual(anns.length, 1)
    assert.deepInclude(anns[0], {
      number: 1,
      actor: "ann",
      status: "live",
      message: "Create \"Anns\"",
      scopes: ["notebook"]
    })
    assert.strictEqual((await run(["history", "--scope", "nowhere"])).stdout, "No entries.\n")
    assert.match((await run(["history", "--limit", "1"])).stdout, /1 more: --limit 0 shows all\.\n$/)
  })
})

describe("opbus undo and redo", () => {
  it("go down to an entry and up to it again", async () => {
    const app = notes()
    const { run } = app
    for (const title of ["a", "b", "c"]) await run(["invoke", "note.create", JSON.stringify({ title })])

    const dry = await run(["undo", "--to", "2", "--dry-run"])
    assert.strictEqual(dry.stdout, "would undo: Create \"c\"\nwould undo: Create \"b\"\n")
    assert.strictEqual((await run(["undo", "--to", "2"])).stdout, "undone: Create \"c\"\nundone: Create \"b\"\n")
    assert.deepStrictEqual(await titles(app), ["a"])

    assert.strictEqual((await run(["redo", "--dry-run"])).stdout, "would redo: Create \"b\"\n")
    const redone = await run(["redo", "--to", "3", "--json"])
    assert.deepStrictEqual(json(redone.stdout).map(({ _tag, entry }) => [_tag, entry.message]), [
      ["Redone", "Create \"b\""],
      ["Redone", "Create \"c\""]
    ])
    assert.deepStrictEqual(await titles(app), ["a", "b", "c"])
  })

  it("take one entry alone only when nothing stands above it", async () => {
    const { run } = notes()
    for (const title of ["a", "b"]) await run(["invoke", "note.create", JSON.stringify({ title })])
    const blocked = await run(["undo", "1"])
    assert.deepStrictEqual(blocked, {
      code: 4,
      stdout: "",
      stderr: "opbus: entry 1 is not the next one: 2 (\"Create \"b\"\") stands above it; --to 1 undoes both\n"
    })
    assert.strictEqual((await run(["undo", "2"])).stdout, "undone: Create \"b\"\n")
    const twice = await run(["undo", "2"])
    assert.strictEqual(twice.code, 4)
    assert.strictEqual(twice.stderr, "opbus: entry 2: it is undone already\n")
    assert.strictEqual((await run(["undo", "7"])).code, 4)
  })

  it("are kept per actor", async () => {
    const { run } = notes()
    await run(["invoke", "note.create", "{\"title\":\"Anns\"}", "--actor", "ann"])
    const nobodys = await run(["undo"])
    assert.deepStrictEqual(nobodys, { code: 4, stdout: "", stderr: "opbus: There is nothing to undo.\n" })
    const other = await run(["undo", "1"])
    assert.strictEqual(other.stderr, "opbus: entry 1: it belongs to ann; add --actor ann\n")
    assert.strictEqual(
      (await run(["undo", "--actor", "ann", "--scope", "notebook"])).stdout,
      "undone: Create \"Anns\"\n"
    )
  })

  it("exit with 4 when the inverse fails, and keep the entry", async () => {
    const { run } = notes()
    await run(["invoke", "note.create", "{\"title\":\"Tea\"}"])
    await run(["invoke", "note.delete", "{\"id\":\"n1\"}"])
    const result = await run(["undo"])
    assert.strictEqual(result.code, 4)
    assert.match(result.stderr, /^opbus: "note\.delete" failed: .*\n$/)
    assert.strictEqual(rows((await run(["history"])).stdout)[0]![3], "done")
  })
})

describe("opbus watch", () => {
  it("follows what other processes do to the same file, until Ctrl-C", async () => {
    const { run } = notes()
    let child: ChildProcess | undefined
    let seen = ""
    let wake = () => {}
    const watching = run(["watch"], {
      onOutput: (output, process) => {
        child = process
        seen = output
        wake()
      }
    })
    const until = async (text: string) => {
      while (!seen.includes(text)) await new Promise<void>((resolve) => (wake = resolve))
    }
    await until("watching")
    await run(["invoke", "note.create", "{\"title\":\"Tea\"}", "--actor", "ann"])
    await until("done: Create \"Tea\" (ann)")
    await run(["undo", "--actor", "ann"])
    await until("undone: Create \"Tea\" (ann)")
    child!.kill("SIGINT")
    const { code, stderr } = await watching
    assert.deepStrictEqual({ code, stderr }, {
      code: 130,
      stderr: "opbus: watching; Ctrl-C ends it\nopbus: interrupted\n"
    })
  })

  it("follows the invocations of its own process, without what is sensitive", async () => {
    const { database } = notes()
    const watch = (...args: ReadonlyArray<string>) =>
      opbus(["--app", fixture("busy.ts"), "watch", ...args], {
        env: { NOTES_DB: database },
        onOutput: (output, child) => {
          if (/note\.create succeeded|"Succeeded".*"note\.create"/.test(output)) child.kill("SIGINT")
        }
      })
    const human = await watch()
    assert.match(human.stdout, /layout\.setMode started \{"mode":"board"\}\n.*layout\.setMode succeeded in \d+ ms\n/)
    assert.match(human.stdout, /vault\.open started \{"vault":"home","password":"<redacted>"\}\n.*vault\.open failed: /)
    const machine = await watch("--json")
    const events = json(machine.stdout).filter(({ _tag }) => _tag === "Invocation").map(({ event, key }) =>
      `${key} ${event}`
    )
    assert.deepStrictEqual(events, [
      "layout.setMode Started",
      "layout.setMode Succeeded",
      "vault.open Started",
      "vault.open Failed",
      "note.create Started",
      "note.create Succeeded"
    ])
    assert.notInclude(human.stdout + machine.stdout, "hunter2")
  })
})
