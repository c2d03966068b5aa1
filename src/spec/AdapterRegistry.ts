/**
 * The adapters of a run, by name: opbus's own, and those of the npm packages that a project names.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { suggest } from "../operation/internal/suggest.ts"
import { AdapterError, type AdapterProblem } from "./AdapterError.ts"
import { BrowserOnlyAdapter } from "./adapters/BrowserOnlyAdapter.ts"
import { CHeaderAdapter } from "./adapters/CHeaderAdapter.ts"
import { FullStackAdapter } from "./adapters/FullStackAdapter.ts"
import { JsonSchemaAdapter } from "./adapters/JsonSchemaAdapter.ts"
import { PythonAdapter } from "./adapters/PythonAdapter.ts"
import { RustIPCAdapter } from "./adapters/RustIPCAdapter.ts"
import { ServerOnlyAdapter } from "./adapters/ServerOnlyAdapter.ts"
import { SidecarAdapter } from "./adapters/SidecarAdapter.ts"
import { TraitOnlyAdapter } from "./adapters/TraitOnlyAdapter.ts"
import type { GeneratorAdapter } from "./GeneratorAdapter.ts"

/**
 * Knows adapters by their names.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdapterRegistry {
  readonly get: (name: string) => GeneratorAdapter | undefined
  /** In the order of their names. */
  readonly all: ReadonlyArray<GeneratorAdapter>
  /** What a mistyped name may have meant. */
  readonly suggest: (name: string) => ReadonlyArray<string>
}

/**
 * What comes with opbus.
 *
 * @category constructors
 * @since 0.1.0
 */
export const builtin: ReadonlyArray<GeneratorAdapter> = [
  ServerOnlyAdapter,
  BrowserOnlyAdapter,
  FullStackAdapter,
  RustIPCAdapter,
  SidecarAdapter,
  TraitOnlyAdapter,
  JsonSchemaAdapter,
  PythonAdapter,
  CHeaderAdapter
]

/**
 * Makes a registry of opbus's own adapters and others.
 *
 * **Details**
 *
 * Two adapters of one name are an error: which of them wrote a file would depend on the order of packages.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  others: ReadonlyArray<GeneratorAdapter> = []
): Result.Result<AdapterRegistry, AdapterError> => {
  const adapters = new Map(builtin.map((adapter) => [adapter.name, adapter]))
  const problems: Array<AdapterProblem> = []
  for (const adapter of others) {
    if (adapters.has(adapter.name)) {
      problems.push({
        adapter: adapter.name,
        message: "is there twice; remove a package from \"plugins\", or rename one"
      })
    }
    adapters.set(adapter.name, adapter)
  }
  if (problems.length > 0) {
    return Result.fail(new AdapterError({ problems }))
  }
  return Result.succeed({
    get: (name) => adapters.get(name),
    all: [...adapters.values()].sort((a, b) => a.name < b.name ? -1 : 1),
    suggest: (name) => suggest(name, adapters.keys())
  })
}

/**
 * Looks at the default export of an npm package: an adapter, or an array of adapters.
 *
 * **When to use**
 *
 * Use on everything that a program did not make itself, before it becomes part of a registry.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromExport = (
  packageName: string,
  exported: unknown
): Result.Result<ReadonlyArray<GeneratorAdapter>, AdapterError> => {
  const candidates: ReadonlyArray<unknown> = Array.isArray(exported) ? exported : [exported]
  const problems = candidates.flatMap((candidate) => {
    const wrong = flaw(candidate)
    return wrong === undefined ? [] : [{ adapter: packageName, message: wrong }]
  })
  return problems.length > 0 || candidates.length === 0
    ? Result.fail(
      new AdapterError({
        problems: candidates.length === 0
          ? [{ adapter: packageName, message: "has an empty array as its default export; export at least one adapter" }]
          : problems
      })
    )
    : Result.succeed(candidates as ReadonlyArray<GeneratorAdapter>)
}

const adapterName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/** What keeps a value from being an adapter. */
const flaw = (candidate: unknown): string | undefined => {
  if (typeof candidate !== "object" || candidate === null) {
    return `has ${candidate === undefined ? "no default export" : "a default export that is no object"}; ${howTo}`
  }
  const adapter = candidate as Record<keyof GeneratorAdapter, unknown>
  if (typeof adapter.name !== "string" || !adapterName.test(adapter.name)) {
    return "has no `name` of lower-case words and hyphens"
  }
  if (typeof adapter.description !== "string") return `has no \`description\` in ${adapter.name}`
  if (typeof adapter.version !== "number" || !Number.isInteger(adapter.version)) {
    return `has no whole \`version\` in ${adapter.name}`
  }
  if (typeof adapter.command !== "function") return `has no function \`command\` in ${adapter.name}`
  for (const name of ["check", "module", "project"] as const) {
    if (adapter[name] !== undefined && typeof adapter[name] !== "function") {
      return `has a \`${name}\` in ${adapter.name} that is no function`
    }
  }
  return undefined
}

const howTo =
  "export default an object with `name`, `description`, `version` and `command` (opbus/spec/GeneratorAdapter)"
