import { assert, describe, it } from "@effect/vitest"
import * as path from "node:path"
import { randomSpecs } from "../support/randomSpec.ts"
import { compile, makeProject, root, run } from "./support/project.ts"

const adapters = ["rust-ipc", "sidecar", "trait-only", "server-only"]

describe("services, codecs and contracts in TypeScript", () => {
  it("pass the compiler's strict checks, and are as the formatter writes them", () => {
    const project = makeProject(compile(randomSpecs(111, 40, { adapters, nasty: true })))
    const checked = run(project.folder, process.execPath, [
      path.join(root, "node_modules/typescript/bin/tsc"),
      "-p",
      "."
    ])
    assert.strictEqual(checked.code, 0, checked.output.slice(0, 4000))
    const formatted = run(project.folder, path.join(root, "node_modules/.bin/dprint"), [
      "check",
      "src/**/*{Service,TypeScript,Contract,codec}.ts"
    ])
    assert.strictEqual(formatted.code, 0, formatted.output.slice(0, 4000))
  }, 120_000)
})
