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

export { fromExport } from "./AdapterLoader.ts"

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
