import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import * as AdapterRegistry from "../../../src/spec/AdapterRegistry.ts"
import * as GeneratorConfig from "../../../src/spec/GeneratorConfig.ts"
import * as SpecCompiler from "../../../src/spec/SpecCompiler.ts"
import { randomSpecs } from "../support/randomSpec.ts"
import { makeProject, put, read, repository } from "./support/projects.ts"

const adapters = ["server-only", "browser-only", "full-stack", "rust-ipc", "sidecar"]

/** What random specs make, on disk. */
const generate = (seed: number, count: number): { readonly root: string; readonly files: number } => {
  const specs = randomSpecs(seed, count, { adapters }).map(({ source, spec }) => ({
    source,
    text: JSON.stringify(spec)
  }))
  const config = GeneratorConfig.resolve()
  const compiled = SpecCompiler.compile({ specs, config, adapters: Result.getOrThrow(AdapterRegistry.make()) })
  const files = Result.getOrThrow(compiled).files.filter(({ path }) => path.endsWith(".ts"))
  const root = makeProject()
  put(root, Object.fromEntries(files.map(({ path, text }) => [path, text])))
  return { root, files: files.length }
}

const run = (root: string, tool: string, ...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(join(repository, "node_modules/.bin", tool), args, {
    cwd: root,
    encoding: "utf8"
  })
  return { status, output: `${stdout}${stderr}`.slice(0, 4_000) }
}

describe("generated TypeScript", () => {
  it("is as the formatter wants it, for 200 random specs", () => {
    for (const seed of [101, 102]) {
      const { root } = generate(seed, 100)
      const own = JSON.parse(read(repository, "dprint.json")) as { readonly plugins: ReadonlyArray<string> }
      put(root, { "dprint.json": { ...own, plugins: own.plugins.map((plugin) => join(repository, plugin)) } })
      const { output, status } = run(root, "dprint", "check")
      assert.strictEqual(status, 0, `seed ${seed}\n${output}`)
    }
  }, 120_000)

  it("compiles with the strictest settings, and has nothing that the linter minds, for 60 random specs", () => {
    const seed = 201
    const { files, root } = generate(seed, 60)
    put(root, {
      "package.json": { type: "module" },
      "tsconfig.json": {
        extends: join(repository, "tsconfig.base.json"),
        compilerOptions: {
          noEmit: true,
          rootDir: "/",
          types: ["node"],
          rewriteRelativeImportExtensions: false,
          allowImportingTsExtensions: true,
          paths: { "opbus/*": [join(repository, "src/*.ts")] }
        },
        include: ["src"]
      }
    })
    assert.isAbove(files, 150)
    const types = run(root, "tsc", "-p", ".", "--pretty", "false")
    assert.strictEqual(types.status, 0, `seed ${seed}\n${types.output}`)
    const lint = run(root, "oxlint", "-c", join(repository, "oxlint.config.ts"), "src")
    assert.strictEqual(lint.status, 0, `seed ${seed}\n${lint.output}`)
    assert.match(lint.output, /on [1-9]\d\d+ files/)
  }, 240_000)
})
