import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { ResolvedConfig } from "../../../GeneratorConfig.ts"
import { snake } from "../../../render/NamingConventions.ts"
import type { Analysis } from "../analysis.ts"
import type { SpecText } from "../specFiles.ts"
import type { Violation } from "./model.ts"
import { findHeals, findOwners, findServices, type FoundHeal } from "./resources.ts"
import { rustHeals } from "./rustHeal.ts"

/** What owns resources, and whether it manages and heals itself. */
export interface Resources {
  readonly owning: number
  readonly managed: number
  readonly healing: number
  readonly violations: ReadonlyArray<Violation>
}

/** Looks at all services, those of specs and those of code, and at what owns resources beside them. */
export const resourceViolations = Effect.fnUntraced(function*(
  analysis: Analysis,
  specs: ReadonlyArray<SpecText>,
  root: string,
  config: ResolvedConfig
) {
  const services = findServices(analysis)
  const owners = findOwners(analysis, services)
  const violations: Array<Violation> = []
  let managed = 0
  let healing = 0
  const report = (rule: "managed-service" | "heal", path: string, line: number, column: number, message: string) =>
    violations.push({ rule, path, line, column, commands: [], message })

  for (const service of services) {
    const { module, name, node } = service
    const { column, line } = module.position(node.start)
    if (service.managed) managed++
    else report("managed-service", module.path, line, column, `the service "${name}" is no ManagedService`)
    const heals = [
      ...findHeals(analysis, service),
      ...(yield* healsInRust(root, config, name))
    ]
    const idle = heals.filter(({ constant }) => constant)
    if (heals.length > 0 && idle.length === 0) healing++
    else if (heals.length === 0) {
      report("heal", module.path, line, column, `the service "${name}" has no implementation with a heal`)
    }
    for (const { column, line, path } of idle) {
      report("heal", path, line, column, `heal of the service "${name}" is a constant: it repairs nothing`)
    }
  }
  for (const { module, node, what } of owners) {
    const { column, line } = module.position(node.start)
    report(
      "managed-service",
      module.path,
      line,
      column,
      `this ${what} and is no part of a managed service: give it a spec with a "service" block`
    )
  }
  // A service that only its specs know has nothing that could manage or heal.
  const known = new Set(services.map(({ name }) => name))
  const missing = new Map<string, string>()
  for (const { source, spec } of specs) {
    // A contract alone makes no service.
    if (spec.adapter === "trait-only") continue
    const path = (spec.rust ?? spec.service)?.module
    const name = path?.slice(path.lastIndexOf("/") + 1)
    if (name !== undefined && !known.has(name) && !missing.has(name)) missing.set(name, source)
  }
  for (const [name, source] of missing) {
    report("managed-service", source, 1, 1, `the service "${name}" is not generated yet: run opbus generate`)
  }
  return { owning: services.length + owners.length + missing.size, managed, healing, violations } satisfies Resources
})

const healsInRust = Effect.fnUntraced(function*(root: string, config: ResolvedConfig, name: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const base = `${config.rust.core}/src/modules/${snake(name)}`
  const found: Array<FoundHeal> = []
  for (const file of [`${base}.rs`, `${base}/mod.rs`, ...(yield* rustFilesIn(root, base))]) {
    if (found.some((heal) => heal.path === file)) continue
    const text = yield* Effect.orElseSucceed(fs.readFileString(path.join(root, file)), () => "")
    for (const { constant, line } of rustHeals(text)) found.push({ path: file, line, column: 1, constant })
  }
  return found
})

const rustFilesIn = Effect.fnUntraced(function*(root: string, folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = yield* Effect.orElseSucceed(fs.readDirectory(path.join(root, folder)), () => [])
  return names.filter((name) => name.endsWith(".rs")).sort().map((name) => `${folder}/${name}`)
})
