import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as AdapterRegistry from "opbus/spec/AdapterRegistry"
import * as ReverseEngineer from "opbus/spec/ReverseEngineer"
import * as SpecCompiler from "opbus/spec/SpecCompiler"
import type * as SpecIr from "opbus/spec/SpecIr"
import * as SpecReader from "opbus/spec/SpecReader"
import { describe } from "vitest"
import { randomSpecs, resolveRandom } from "../support/randomSpec.ts"
import { config, project, runTools } from "./support/project.ts"

const adapters = Result.getOrThrow(AdapterRegistry.make())

/** The adapters that make a command: the others make types, which is nothing to read back. */
const withCommands = ["server-only", "browser-only", "full-stack", "rust-ipc", "sidecar"]

const roundTrip = async (seed: number, nasty: boolean) => {
  const files = randomSpecs(seed, 24, { adapters: withCommands, ...(nasty && { nasty }) })
  const compiled = Result.getOrThrowWith(
    SpecCompiler.compile({
      specs: files.map(({ source, spec }) => ({ source, text: JSON.stringify(spec) })),
      config,
      adapters
    }),
    (error) => new Error(`seed ${seed}: ${error.message}`)
  )
  const { root, write } = project()
  for (const { path, text } of compiled.files) if (path.endsWith(".ts")) write(path, text)
  const found = await runTools(ReverseEngineer.reverse({ root, config }))
  const commands: ReadonlyArray<SpecIr.Command> = resolveRandom(files).commands
  assert.deepStrictEqual(found.broken, [], `seed ${seed}`)
  assert.deepStrictEqual(found.warnings, [], `seed ${seed}`)
  assert.deepStrictEqual(
    found.commands.map(({ file, kind, spec }) => ({ file, kind, spec })),
    commands.map((command) => ({ file: command.source, kind: "generated", spec: SpecReader.toSpec(command) })),
    `seed ${seed}`
  )
  return commands.length
}

describe("reverse(generate(spec))", () => {
  it("is the spec, for 360 random specs of all adapters that make a command", { timeout: 180_000 }, async () => {
    let count = 0
    for (let seed = 1; seed <= 15; seed++) count += await roundTrip(seed, false)
    assert.strictEqual(count, 360)
  })

  it("is the spec when descriptions and enum values look like code", { timeout: 120_000 }, async () => {
    for (let seed = 101; seed <= 104; seed++) await roundTrip(seed, true)
  })
})
