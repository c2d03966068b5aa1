import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { isBuilt } from "./support/native.ts"

const main = fileURLToPath(new URL("../../examples/notebook/main.ts", import.meta.url))

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Tells the story of the notebook as a user does; `onOutput` sees what has been printed so far. */
const run = (
  directory: string,
  args: ReadonlyArray<string>,
  onOutput?: (output: string, kill: (signal: NodeJS.Signals) => void) => void,
  env: NodeJS.ProcessEnv = {}
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--conditions=opbus-source", main, "--terminal", ...args], {
      env: { ...process.env, OPBUS_NOTEBOOK_DIR: directory, ...env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    let output = ""
    let errors = ""
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk
      onOutput?.(output, (signal) => child.kill(signal))
    })
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      errors += chunk
    })
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, output, errors }))
  })

const root = fileURLToPath(new URL("../../", import.meta.url))
const app = join(root, "examples/notebook/app.ts")
const bin = join(root, "src/cli/bin.ts")

/** What a program prints that uses a notebook. */
const node = async (directory: string, args: ReadonlyArray<string>): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=opbus-source", ...args], {
    cwd: root,
    // With Rust where it is there, a warning would come before the output where it is not.
    env: { ...process.env, OPBUS_NOTEBOOK_DIR: directory, OPBUS_NOTEBOOK_NATIVE: "false" }
  })
  return stdout
}

/** What was printed under a heading. */
const section = (output: string, title: string): string => {
  const start = output.indexOf(`\n${title}`)
  assert.notStrictEqual(start, -1, `there is no "${title}" in\n${output}`)
  const end = output.indexOf("\n\n", start)
  return output.slice(start, end === -1 ? undefined : end)
}

/** What the files of these tests contain. */
const words = ["--search", "text markup"]

const places = (text: string): ReadonlyArray<string> => text.match(/"text markup" is in .*/g) ?? []

const contents = (text: string): ReadonlyArray<string> => text.match(/\d+ notes?, .* sha-256 [0-9a-f]+/g) ?? []

const succeeded = ({ code, errors, output }: Ended): string => {
  assert.strictEqual(code, 0, `${output}\n${errors}`)
  assert.strictEqual(errors, "")
  return output
}

const refused = ({ code, errors }: Ended): string => {
  assert.strictEqual(code, 1)
  assert.match(errors, /^notebook: [^\n]+\n$/, "one line")
  return errors
}

