import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it, onTestFinished } from "vitest"
import { packageNameOf } from "../../src/cli/internal/starter.ts"
import { opbus } from "./command.ts"

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "opbus-init-"))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const root = new URL("../../", import.meta.url)

// What it makes is tested where it is made for: by scripts/init.ts, from the packed package.
describe("opbus init", () => {
  it("says in one line where it cannot make an application, and leaves what is there", async () => {
    const at = folder()
    writeFileSync(join(at, "file"), "mine")
    mkdirSync(join(at, "full"))
    writeFileSync(join(at, "full", "notes.md"), "mine")
    writeFileSync(join(at, "full", "more.md"), "mine")
    symlinkSync(join(at, "full"), join(at, "link"))
    const expected: ReadonlyArray<readonly [folder: string, message: string]> = [
      [join(at, "file"), "file is a file; name a folder that is empty, or not there yet"],
      [join(at, "full"), "full is not empty, it has more.md and 1 more; name a folder that is empty, or not there yet"],
      [join(at, "link"), "link is not empty, it has more.md and 1 more; name a folder"],
      [join(at, "file", "app"), "app cannot be made: a part of the path is a file; name another folder"],
      [join(at, "a".repeat(300)), "cannot be made: the name is too long; name another folder"],
      // where nobody may write, not even root
      ["/proc/opbus/app", "app cannot be made: nothing can be made there; name another folder"]
    ]
    const results = await Promise.all(expected.map(([folder]) => opbus(["init", folder])))
    for (const [i, [, message]] of expected.entries()) {
      const { code, stderr, stdout } = results[i]!
      assert.deepStrictEqual([code, stdout], [2, ""], stderr)
      assert.match(stderr, /^opbus: [^\n]+\n$/)
      assert.include(stderr, message)
    }
    assert.deepStrictEqual(readdirSync(at).sort(), ["file", "full", "link"])
    assert.deepStrictEqual(readdirSync(join(at, "full")).sort(), ["more.md", "notes.md"])
  })

  it("tells machines the same", async () => {
    const at = folder()
    writeFileSync(join(at, "notes.md"), "mine")
    const { code, stderr } = await opbus(["init", at, "--json"])
    assert.strictEqual(code, 2)
    assert.deepInclude(JSON.parse(stderr), { _tag: "Error", exitCode: 2, reason: "NotEmpty" })
  })

  it.skipIf(process.getuid?.() !== 0)("says so where the user may not write", async () => {
    const at = folder()
    for (const name of [join(at, "app"), at]) {
      const { code, stderr } = await opbus(["init", name], { uid: 65534 })
      assert.strictEqual(code, 2)
      assert.match(stderr, /^opbus: \S+ cannot be made: you may not write there; name another folder\n$/)
    }
    assert.deepStrictEqual(readdirSync(at), [])
  })

  it("wants to know where", async () => {
    const { code, stderr } = await opbus(["init"])
    assert.deepStrictEqual([code, stderr], [2, "opbus: Missing required argument: folder. See opbus init --help\n"])
  })

  it("names the package after the folder, as npm allows it", () => {
    const taken = new Set(["react", "opbus"])
    const expected: ReadonlyArray<readonly [folder: string, name: string]> = [
      ["/tmp/todos", "todos"],
      ["/tmp/My Notes", "my-notes"],
      ["/tmp/Zürich – à faire", "zurich-a-faire"],
      ["/tmp/メモ", "opbus-app"],
      ["/tmp/.hidden_", "hidden"],
      ["/tmp/@scope", "scope"],
      ["/tmp/react", "react-app"],
      ["/tmp/OPBUS", "opbus-app"],
      ["/tmp/node_modules", "node_modules-app"],
      [`/tmp/${"a".repeat(255)}`, "a".repeat(100)]
    ]
    for (const [folder, name] of expected) assert.strictEqual(packageNameOf(folder, taken), name)
  })

  it("makes applications with the versions that this repository is tested with", () => {
    const read = (path: string) => JSON.parse(readFileSync(new URL(path, root), "utf8"))
    const here = read("package.json").devDependencies
    const { dependencies, devDependencies } = read("templates/starter/package.template.json")
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      assert.strictEqual(version, here[name], name)
    }
  })
})
