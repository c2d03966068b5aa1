import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { appendFileSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as AdapterRegistry from "opbus/spec/AdapterRegistry"
import * as SpecCompiler from "opbus/spec/SpecCompiler"
import * as SpecEnforcer from "opbus/spec/SpecEnforcer"
import { describe } from "vitest"
import { config, project, runTools } from "./support/project.ts"

const adapters = Result.getOrThrow(AdapterRegistry.make())

const spec = (params: ReadonlyArray<object>, more: object = {}) =>
  JSON.stringify({
    version: 2,
    name: "note/read",
    description: "Reads a note",
    adapter: "server-only",
    params,
    results: [{ name: "title", type: "string" }],
    ...more
  })

const operation = (name: string, key: string) =>
  `import { Operation } from "opbus"\nexport const ${name} = Operation.make({ meta: { key: "${key}" } })\n`

const id = { name: "id", type: "string" }

/** A repository with a generated command and an old one that is written by hand, committed. */
const repository = async () => {
  const files = project({ "specs/note/read.json": spec([id]), "src/old.ts": operation("Old", "old.one") })
  const { root } = files
  const generate = () => runTools(SpecCompiler.run({ root, config }))
  await generate()
  files.git("init", "-q", "-b", "main")
  files.commit("first")
  const enforce = (options: Partial<SpecEnforcer.EnforceOptions> = {}) =>
    runTools(
      Effect.map(SpecEnforcer.enforce({ root, config, adapters, ...options }), (found) =>
        found.findings.map(({ level, message, path, rule }) => `${level} ${rule} ${path}: ${message}`))
    )
  return { ...files, generate, enforce }
}

const old = `warning spec src/old.ts: "old.one" has no spec: opbus reverse can write one`

describe("opbus enforce", () => {
  it(
    "warns of an old command without a spec, wherever it moves, and refuses a new one",
    { timeout: 60_000 },
    async () => {
      const { commit, enforce, remove, write } = await repository()
      assert.deepStrictEqual(await enforce(), [old])
      write("src/new.ts", operation("New", "new.one"))
      const refused = `error spec src/new.ts: the new command "new.one" has no spec: ` +
        `write specs/new/one.json, then run opbus generate`
      assert.deepStrictEqual(await enforce(), [refused, old])
      // In a file that is not new.
      write("src/old.ts", operation("Old", "old.one") + operation("New", "new.two").split("\n")[1])
      remove("src/new.ts")
      assert.match((await enforce())[1]!, /^error spec src\/old\.ts: the new command "new\.two" has no spec/)
      // Moved, it is as old as it was.
      remove("src/old.ts")
      write("src/moved.ts", operation("Old", "old.one"))
      assert.deepStrictEqual(await enforce(), [old.replace("old.ts", "moved.ts")])
      // Committed, it is old; seen from before, it is new.
      write("src/new.ts", operation("New", "new.one"))
      commit("second")
      assert.strictEqual((await enforce()).filter((line) => line.startsWith("error")).length, 0)
      assert.deepStrictEqual((await enforce({ since: "HEAD~1" })).filter((line) => line.startsWith("error")), [refused])
    }
  )

  it("compares generated files with what their specs say", { timeout: 60_000 }, async () => {
    const { enforce, generate, remove, root, write } = await repository()
    const path = "src/operations/note/NoteRead.ts"
    const text = readFileSync(join(root, path), "utf8")
    const generated = async () => (await enforce()).filter((line) => line.includes(" generated "))
    assert.deepStrictEqual(await generated(), [])
    appendFileSync(join(root, path), "// mine\n")
    assert.deepStrictEqual(await generated(), [
      `error generated ${path}: is in the way of a generated file: it has been edited by hand; move it away, or run opbus generate --force, which keeps a copy`
    ])
    remove(path)
    assert.deepStrictEqual(await generated(), [`error generated ${path}: is missing: run opbus generate`])
    write(path, text)
    write("specs/note/read.json", spec([id, { name: "more", type: "string", optional: true }]))
    assert.include(await generated(), `error generated ${path}: is not what its spec says: run opbus generate`)
    await generate()
    assert.deepStrictEqual(await generated(), [])
    remove("specs/note/read.json")
    write("specs/note/write.json", spec([id]).replace("note/read", "note/write"))
    assert.include(
      await generated(),
      `error generated ${path}: belongs to no spec any more: run opbus generate --prune`
    )
  })

  it("looks for breaking changes when it is told since when", { timeout: 60_000 }, async () => {
    const { commit, enforce, generate, write } = await repository()
    write("specs/note/read.json", spec([{ ...id, maxLength: 10 }, { name: "by", type: "string" }]))
    await generate()
    assert.deepStrictEqual(await enforce(), [old])
    const changes = [
      `specs/note/read.json: note/read: params.id "maxLength" is stricter: none became 10`,
      `specs/note/read.json: note/read: params.by is new and required`
    ]
    assert.deepStrictEqual(await enforce({ since: "HEAD" }), [...changes.map((line) => `error breaking ${line}`), old])
    assert.deepStrictEqual(await enforce({ since: "main", allowBreaking: true }), [
      ...changes.map((line) => `warning breaking ${line}`),
      old
    ])
    commit("break it")
    assert.deepStrictEqual(await enforce({ since: "HEAD" }), [old])
    assert.deepStrictEqual((await enforce({ since: "HEAD~1" })).length, 3)
  })

  it("says what is wrong with a spec, and that a revision is not there, and stays out of folders without git", {
    timeout: 60_000
  }, async () => {
    const { enforce, write } = await repository()
    write("specs/note/bad.json", `{ "version": 2, "name": "note/bad" }`)
    assert.match((await enforce())[0]!, /^error unreadable specs\/note\/bad\.json: /)
    write("specs/note/bad.json", spec([{ name: "x", type: "Missing" }]).replace("note/read", "note/bad"))
    assert.match((await enforce())[0]!, /^error unreadable specs\/note\/bad\.json: .*Missing/)
    const failure = (root: string, since?: string) =>
      runTools(Effect.flip(SpecEnforcer.enforce({ root, config, adapters, since })))
    const unknown = await failure((await repository()).root, "--output=/tmp/x")
    assert.deepStrictEqual([unknown._tag, unknown.message], [
      "GitError",
      `there is no revision "--output=/tmp/x" in this repository`
    ])
    const outside = await failure(project({ "src/a.ts": "" }).root)
    assert.strictEqual(outside._tag, "GitError")
  })

  it("works for a project that is a folder of its repository", { timeout: 60_000 }, async () => {
    const outer = project({ "other/src/a.ts": operation("Other", "other.one") })
    outer.write("app/specs/note/read.json", spec([id]))
    outer.write("app/src/old.ts", operation("Old", "old.one"))
    const root = join(outer.root, "app")
    await runTools(SpecCompiler.run({ root, config }))
    outer.git("init", "-q", "-b", "main")
    outer.commit("first")
    outer.write("app/src/old.ts", operation("Old", "old.one") + operation("New", "new.two").split("\n")[1])
    outer.write("app/src/new.ts", operation("New", "new.one"))
    outer.write("app/specs/note/read.json", spec([]))
    await runTools(SpecCompiler.run({ root, config }))
    const { findings } = await runTools(SpecEnforcer.enforce({ root, config, adapters, since: "main" }))
    assert.deepStrictEqual(findings.map(({ level, path, rule }) => `${level} ${rule} ${path}`), [
      "error breaking specs/note/read.json",
      "error spec src/new.ts",
      "warning spec src/old.ts",
      "error spec src/old.ts"
    ])
  })

  it("reads names that need quotes", { timeout: 60_000 }, async () => {
    const { commit, enforce, write } = await repository()
    write("src/a name, \"quoted\" – ünïcode.ts", operation("Odd", "odd.one"))
    commit("odd")
    write("src/a name, \"quoted\" – ünïcode.ts", operation("Odd", "odd.one") + "// changed\n")
    assert.strictEqual((await enforce()).filter((line) => line.startsWith("error")).length, 0)
  })
})
