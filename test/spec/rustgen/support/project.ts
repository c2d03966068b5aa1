/** Projects in temporary folders: specs, what the compiler makes of them, and the tools that judge it. */
import * as Result from "effect/Result"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as AdapterRegistry from "opbus/spec/AdapterRegistry"
import type { CommandSpec } from "opbus/spec/CommandSpec"
import type { ResolvedConfig } from "opbus/spec/GeneratorConfig"
import * as SpecCompiler from "opbus/spec/SpecCompiler"
import { onTestFinished } from "vitest"

export const root = fileURLToPath(new URL("../../../..", import.meta.url))

export interface File {
  readonly source: string
  readonly spec: CommandSpec
}

const config: ResolvedConfig = {
  specs: "specs",
  typescript: { out: "src/operations", tests: "src/operations", docs: "docs", runtime: "opbus" },
  rust: { core: "native/core", node: "native/node", crate: "my-app-core" },
  adapters: [],
  plugins: [],
  types: new Map(),
  sources: [],
  output: new Map()
}

export const compile = (files: ReadonlyArray<File>, only?: ReadonlyArray<string>): SpecCompiler.Compilation => {
  const result = SpecCompiler.compile({
    specs: files.map(({ source, spec }) => ({ source, text: JSON.stringify(spec) })),
    config,
    adapters: Result.getOrThrow(AdapterRegistry.make()),
    ...only === undefined ? {} : { only }
  })
  if (Result.isFailure(result)) throw new Error(result.failure.message)
  return result.success
}

export interface Project {
  readonly folder: string
  readonly write: (file: string, text: string) => void
  readonly read: (file: string) => string
}

/** A folder with the files of a compilation, and opbus under `node_modules`; gone after the test. */
export const makeProject = (compilation?: SpecCompiler.Compilation): Project => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "opbus-rustgen-"))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  const write = (file: string, text: string): void => {
    const target = path.join(folder, file)
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.writeFileSync(target, text)
  }
  for (const file of compilation?.files ?? []) write(file.path, file.text)
  const modules = path.join(folder, "node_modules")
  fs.mkdirSync(modules)
  for (const name of fs.readdirSync(path.join(root, "node_modules"))) {
    if (!name.startsWith(".")) fs.symlinkSync(path.join(root, "node_modules", name), path.join(modules, name))
  }
  fs.rmSync(path.join(modules, "opbus"), { force: true })
  fs.symlinkSync(root, path.join(modules, "opbus"))
  write("package.json", JSON.stringify({ type: "module", private: true }))
  write(
    "tsconfig.json",
    JSON.stringify({
      extends: path.join(root, "tsconfig.base.json"),
      compilerOptions: { noEmit: true, types: ["node"], rootDir: folder },
      include: ["src"]
    })
  )
  fs.copyFileSync(path.join(root, "dprint.json"), path.join(folder, "dprint.json"))
  return {
    folder,
    write,
    read: (file) => fs.readFileSync(path.join(folder, file), "utf8")
  }
}

/** Runs a program; its output is for the message of a failing assertion. */
export const run = (
  folder: string,
  file: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): { readonly code: number; readonly output: string } => {
  const { error, status, stderr, stdout } = spawnSync(file, args, {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env }
  })
  return error === undefined
    ? { code: status ?? -1, output: `${stdout}${stderr}` }
    : { code: -1, output: error.message }
}

export const has = (file: string, ...args: ReadonlyArray<string>): boolean => run(os.tmpdir(), file, args).code === 0

/** One build folder for all crates of these tests: what they share is compiled once. */
export const target = path.join(os.tmpdir(), "opbus-rustgen-target")

export const cargo = (folder: string, ...args: ReadonlyArray<string>) =>
  run(folder, "cargo", args, {
    CARGO_TARGET_DIR: target,
    CARGO_TERM_COLOR: "never"
  })