describe("the notebook", { timeout: 120_000 }, () => {
  let folder: string
  const path = (name: string) => join(folder, name)

  const writeFolder = (name: string, files: number): string => {
    const folder = path(name)
    mkdirSync(join(folder, "deep"), { recursive: true })
    for (let i = 0; i < files; i++) {
      const title = i % 3 === 0 ? "Same title" : `Note ${i} [with](a) \`markup\``
      writeFileSync(join(folder, i % 2 === 0 ? "" : "deep", `${i}.md`), `# ${title}\n\n${"Text. ".repeat(i)}\n`)
    }
    writeFileSync(join(folder, "not-a-note.txt"), "no")
    return folder
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "opbus-notebook-"))
  })

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it("does, undoes and redoes everything; the next process lists it and undoes the newest", async () => {
    const folder = writeFolder("notes", 12)
    const first = succeeded(await run(path("first"), [folder, ...words]))

    assert.match(section(first, "Import"), /read 12 of 12 files\n.*» 12 notes imported from notes/)
    const searched = section(first, "Search")
    assert.match(searched, new RegExp(`13 notes indexed in .* by ${isBuilt ? "Rust" : "TypeScript"}`))
    assert.match(
      searched,
      /"text markup" is in 8 notes .*\n +\d+\.\d {2}Note 11 with markup\n +\d+\.\d {2}Note 10 with markup\n/
    )
    assert.match(searched, /search is Healthy: \d\.\d of 256\.0 MB; memory is normal$/)

    assert.match(section(first, "Switch the layout"), /switched and undone in/)
    const reorganised = contents(section(first, "Reorganise"))[0]!
    assert.include(reorganised, "11 notes, 2 collections, 1 tag")

    const tidied = section(first, "Tidy up")
    assert.include(tidied, "There is no note with the id")
    assert.include(tidied, "Nothing of it stayed")
    assert.deepStrictEqual(contents(tidied), [reorganised])

    const statistics = section(first, "Statistics")
    assert.match(statistics, /The call in flight finished: \d+ words in 11 notes/)
    assert.include(statistics, "No handler is registered for \"statistics.words\"")

    const analysed = section(first, "Analyse")
    assert.match(analysed, /A worker with this one handler: \d+ KB, built in .*, up in \d+ ms/)
    assert.match(analysed, /The worker is stopped: 2 calls queued on disk\n.*It is back, and the answers came/)
    assert.strictEqual(
      analysed.match(/" is .* \(-?\d\.\d\d\): [\d,]+ words?, .* to read, reading ease -?\d+/g)?.length,
      3
    )

    const timeline = section(first, "Timeline")
    assert.match(timeline, /import\.folder/)
    assert.match(timeline, /toast\.show .* followup/)
    assert.match(timeline, /ai\.analyzeText/)
    assert.match(timeline, /note\.search/)
    assert.match(timeline, /│ {2}note\.rename .* failed/)
    assert.match(timeline, /note\.restore .* undo/)

    const messages = ["Reorganise", "Write", "Create \"Contents\"", "Import 12 notes from notes"]
    const history = section(first, "History")
    assert.deepStrictEqual(messages.map((message) => history.includes(message)), messages.map(() => true))

    const [undone, redone] = contents(section(first, "Undo everything"))
    assert.include(undone!, "0 notes, 0 collections, 0 tags")
    assert.strictEqual(redone, reorganised)
    // one of them was deleted, and another one merged into a note that did not have the words
    assert.deepStrictEqual(places(section(first, "Undo everything")), [
      "\"text markup\" is in no note",
      "\"text markup\" is in 7 notes, in the same order"
    ])

    const second = succeeded(await run(path("first"), words))
    const left = section(second, "History, as an earlier run left it")
    assert.deepStrictEqual(messages.map((message) => left.includes(message)), messages.map(() => true))
    assert.deepStrictEqual(contents(left), [reorganised])
    assert.match(section(second, "Undo"), /"Reorganise" of .*: \d+ steps in/)
    assert.include(contents(section(second, "Undo"))[0]!, "13 notes, 1 collection, 0 tags")
    assert.match(section(second, "Search"), /13 notes indexed in .*\n {2}"text markup" is in 8 notes/)

    const third = succeeded(await run(path("first"), []))
    assert.match(section(third, "History, as an earlier run left it"), /Reorganise .* undone/)
    assert.match(section(third, "Undo"), /"Write .*" of/)

    // with a folder, the whole story is told again, on top of what is there
    const fourth = succeeded(await run(path("first"), [folder]))
    assert.match(section(fourth, "Undo"), /"Create "Contents"" of/)
    const [before] = contents(section(fourth, "Undo"))
    assert.strictEqual(contents(section(fourth, "Undo everything"))[0], before)
  })

  it("goes on where workerd cannot run, and says so in one line", async () => {
    // The package has no binary for every kind of machine: this is what it sees on another one.
    const preload = path("elsewhere.cjs")
    writeFileSync(
      preload,
      `const { Module } = require("node:module")
const load = Module._load
Module._load = (request, ...rest) => {
  if (/workerd[\\\\/]lib[\\\\/]main\\.js$/.test(request)) throw new Error("Unsupported platform: plan9 mips")
  return load(request, ...rest)
}
`
    )
    const output = succeeded(
      await run(path("nowhere"), [writeFolder("some", 5)], undefined, { NODE_OPTIONS: `--require=${preload}` })
    )
    assert.match(
      section(output, "Analyse"),
      /\n {2}There is no worker on this machine: workerd does not run here: [^\n]*Unsupported platform: plan9 mips\.$/
    )
    assert.include(section(output, "Undo everything"), "actions redone")
  })

  it("goes on in TypeScript where there is no native module, finds the same, and says so in one line", async () => {
    const folder = writeFolder("portable", 12)
    const tell = async (name: string, native: string) =>
      succeeded(await run(path(name), [folder, ...words], undefined, { OPBUS_NOTEBOOK_NATIVE: native }))
    const [rust, typescript] = [await tell("rust", "true"), await tell("typescript", "false")]
    assert.match(
      section(typescript, "Search"),
      /13 notes indexed in .* by TypeScript: there is no native module for it\n/
    )
    const hits = (output: string) => section(output, "Search").match(/^ +\d+\.\d {2}.*/gm) ?? []
    assert.strictEqual(hits(rust).length, 3)
    assert.deepStrictEqual(hits(typescript), hits(rust))
    assert.deepStrictEqual(places(section(typescript, "Undo everything")), places(section(rust, "Undo everything")))
  })

  it("delivers what waited when nobody was there", async () => {
    const folder = writeFolder("queued", 5)
    succeeded(await run(path("queue"), [folder]))
    const outbox = (command: string) => node(path("queue"), [bin, "--app", app, "outbox", command, "--json"])
    const queue = `
      import { Effect } from "effect"
      import { invokeRemote } from "opbus"
      import App from ${JSON.stringify(app)}
      import { AnalyzeText } from ${JSON.stringify(join(app, "../plugins/analysis/operations.ts"))}
      const call = (text) => invokeRemote(AnalyzeText, { text }, { offline: "queue" })
      const receipts = await Effect.runPromise(Effect.provide(Effect.all([call("a fine day"), call("a sad day")]), App))
      console.log(receipts.length)
    `
    assert.strictEqual(await node(path("queue"), ["--input-type=module", "--eval", queue]), "2\n")
    assert.strictEqual((await outbox("list")).trim().split("\n").length, 2)
    succeeded(await run(path("queue"), []))
    assert.strictEqual(await outbox("list"), "")
    assert.strictEqual(await outbox("dead"), "")
  })

  it("tells its story about a single file, too", async () => {
    succeeded(await run(path("single"), [writeFolder("one", 1)]))
  })

  it("prints its help", async () => {
    assert.match(succeeded(await run(path("none"), ["--help"])), /^Usage: npm start/)
  })

  it("says in one line what is wrong, and what to do", async () => {
    const file = path("file")
    writeFileSync(file, "this is not a database, however long it is: ".repeat(200))
    mkdirSync(path("broken"))
    writeFileSync(join(path("broken"), "notebook.db"), "this is not a database, however long it is: ".repeat(200))
    mkdirSync(path("empty"))

    const expected: ReadonlyArray<readonly [directory: string, args: ReadonlyArray<string>, message: string]> = [
      [path("a"), ["--what"], "--what"],
      [path("b"), [path("missing")], "there is no such folder"],
      [path("c"), [file], "it is not a folder"],
      [path("d"), [path("empty")], "there are no Markdown files in it"],
      [path("broken"), [], "is not a SQLite database: give another path"],
      // where nobody may write, not even root
      ["/proc/opbus", [], "Cannot make a folder for the notebook"],
      [join(file, "folder"), [], "Cannot make a folder for the notebook"]
    ]
    const ended = await Promise.all(expected.map(([directory, args]) => run(directory, args)))
    for (const [i, [, , message]] of expected.entries()) assert.include(refused(ended[i]!), message)
  })

  it("is told by one process at a time", async () => {
    const folder = writeFolder("twice", 200)
    let second: Promise<Ended> | undefined
    const first = await run(path("shared"), [folder], (output) => {
      if (output.includes("read ")) second ??= run(path("shared"), [folder])
    })
    succeeded(first)
    assert.match(refused(await second!), /Process \d+ is telling the story of this notebook/)
  })

  it("keeps nothing of an import that Ctrl-C interrupts", async () => {
    const folder = writeFolder("many", 1000)
    let asked = false
    const interrupted = await run(path("interrupted"), [folder], (output, kill) => {
      // A second signal would end the process at once, without a word.
      if (asked || !output.includes("read ")) return
      asked = true
      kill("SIGINT")
    })
    assert.strictEqual(interrupted.code, 130, interrupted.output)
    assert.match(interrupted.errors, /^\nnotebook: interrupted\. [^\n]+\n$/)
    assert.notInclude(interrupted.output, "read 1,000 of 1,000 files")

    // nothing is left to undo: the whole story starts again from an empty notebook
    const next = succeeded(await run(path("interrupted"), [writeFolder("few", 5)]))
    assert.include(contents(section(next, "Undo everything"))[0]!, "0 notes, 0 collections, 0 tags")
  })
})
