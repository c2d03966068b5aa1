import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import * as AdapterRegistry from "../../../src/spec/AdapterRegistry.ts"
import * as GeneratorConfig from "../../../src/spec/GeneratorConfig.ts"
import * as SpecCompiler from "../../../src/spec/SpecCompiler.ts"
import { randomSpecs } from "../support/randomSpec.ts"
import { makeProject, put, read, repository, spec } from "./support/projects.ts"

const adapters = ["server-only", "browser-only", "full-stack", "rust-ipc", "sidecar"]

/** What random specs make, on disk. */
const generate = (seed: number, count: number) =>
  compile(randomSpecs(seed, count, { adapters }).map(({ source, spec }) => ({ source, text: JSON.stringify(spec) })))

const compile = (specs: ReadonlyArray<SpecCompiler.SpecText>): { readonly root: string; readonly files: number } => {
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

const typeCheck = (root: string) => {
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
  return run(root, "tsc", "-p", ".", "--pretty", "false")
}

/** What generated code imports or finds everywhere, and what a program is likely to call something. */
const words =
  `Schema Effect Operation Layer Context Stream Array Promise Error ServiceUnavailable DateTime Scope Result Option
  Struct Union String Number Boolean Date Map Set Json Object Record Extract Mutable T Key TypeError Symbol BigInt Function
  ConstructorParameters Partial Readonly NativeCodec HealthStatus PressureLevel Config Data Duration Request Response Event
  Node Change Params Server Browser Type Encoded Codec Service Commands Handlers Implementation Uint8Array RegExp Math
  Buffer Iterable Refused Answers Definition Make Invoke Reader Writer Exit Cause Fiber Ref Queue Option None Some`
    .split(/\s+/)

const commands =
  `date/time service/unavailable spec/types spec/source operation/registry operation/invoker health/status
  pressure/level native/codec native/module native/service type/error reg/exp uint8/array readonly/array managed/service
  type-script/service invoke/options node/sidecar node/native-module sidecar/process constructor/parameters
  service/definition json/value effect/schema array/map`.split(/\s+/)

const modules = ["native", "managed", "type-script", "operation", "spec", "effect", "layer", "side-car"]

/** Each word as a type, a failure, a command or a service. */
const named = (): ReadonlyArray<{ readonly source: string; readonly text: string }> => {
  const fields = { n: { type: "int64" }, when: { type: "timestamp", optional: true }, raw: { type: "bytes" } }
  const each = (index: number) => index % 2 === 0 ? "positional" : "bytes"
  const rust = (module: string) => ({ adapter: "rust-ipc", rust: { module, traits: ["ManagedService"] } })
  const health = { results: [{ name: "health", type: "HealthStatus" }, { name: "level", type: "PressureLevel" }] }
  return [
    ...words.flatMap((word, index) => {
      const types = {
        types: {
          [word]: { fields: { ...fields, next: { type: `${word} | null` } } },
          Either: { union: { [word]: { fields }, Other: { fields: { one: { type: word } } } } }
        },
        params: [{ name: "a", type: `${word}[]` }, { name: "b", type: "Either" }],
        results: [{ name: "r", type: word }]
      }
      const failures = { errors: { [word]: { fields } }, params: [{ name: "a", type: "string" }] }
      return [
        spec(`w${index}/types`, types),
        spec(`w${index}/failures`, failures),
        spec(`x${index}/types`, { ...types, ...rust(`modules/x${index}`), transport: each(index) }),
        spec(`y${index}/failures`, { ...failures, ...rust(`modules/y${index}`), transport: each(index) })
      ]
    }),
    ...commands.flatMap((name) => [
      spec(name, health),
      spec(name.replace("/", "-x/"), { ...health, ...rust(`modules/${name.replace("/", "-")}`) })
    ]),
    ...modules.map((name) => spec(`${name}/run`, { ...health, ...rust(`modules/${name}`) }))
  ].map((value) => ({
    source: `specs/${(value as { readonly name: string }).name}.json`,
    text: JSON.stringify(value)
  }))
}

/** Tells what the compiler says of a spec by itself. */
const problem = (text: SpecCompiler.SpecText): string | undefined => {
  const compiled = SpecCompiler.compile({
    specs: [text],
    config: GeneratorConfig.resolve(),
    adapters: Result.getOrThrow(AdapterRegistry.make())
  })
  return Result.isFailure(compiled) ? compiled.failure.message : undefined
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
    assert.isAbove(files, 150)
    const types = typeCheck(root)
    assert.strictEqual(types.status, 0, `seed ${seed}\n${types.output}`)
    const lint = run(root, "oxlint", "-c", join(repository, "oxlint.config.ts"), "src")
    assert.strictEqual(lint.status, 0, `seed ${seed}\n${lint.output}`)
    assert.match(lint.output, /on [1-9]\d\d+ files/)
  }, 240_000)

  it("compiles whatever things are called, or the compiler asks for another name", () => {
    const specs = named()
    const refused = specs.flatMap((text) => problem(text) ?? [])
    assert.isAbove(refused.length, 20)
    const { output, status } = typeCheck(compile(specs.filter((text) => problem(text) === undefined)).root)
    assert.strictEqual(status, 0, output)
  }, 240_000)
})
