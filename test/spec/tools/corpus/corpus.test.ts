import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as AdapterRegistry from "opbus/spec/AdapterRegistry"
import * as ConformanceAudit from "opbus/spec/ConformanceAudit"
import * as GeneratorConfig from "opbus/spec/GeneratorConfig"
import * as NamingConventions from "opbus/spec/render/NamingConventions"
import * as ReverseEngineer from "opbus/spec/ReverseEngineer"
import * as SpecCompiler from "opbus/spec/SpecCompiler"
import type * as SpecIr from "opbus/spec/SpecIr"
import * as SpecReader from "opbus/spec/SpecReader"
import { describe } from "vitest"
import { randomSpecs, resolveRandom } from "../../support/randomSpec.ts"
import { project, runTools } from "../support/project.ts"
import { asWritten, type CommandFile, plant, withHeal } from "./plant.ts"

const adapters = Result.getOrThrow(AdapterRegistry.make())
const withCommands = ["server-only", "browser-only", "full-stack", "rust-ipc", "sidecar"]
// Those that make no command go over all of them.
const others = ["json-schema", "c-header", "python"].filter((name) => adapters.get(name) !== undefined)
const config = GeneratorConfig.resolve({ adapters: others })

const seed = 2026
const count = 312
/** How many specs the project of the original design had. */
const specsAtFirst = 47

const files = randomSpecs(seed, count, { adapters: withCommands })
const commands = resolveRandom(files).commands

const typesOf = (command: SpecIr.Command) => command.declarations.map((declaration) => declaration)

