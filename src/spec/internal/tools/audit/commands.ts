import type { Analysis } from "../analysis.ts"
import type { AnyNode } from "../ast.ts"
import { anyPlaces, rawCalls } from "../findings.ts"
import type { Module } from "../module.ts"
import { isLibrary } from "../names.ts"
import { accessorFits, accessorOf, type FoundOperation } from "../operations.ts"
import type { Violation } from "./model.ts"

/** What the definitions of commands break. `specs` holds the keys that have one. */
export const commandViolations = (analysis: Analysis, specs: ReadonlySet<string>): ReadonlyArray<Violation> => {
  const { operations, project, unreadable } = analysis
  const found: Array<Violation> = []
  const at = (module: Module, node: AnyNode) => ({ path: module.path, ...module.position(node.start) })
  for (const operation of operations) {
    const { key, module, name, node } = operation
    const accessor = accessorOf(operation)
    if (!specs.has(key)) {
      found.push({ rule: "spec", ...at(module, node), commands: [key], message: `"${key}" has no spec` })
    }
    if (accessor === undefined) {
      const message = `${name} has no static accessor: ${name}.invoke(params)`
      found.push({ rule: "accessor", ...at(module, node), commands: [key], message })
    } else if (!accessorFits(project, operation, accessor) && !isRaw(analysis, operation, accessor)) {
      const message = `the static accessor of ${name} does not invoke ${name}`
      found.push({ rule: "accessor", ...at(module, accessor), commands: [key], message })
    }
  }
  for (const { message, module, node } of unreadable) {
    found.push({ rule: "unreadable", ...at(module, node), commands: [], message })
  }
  return [...found, ...anyViolations(analysis), ...rawViolations(analysis)]
}

/** An accessor that invokes by key is a raw call, and that is said once. */
const isRaw = ({ project }: Analysis, { module }: FoundOperation, accessor: AnyNode): boolean =>
  rawCalls(project, module).some(({ node }) => within(node, accessor))

const within = (node: AnyNode, outer: AnyNode): boolean => node.start >= outer.start && node.end <= outer.end

/**
 * Every `any` in the files that define commands and in the ones beside them with their handlers, and in the types that
 * commands reach elsewhere.
 */
const anyViolations = (analysis: Analysis): ReadonlyArray<Violation> => {
  const { operations, project } = analysis
  const definitions = new Map<Module, Array<FoundOperation>>()
  for (const operation of operations) {
    const known = definitions.get(operation.module)
    if (known === undefined) definitions.set(operation.module, [operation])
    else known.push(operation)
  }
  const found: Array<Violation> = []
  for (const module of project.modules.values()) {
    const own = definitions.get(module) ?? handled(project.modules, definitions, module)
    for (const { message, node } of anyPlaces(project, module)) {
      const affected = operations.filter((operation) =>
        operation.module === module && within(node, operation.statement) ||
        [...analysis.read(operation).reached].some((declaration) =>
          module.values.get(declaration.name) === declaration && within(node, declaration.statement) ||
          module.types.get(declaration.name) === declaration && within(node, declaration.statement)
        )
      )
      if (affected.length === 0 && own === undefined) continue
      const commands = affected.length > 0 ? affected : own ?? []
      found.push({
        rule: "any",
        path: module.path,
        ...module.position(node.start),
        commands: [...new Set(commands.map(({ key }) => key))],
        message
      })
    }
  }
  return found
}

/** `GpuStats.server.ts` belongs to what `GpuStats.ts` defines. */
const handled = (
  modules: ReadonlyMap<string, Module>,
  definitions: ReadonlyMap<Module, ReadonlyArray<FoundOperation>>,
  { path }: Module
): ReadonlyArray<FoundOperation> | undefined => {
  const stem = /^(.*\/)?([^/.]+)\.(server|browser)\.tsx?$/.exec(path)
  const definition = stem === null ? undefined : modules.get(`${stem[1] ?? ""}${stem[2]}.ts`)
  return definition === undefined ? undefined : definitions.get(definition)
}

/** Every invocation by a literal key, but where that is the point: opbus's own command line and remote bridge. */
const rawViolations = ({ operations, project }: Analysis): ReadonlyArray<Violation> =>
  project.roots.filter((path) => !isLibrary(project, path)).flatMap((path) => {
    const module = project.modules.get(path)!
    return rawCalls(project, module).map(({ message, node }): Violation => ({
      rule: "raw-call",
      path,
      ...module.position(node.start),
      commands: operations.filter((operation) => operation.module === module && within(node, operation.statement))
        .map(({ key }) => key),
      message
    }))
  })
