import type { CommandSpec, NamedFieldSpec } from "../../CommandSpec.ts"
import { patterns } from "../../CommandSpec.ts"
import { kebab, pascal, words } from "../../render/NamingConventions.ts"
import { type AnyNode, type Ast, bare, keyName, walk } from "./ast.ts"
import { Collector } from "./collect.ts"
import { stringOf } from "./constants.ts"
import type { Module, TypeDeclaration } from "./module.ts"
import { lookup } from "./names.ts"
import type { Project } from "./project.ts"
import type { Reader } from "./shapes.ts"
import type { ReadSpec } from "./specs.ts"
import { readTypeDeclaration } from "./types.ts"

/** A command in plain TypeScript: interfaces for what it takes and answers, and a class. */
export interface PlainCommand {
  readonly module: Module
  /** `GpuStats` of `GpuStatsParams`. */
  readonly name: string
  readonly params: TypeDeclaration
  readonly result: TypeDeclaration | undefined
  readonly class: { readonly module: Module; readonly node: Ast.Class }
}

/** Finds interfaces `XParams` with a class for `X` in the same file, or in one that imports it. */
export const findPlainCommands = (project: Project): ReadonlyArray<PlainCommand> => {
  const found: Array<PlainCommand> = []
  for (const path of project.roots) {
    const module = project.modules.get(path)!
    for (const declaration of module.types.values()) {
      const name = /^([A-Z]\w*)Params$/.exec(declaration.name)?.[1]
      if (name === undefined || declaration.node.type === "TSEnumDeclaration") continue
      // Beside a schema of the same name it is only the type of that.
      if (module.values.has(declaration.name)) continue
      const owner = classOf(project, module, name, declaration.name)
      if (owner === undefined) continue
      const result = module.types.get(`${name}Result`) ?? module.types.get(`${name}Results`)
      found.push({ module, name, params: declaration, result, class: owner })
    }
  }
  return found
}

const classOf = (project: Project, module: Module, name: string, params: string) => {
  for (const path of [module.path, ...project.roots.filter((path) => path !== module.path)]) {
    const candidate = project.modules.get(path)!
    if (candidate !== module) {
      const uses = [...candidate.imports].some(([local, { imported }]) => {
        if (imported !== params) return false
        const meaning = lookup(project, candidate, local, "type")
        return meaning?._tag === "Type" && meaning.module === module
      })
      if (!uses) continue
    }
    for (const value of candidate.values.values()) {
      if (value.class !== undefined && value.name.startsWith(name)) return { module: candidate, node: value.class }
    }
  }
  return undefined
}

/** Reads a command in plain TypeScript as a spec. */
export const plainSpecOf = (reader: Reader, command: PlainCommand): ReadSpec => {
  const { module, name, params, result } = command
  const collector = new Collector(reader, module, params.node, [
    params.name,
    ...(result === undefined ? [] : [result.name])
  ], () => undefined)
  const fieldsOf = (declaration: TypeDeclaration | undefined, where: string): ReadonlyArray<NamedFieldSpec> => {
    if (declaration === undefined) return []
    const read = readTypeDeclaration(reader, module, declaration)
    const fields = collector.structOf(read)
    if (fields === undefined) {
      reader.warn(
        module,
        declaration.node,
        "unsupported",
        `"${declaration.name}" is no object; the value becomes its field "value"`
      )
      return [{ name: "value", ...collector.field(read, `${where}Value`) }]
    }
    return fields.map((field) => ({ name: field.name, ...collector.field(field, where + pascal(field.name)) }))
  }
  const taken = fieldsOf(params, `${name}Params`)
  const answered = fieldsOf(result, `${name}Result`)
  if (result === undefined) {
    reader.warn(
      module,
      params.node,
      "missing-type",
      `there is no ${name}Result beside ${params.name}; the command answers nothing`
    )
  }
  const accessor = command.class.node.body.body.some((member) =>
    "static" in member && member.static && "key" in member &&
    ["invoke", "execute"].includes(keyName(member.key, member.computed) ?? "")
  )
  if (!accessor) {
    reader.warn(
      command.class.module,
      command.class.node,
      "pattern",
      `${name} has no static accessor: ${name}.invoke(params)`
    )
  }
  const description = reader.doc(command.class.module, statementOf(command.class)) ??
    reader.doc(module, params.statement)
  if (description === undefined || description === "") {
    reader.warn(module, params.node, "missing-type", `${name} has no description; the spec takes its name`)
  }
  const types = collector.finish()
  const spec: CommandSpec = {
    version: 2,
    name: nameOf(reader, command),
    description: description === undefined || description === "" ? name : description,
    adapter: adapterOf(command.class.module.path),
    ...(types === undefined ? undefined : { types }),
    ...(taken.length === 0 ? undefined : { params: taken }),
    ...(answered.length === 0 ? undefined : { results: answered })
  }
  return { spec, reached: collector.reached }
}

const statementOf = ({ module, node }: PlainCommand["class"]): AnyNode =>
  module.values.get(node.id?.name ?? "")?.statement ?? node

const adapterOf = (path: string): string => /(^|\/)browser\//.test(path) ? "browser-only" : "server-only"

/** The name that the code gives it, else what its folder or its class is called. */
const nameOf = (reader: Reader, { class: owner, module, name }: PlainCommand): string => {
  let written: string | undefined
  for (const member of owner.node.body.body) {
    if (member.type !== "PropertyDefinition" || member.value === null) continue
    if (!/^(key|name|command|commandName)$/.test(keyName(member.key, member.computed) ?? "")) continue
    written ??= stringOf(reader.project, owner.module, bare(member.value))
  }
  walk(owner.node.body, (node) => {
    if (node.type !== "CallExpression" || (node as Ast.CallExpression).callee.type !== "Super") return
    for (const argument of (node as Ast.CallExpression).arguments) {
      if (argument.type !== "SpreadElement") written ??= commandName(stringOf(reader.project, owner.module, argument))
    }
  })
  const known = commandName(written?.replaceAll(".", "/"))
  if (known !== undefined) return known
  const folders = module.path.split("/").slice(0, -1)
  const start = folders.lastIndexOf("commands")
  const folder = commandName(
    folders.slice(start + 1).filter((part) => !/^(shared|server|browser)$/.test(part)).join("/")
  )
  if (start !== -1 && folder !== undefined) return folder
  const [first, ...rest] = words(name)
  return rest.length === 0
    ? `${kebab(folders.at(-1) ?? "app") || "app"}/${first}`
    : `${first}/${rest.join("-")}`
}

const commandName = (text: string | undefined): string | undefined =>
  text !== undefined && patterns.command.test(text) ? text : undefined