const write = (root: string, path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** The corpus on disk, as its specs make it, with `heal` written where there is a place for it. */
const generated = async () => {
  const { root } = project()
  for (const { source, spec } of files) write(root, source, JSON.stringify(spec))
  const { compilation: compiled } = await runTools(SpecCompiler.run({ root, config }))
  for (const { kind, path, text } of compiled.files) if (kind === "once") write(root, path, withHeal(text))
  rmSync(join(root, config.specs), { recursive: true })
  const definitions = commands.map((command): CommandFile => {
    const [file, ...more] = compiled.files.filter(({ path, sources, text }) =>
      path.endsWith(".ts") && sources.includes(command.source) && text.includes(`key: "${command.key}"`) &&
      text.includes("Operation.make(")
    )
    assert.isDefined(file, command.name)
    assert.deepStrictEqual(more, [], command.name)
    const name = /export class (\w+) extends Operation\.make/.exec(file!.text)![1]!
    return { key: command.key, path: file!.path, name, text: file!.text }
  })
  return {
    root,
    definitions,
    modules: compiled.modules,
    skeletons: compiled.files.filter(({ kind }) => kind === "once")
  }
}

describe(`a corpus of ${count} commands (seed ${seed})`, () => {
  it("is varied: all adapters, enums, recursion, streams, and no copies", () => {
    const has = (test: (command: SpecIr.Command) => boolean) => commands.filter(test).length
    assert.strictEqual(commands.length, count)
    for (const adapter of withCommands) assert.isAbove(has((command) => command.adapter === adapter), 40, adapter)
    assert.isAbove(has((command) => typesOf(command).some(({ _tag }) => _tag === "Enum")), 100)
    assert.isAbove(has((command) => typesOf(command).some(({ _tag }) => _tag === "Union")), 30)
    assert.isAbove(has((command) => typesOf(command).some((type) => type._tag !== "Enum" && type.recursive)), 30)
    assert.isAbove(has((command) => command.mode === "stream"), 20)
    assert.isAbove(has((command) => command.mode === "sync"), 20)
    assert.isAbove(has((command) => command.failures.length > 0), 100)
    const shapes = commands.map((command) => {
      const { description: _, name: __, ...shape } = SpecReader.toSpec(command)
      return JSON.stringify(shape)
    })
    assert.strictEqual(new Set(shapes).size, count)
  })

  it("is audited exactly, and reverse then generate brings it to order", { timeout: 240_000 }, async () => {
    const { definitions, modules, root, skeletons } = await generated()
    const planted = plant(definitions)
    assert.deepStrictEqual([planted.accessor.size, planted.any.size, planted.raw.size], [39, 23, 5])
    // Some commands have been written by hand altogether: of those whose types no other spec names.
    const byHand = definitions.filter(({ key }) => {
      const command = commands.find((command) => command.key === key)!
      return command.adapter === "server-only" && command.service === undefined &&
        commands.every((other) => !JSON.stringify(SpecReader.toSpec(other)).includes(`${command.name}.`))
    })
    assert.isAbove(byHand.length, 5)
    for (const file of byHand) asWritten(file)
    for (const { path, text } of definitions) write(root, path, text)
    // Most commands have no spec yet.
    const specified = commands.filter((_, index) => index % 6 === 0).slice(0, specsAtFirst)
    assert.strictEqual(specified.length, specsAtFirst)
    for (const command of specified) {
      write(root, command.source, `${JSON.stringify(files.find(({ source }) => source === command.source)!.spec)}\n`)
    }

    const report = await runTools(ConformanceAudit.audit({ root, config }))
    const owning = modules.length
    const specless = new Set(commands.filter((command) => !specified.includes(command)).map(({ key }) => key))
    const broken = new Set([...specless, ...planted.accessor.keys(), ...planted.any.keys(), ...planted.raw.keys()])
    const lines = ConformanceAudit.text(report).split("\n")
    assert.deepStrictEqual(lines.slice(0, 6), [
      `${specsAtFirst}/${count} commands with a spec`,
      `${count - 39}/${count} commands with a static accessor`,
      `23 any in the types of 23 commands`,
      `5 raw calls`,
      `resource-owning modules with ManagedService ${owning}/${owning}, heal coverage ${owning}/${owning}`,
      `${count - broken.size}/${count} commands conform`
    ])
    // Each in its place, and nothing else.
    const found = (rule: string) =>
      report.violations.filter((violation) => violation.rule === rule).map(({ commands, path }) =>
        `${path} ${commands}`
      )
    const expected = (keys: Iterable<string>) =>
      [...keys].map((key) => `${definitions.find((file) => file.key === key)!.path} ${key}`).sort()
    assert.deepStrictEqual(found("accessor").sort(), expected(planted.accessor.keys()))
    assert.deepStrictEqual(found("any").sort(), expected(planted.any.keys()))
    assert.deepStrictEqual(
      report.violations.filter(({ rule }) => rule === "raw-call").map(({ path }) => path).sort(),
      [...planted.raw.keys()].map((key) => definitions.find((file) => file.key === key)!.path).sort()
    )
    assert.deepStrictEqual(found("spec").sort(), expected(specless))
    assert.strictEqual(report.violations.length, 39 + 23 + 5 + count - specsAtFirst)
    // The worst folders first.
    const folders = new Map<string, number>()
    for (const keys of [specless, planted.accessor.keys(), planted.any.keys(), planted.raw.keys()]) {
      for (const key of keys) {
        const folder = dirname(definitions.find((file) => file.key === key)!.path)
        folders.set(folder, (folders.get(folder) ?? 0) + 1)
      }
    }
    const worst = [...folders].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([folder]) => folder)
    assert.deepStrictEqual(report.folders.map(({ folder }) => folder), worst)
    assert.deepStrictEqual(lines.slice(8, 18).map((line) => line.trim().split("/*")[0]), worst.slice(0, 10))
    assert.strictEqual(lines[18], `  and ${worst.length - 10} more folders`)

    const reversed = await runTools(ReverseEngineer.reverse({ root, config }))
    const original = ({ name }: { readonly name: string }) =>
      commands.find(({ key }) => key === NamingConventions.operationKey(name))!
    assert.strictEqual(reversed.commands.length, count)
    const noted = reversed.warnings.filter(({ code }) => code === "any").length
    assert.strictEqual(noted, 23)
    // What nobody has touched comes back as it was.
    const touched = new Set([...planted.any.keys(), ...byHand.map((file) => file.key)])
    let same = 0
    for (const { spec } of reversed.commands) {
      const expected = SpecReader.toSpec(original(spec))
      if (touched.has(original(spec).key)) continue
      assert.deepStrictEqual(spec, expected)
      same++
    }
    assert.isAbove(same, 230)
    for (const { file, spec } of reversed.commands) {
      if (!specified.some(({ source }) => source === file)) write(root, file, `${JSON.stringify(spec, null, 2)}\n`)
    }
    const generation = await runTools(SpecCompiler.run({ root, config, force: true }))
    const edited = new Set([
      ...planted.accessor.keys(),
      ...planted.any.keys(),
      ...planted.raw.keys(),
      ...byHand.map((file) => file.key)
    ])
    assert.strictEqual(generation.written!.backups.length, edited.size)

    const after = await runTools(ConformanceAudit.audit({ root, config }))
    assert.deepStrictEqual(after.violations, [])
    assert.strictEqual(
      ConformanceAudit.text(after),
      [
        `${count}/${count} commands with a spec`,
        `${count}/${count} commands with a static accessor`,
        `0 any in the types of 0 commands`,
        `0 raw calls`,
        `resource-owning modules with ManagedService ${owning}/${owning}, heal coverage ${owning}/${owning}`,
        `${count}/${count} commands conform`
      ].join("\n")
    )

    // A heal that does nothing is no heal: the skeletons of the compiler count only once they are written.
    const [module] = modules
    const skeleton = skeletons.find(({ path, sources }) =>
      path.endsWith("TypeScript.ts") && sources.includes(module!.commands[0]!.source)
    )!
    assert.notStrictEqual(readFileSync(join(root, skeleton.path), "utf8"), skeleton.text)
    write(root, skeleton.path, skeleton.text)
    const idle = await runTools(ConformanceAudit.audit({ root, config }))
    assert.strictEqual(idle.healing, owning - 1)
    assert.deepStrictEqual(idle.violations.map(({ path, rule }) => `${rule} ${path}`), [`heal ${skeleton.path}`])
    rmSync(root, { recursive: true, force: true })
  })
})
