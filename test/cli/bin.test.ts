import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it, onTestFinished } from "vitest"

const bin = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url))

/** A Node of the machine that is too old, if there is one. */
const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
  const version = spawnSync(path, ["-p", "process.versions.node"], { encoding: "utf8" }).stdout
  return /^(?:\d|1\d|2[01]|22\.(?:\d|1[0-8]))\./.test(version ?? "")
})

describe("the entry of the command", () => {
  it("names the Node it needs on one that is too old", () => {
    const pretend = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'22.18.9'})"
    const result = spawnSync(process.execPath, ["--conditions=opbus-source", "--import", pretend, bin], {
      encoding: "utf8"
    })
    assert.strictEqual(result.status, 2)
    assert.match(result.stderr, /^opbus: this is Node 22\.18\.9, and opbus needs 22\.19 or newer\. [^\n]+\n$/)
    assert.strictEqual(result.stdout, "")
  })

  it.skipIf(oldNode === undefined)("is parsed by an old Node", () => {
    const folder = mkdtempSync(join(tmpdir(), "opbus-bin-"))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    writeFileSync(join(folder, "package.json"), "{\"type\":\"module\"}")
    const file = join(folder, "bin.js")
    writeFileSync(file, stripTypeScriptTypes(readFileSync(bin, "utf8")))
    const result = spawnSync(oldNode!, [file, "list"], { encoding: "utf8", env: {} })
    assert.strictEqual(result.status, 2)
    assert.match(result.stderr, /^opbus: this is Node .*, and opbus needs 22\.19 or newer\. [^\n]+\n$/)
  })
})
