import { type Ast, bare, keyName } from "./ast.ts"
import type { Module, TypeDeclaration, ValueDeclaration } from "./module.ts"
import { joined, type Project } from "./project.ts"

/** What a name in a file means. */
export type Meaning =
  | { readonly _tag: "Value"; readonly module: Module; readonly declaration: ValueDeclaration }
  | { readonly _tag: "Type"; readonly module: Module; readonly declaration: TypeDeclaration }
  /** All exports of a file of the project. */
  | { readonly _tag: "Namespace"; readonly module: Module }
  /** Something of `effect`, opbus, or another package: `"effect:Schema.Struct"`. */
  | { readonly _tag: "Foreign"; readonly name: string }

const maxHops = 32

/** Finds what a name at the top level of a file means, across files. */
export const lookup = (
  project: Project,
  module: Module,
  name: string,
  kind: "value" | "type" = "value",
  hops = 0
): Meaning | undefined => {
  if (hops > maxHops) return undefined
  const value = module.values.get(name)
  if (kind === "value" && value !== undefined) return { _tag: "Value", module, declaration: value }
  const type = module.types.get(name)
  if (type !== undefined) return { _tag: "Type", module, declaration: type }
  if (value !== undefined) return { _tag: "Value", module, declaration: value }
  const imported = module.imports.get(name)
  return imported === undefined
    ? undefined
    : through(project, module, imported.specifier, imported.imported, kind, hops)
}

const through = (
  project: Project,
  module: Module,
  specifier: string,
  imported: string,
  kind: "value" | "type",
  hops: number
): Meaning | undefined => {
  const foreign = packageOf(project, module.path, specifier)
  if (foreign !== undefined) return { _tag: "Foreign", name: foreignName(foreign, imported) }
  const path = project.resolve(module.path, specifier)
  const target = path === undefined ? undefined : project.modules.get(path)
  if (target === undefined) return undefined
  return imported === "*" ? { _tag: "Namespace", module: target } : exported(project, target, imported, kind, hops + 1)
}

/** Finds what a file exports under a name. */
const exported = (
  project: Project,
  module: Module,
  name: string,
  kind: "value" | "type",
  hops = 0
): Meaning | undefined => {
  if (hops > maxHops) return undefined
  const entry = module.exports.get(name)
  if (entry?._tag === "Local") return lookup(project, module, entry.name, kind, hops + 1)
  if (entry?._tag === "From") return through(project, module, entry.specifier, entry.imported, kind, hops + 1)
  for (const star of module.stars) {
    const found = through(project, module, star, name, kind, hops + 1)
    if (found !== undefined && found._tag !== "Foreign") return found
  }
  return undefined
}

/** The package of an import, without what is a file of the project: `"effect/Schema"`, `"opbus/operation/Operation"`. */
const packageOf = (project: Project, from: string, specifier: string): string | undefined => {
  if (!specifier.startsWith("./") && !specifier.startsWith("../")) return specifier
  const { runtime } = project
  if (runtime === undefined) return undefined
  const target = joined(from, specifier)
  const own = target.startsWith(`${runtime}/`) ? target.slice(runtime.length + 1) : undefined
  // Modules that a project in that folder writes itself are no part of the library.
  return own === undefined || !libraryFolders.test(own) ? undefined : `opbus/${own.replace(/(\/index)?\.tsx?$/, "")}`
}

/** Whether a file belongs to opbus itself, where a project has its sources instead of the package. */
export const isLibrary = ({ runtime }: Project, path: string): boolean =>
  runtime !== undefined && path.startsWith(`${runtime}/`) && libraryFolders.test(path.slice(runtime.length + 1))

const libraryFolders =
  /^(operation|protocol|spec|history|remote|sql|rxjs|node|cli|internal)\/|^native\/(internal\/|[^/]*\.ts$)|^[^/]*\.ts$/

/**
 * One name for one thing, however it was imported: `effect:Schema.Struct` for `Schema.Struct` of `"effect"` and of
 * `"effect/Schema"`.
 */
const foreignName = (specifier: string, imported: string): string => {
  const [owner, ...rest] = specifier.split("/")
  const folder = owner!.startsWith("@") ? `${owner}/${rest.shift()}` : owner!
  const file = rest.at(-1)
  const isModule = file !== undefined && /^[A-Z]/.test(file)
  const parts = imported === "*" ? (isModule ? [file] : []) : isModule ? [file, imported] : [imported]
  return normal(`${folder}:${parts.join(".")}`)
}

const shortcuts = new Map(
  ["invoke", "invokeKey", "invokeKeyStream", "invokeRemote", "invokeRemoteStream", "invokeStream", "schedule"].map((
    name
  ) => [`opbus:${name}`, `opbus:OperationInvoker.${name}`])
)

/** `OperationInvoker.OperationInvoker.invoke` is `OperationInvoker.invoke`: module and class have one name. */
const normal = (name: string): string => {
  const short = shortcuts.get(name)
  if (short !== undefined) return short
  const [owner, path = ""] = name.split(":")
  const parts = path.split(".")
  return parts.length > 1 && parts[0] === parts[1] ? `${owner}:${parts.slice(1).join(".")}` : name
}

/** What an expression names: an identifier, or a chain of members. */
export const meaningOf = (project: Project, module: Module, expression: Ast.Expression): Meaning | undefined => {
  const node = bare(expression)
  if (node.type === "Identifier") return lookup(project, module, node.name)
  if (node.type !== "MemberExpression" || node.property.type === "PrivateIdentifier") return undefined
  const name = keyName(node.property as Ast.PropertyKey, node.computed)
  if (name === undefined) return undefined
  return memberOf(project, meaningOf(project, module, node.object), name, "value")
}

/** What a member of something means. */
export const memberOf = (
  project: Project,
  owner: Meaning | undefined,
  name: string,
  kind: "value" | "type"
): Meaning | undefined => {
  if (owner?._tag === "Namespace") return exported(project, owner.module, name, kind)
  if (owner?._tag !== "Foreign") return undefined
  return { _tag: "Foreign", name: normal(owner.name.endsWith(":") ? `${owner.name}${name}` : `${owner.name}.${name}`) }
}

/** The one name of something that no file of the project declares. */
export const foreignOf = (project: Project, module: Module, expression: Ast.Expression): string | undefined => {
  const meaning = meaningOf(project, module, expression)
  return meaning?._tag === "Foreign" ? meaning.name : undefined
}
