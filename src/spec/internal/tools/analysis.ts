import type { ResolvedConfig } from "../../GeneratorConfig.ts"
import type { AnyNode } from "./ast.ts"
import { makeDocs } from "./docs.ts"
import type { Module } from "./module.ts"
import { isLibrary } from "./names.ts"
import { findOperations, type FoundOperation, type UnreadableOperation } from "./operations.ts"
import type { Project } from "./project.ts"
import { readSchema, resolved } from "./schemas.ts"
import type { Reader, Warning, WarningCode } from "./shapes.ts"
import { type ReadSpec, specOf } from "./specs.ts"

/** All operations of a project, and what reads them. */
export interface Analysis {
  readonly project: Project
  readonly reader: Reader
  /** Of the files that were asked for, in the order of paths and lines. */
  readonly operations: ReadonlyArray<FoundOperation>
  readonly unreadable: ReadonlyArray<UnreadableOperation>
  /** The spec of an operation; read once. */
  readonly read: (operation: FoundOperation) => ReadSpec
  /** All warnings so far, each once, in the order of paths and lines. */
  readonly warnings: () => ReadonlyArray<Warning>
}

/** Finds the operations of a project. `names` holds the names of the specs that are there, by key. */
export const analyse = (
  project: Project,
  types: ResolvedConfig["types"],
  names: ReadonlyMap<string, string> = new Map()
): Analysis => {
  const warnings = new Map<string, Warning>()
  const warn = (module: Module, node: AnyNode, code: WarningCode, message: string) => {
    const { column, line } = module.position(node.start)
    const warning = { path: module.path, line, column, code, message }
    // One any is one warning, whoever meets it.
    const key = `${module.path}:${line}:${column}:${code === "any" ? code : message}`
    if (!warnings.has(key)) warnings.set(key, warning)
  }
  const reader: Reader = {
    project,
    externals: new Map(
      [...types].flatMap(([name, { typescript }]) =>
        typescript === undefined ? [] : [[`${typescript.replace(/^\.\//, "")}#${name}`, name] as const]
      )
    ),
    warn,
    schema: (module, expression, depth) => readSchema(reader, module, expression, depth),
    resolve: (slot) => resolved(reader, slot),
    memo: new Map(),
    doc: makeDocs()
  }
  const found = new Map<Module, ReturnType<typeof findOperations>>()
  const operationsOf = (module: Module) => {
    let known = found.get(module)
    if (known === undefined) {
      known = findOperations(project, module)
      found.set(module, known)
    }
    return known
  }
  /** The spec that a generated file belongs to. */
  const ownerOf = (module: Module): string | undefined => {
    const name = operationsOf(module).operations.find(({ source }) => source !== undefined)?.source?.["name"]
    return typeof name === "string" ? name : undefined
  }
  // The library's own operations are no commands of a project.
  const roots = project.roots.filter((path) => !isLibrary(project, path)).map((path) =>
    operationsOf(project.modules.get(path)!)
  )
  const specs = new Map<FoundOperation, ReadSpec>()
  return {
    project,
    reader,
    operations: roots.flatMap(({ operations }) => operations),
    unreadable: roots.flatMap(({ unreadable }) => unreadable),
    read: (operation) => {
      let known = specs.get(operation)
      if (known === undefined) {
        known = specOf(reader, operation, ownerOf, (key) => names.get(key))
        specs.set(operation, known)
      }
      return known
    },
    warnings: () => [...warnings.values()].sort(byPlace)
  }
}

/** The order of paths, lines and columns. */
export const byPlace = (
  a: { readonly path: string; readonly line: number; readonly column: number },
  b: { readonly path: string; readonly line: number; readonly column: number }
): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) || a.line - b.line || a.column - b.column
