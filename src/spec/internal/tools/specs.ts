import type { CommandSpec, NamedFieldSpec, ServiceSpec } from "../../CommandSpec.ts"
import { pascal, typeName } from "../../render/NamingConventions.ts"
import { type AnyNode, type Ast, bare, property } from "./ast.ts"
import { Collector } from "./collect.ts"
import { constantOf, stringOf } from "./constants.ts"
import type { Module } from "./module.ts"
import { foreignOf, meaningOf } from "./names.ts"
import { accessorFits, accessorOf, type FoundOperation } from "./operations.ts"
import { readDeclaration, readSchema, resolved } from "./schemas.ts"
import type { FieldShape, Reader, Slot, Target } from "./shapes.ts"

/** A spec, and the declarations that it was read from. */
export interface ReadSpec {
  readonly spec: CommandSpec
  readonly reached: ReadonlySet<Target["declaration"]>
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Reads an operation back as a spec. */
export const specOf = (
  reader: Reader,
  operation: FoundOperation,
  ownerOf: (module: Module) => string | undefined,
  nameOf: (key: string) => string | undefined
): ReadSpec => {
  const { key, module, props, source } = operation
  const noted = source?.["name"]
  const name = typeof noted === "string" ? noted : nameOf(key) ?? key.split(".").join("/")
  const base = typeName(name)
  const failures = failuresOf(reader, operation)
  const collector = new Collector(
    reader,
    module,
    operation.node,
    [`${base}Params`, `${base}Result`, ...failures.map((failure) => failure.name)],
    (target) => {
      const owner = target.module === module ? undefined : ownerOf(target.module)
      return owner === name ? undefined : owner
    }
  )
  const at = (part: string) => property(props, part)
  const params = structure(reader, collector, operation, at("input"), `${base}Params`, "value")
  const results = structure(reader, collector, operation, at("output"), `${base}Result`, "items")
  const errors: Array<readonly [string, NonNullable<CommandSpec["errors"]>[string]]> = failures.map((
    { description, fields, name }
  ) => [name, {
    ...(description === undefined || description === "" ? undefined : { description }),
    ...(fields.length === 0 ? undefined : { fields: collector.fields(fields, name) })
  }])
  if (source === undefined) conventions(reader, operation)
  else addDeclared(reader, collector, module)

  const spec: Mutable<CommandSpec> = {
    version: 2,
    name,
    description: descriptionOf(reader, operation),
    adapter: typeof source?.["adapter"] === "string" ? source["adapter"] : "server-only"
  }
  const environment = source?.["environment"]
  if (environment === "server" || environment === "browser" || environment === "both") spec.environment = environment
  const accessLevel = annotated(reader, operation, "Permission")
  if (typeof accessLevel === "string") spec.accessLevel = accessLevel
  const stream = at("stream")
  if (stream !== undefined && constantOf(reader.project, module, stream)?.value === true) spec.mode = "stream"
  else if (stringOf(reader.project, module, at("executionMode")) === "sync") spec.mode = "sync"
  const transport = source?.["transport"]
  if (transport === "positional" || transport === "json" || transport === "bytes") spec.transport = transport
  if (annotated(reader, operation, "Idempotent") === true) spec.idempotent = true
  if (annotated(reader, operation, "Readonly") === true) spec.effects = "read"
  else if (annotated(reader, operation, "Irreversible") === true) spec.effects = "irreversible"
  // What generated code carries was checked when it was generated, and is checked again when this spec is read.
  if (source?.["rust"] !== undefined) spec.rust = source["rust"] as unknown as ServiceSpec
  if (source?.["service"] !== undefined) spec.service = source["service"] as unknown as ServiceSpec
  const types = collector.finish()
  if (types !== undefined) spec.types = types
  if (params.length > 0) spec.params = params
  if (results.length > 0) spec.results = results
  if (errors.length > 0) spec.errors = Object.fromEntries(errors)
  if (Array.isArray(source?.["examples"])) spec.examples = source["examples"] as NonNullable<CommandSpec["examples"]>
  return { spec, reached: collector.reached }
}

/** A generated file declares all types of its spec, those that its command does not use as well. */
const addDeclared = (reader: Reader, collector: Collector, module: Module): void => {
  for (const declaration of module.values.values()) {
    if (!declaration.exported || declaration.init === undefined) continue
    const read = readDeclaration(reader, module, declaration)
    if (read.identifier === declaration.name) collector.add({ _tag: "Value", module, declaration })
  }
}

const annotated = ({ project }: Reader, { annotations, module }: FoundOperation, name: string) => {
  const value = annotations.get(`opbus:Operation.${name}`)
  return value === undefined ? undefined : constantOf(project, module, value)?.value
}

const descriptionOf = (reader: Reader, operation: FoundOperation): string => {
  const meta = property(operation.props, "meta")
  const node = meta === undefined ? undefined : bare(meta)
  const text = (name: string) =>
    node?.type === "ObjectExpression" ? stringOf(reader.project, operation.module, property(node, name)) : undefined
  const found = [text("description"), reader.doc(operation.module, operation.statement), text("label")]
    .find((candidate) => candidate !== undefined && candidate !== "")
  if (found !== undefined) return found
  reader.warn(
    operation.module,
    operation.node,
    "missing-type",
    `${operation.name} has no description; the spec takes its name`
  )
  return operation.name
}

/** Params or results: the fields of an object. Anything else is wrapped in one. */
const structure = (
  reader: Reader,
  collector: Collector,
  operation: FoundOperation,
  written: Ast.Expression | undefined,
  where: string,
  wrapper: string
): ReadonlyArray<NamedFieldSpec> => {
  if (written === undefined) return []
  // `GpuStatsParams` is the struct itself, not a type of the spec.
  const read = readSchema(reader, operation.module, written)
  const fields = collector.structOf(read)
  if (fields !== undefined) return named(collector, fields, where)
  const field = wrapper === "items" && resolved(reader, read)._tag !== "Array" ? "value" : wrapper
  reader.warn(
    operation.module,
    written,
    "unsupported",
    `a spec describes an object here; the value becomes its field "${field}"`
  )
  return named(collector, [{ ...read, optional: false, name: field }], where)
}

const named = (collector: Collector, fields: ReadonlyArray<FieldShape>, where: string): ReadonlyArray<NamedFieldSpec> =>
  fields.map((field) => ({ name: field.name, ...collector.field(field, where + pascal(field.name)) }))

interface FailureShape {
  readonly name: string
  readonly description?: string
  readonly fields: ReadonlyArray<FieldShape>
}

/** The failures of an operation, without what every service fails with. */
const failuresOf = (reader: Reader, operation: FoundOperation): ReadonlyArray<FailureShape> => {
  const written = property(operation.props, "error")
  return written === undefined ? [] : members(reader, operation.module, written)
}

const members = (reader: Reader, module: Module, expression: Ast.Expression): ReadonlyArray<FailureShape> => {
  const node = bare(expression)
  if (
    node.type === "CallExpression" &&
    foreignOf(reader.project, module, node.callee as Ast.Expression) === "effect:Schema.Union"
  ) {
    const list = node.arguments[0]
    if (list?.type === "ArrayExpression") {
      return list.elements.flatMap((element) =>
        element === null || element.type === "SpreadElement" ? [] : members(reader, module, element)
      )
    }
  }
  const meaning = node.type === "Identifier" || node.type === "MemberExpression"
    ? meaningOf(reader.project, module, node)
    : undefined
  if (meaning?._tag === "Foreign" && /^effect:Schema\.(Never|Void)$/.test(meaning.name)) return []
  if (meaning?._tag === "Foreign" && meaning.name === "opbus:ServiceUnavailable") return []
  if (meaning?._tag === "Value") {
    const { declaration } = meaning
    if (declaration.init !== undefined && bare(declaration.init).type === "CallExpression") {
      const call = bare(declaration.init) as Ast.CallExpression
      if (foreignOf(reader.project, meaning.module, call.callee as Ast.Expression) === "effect:Schema.Union") {
        return members(reader, meaning.module, call)
      }
    }
    const found = failureOf(readDeclaration(reader, meaning.module, declaration))
    if (found !== undefined) return [found]
  } else if (meaning === undefined) {
    const found = failureOf(readSchema(reader, module, node))
    if (found !== undefined) return [found]
  }
  reader.warn(module, node, "unsupported", "an error of a spec is a Schema.TaggedError; this one is left out")
  return []
}

const failureOf = ({ description, shape }: Slot): FailureShape | undefined => {
  if (shape._tag !== "Struct") return undefined
  const tag = shape.fields.find(({ name }) => name === "_tag")?.shape
  if (tag?._tag !== "Enum" || tag.values.length !== 1) return undefined
  return {
    name: tag.values[0]!.value,
    ...(description === undefined ? undefined : { description }),
    fields: shape.fields.filter(({ name }) => name !== "_tag")
  }
}

/** What code that was written by hand does without. */
const conventions = (reader: Reader, operation: FoundOperation): void => {
  const { module, node, props } = operation
  const accessor = accessorOf(operation)
  if (accessor === undefined) {
    reader.warn(module, node, "pattern", `${operation.name} has no static accessor: ${operation.name}.invoke(params)`)
  } else if (!accessorFits(reader.project, operation, accessor)) {
    reader.warn(module, accessor, "pattern", `${operation.name}.invoke does not invoke ${operation.name}`)
  }
  const dropped = (at: AnyNode | undefined, what: string) => {
    if (at !== undefined) reader.warn(module, at, "dropped", `a spec has no place for ${what}`)
  }
  dropped(property(props, "progress"), "progress events")
  dropped(property(props, "concurrency"), "a concurrency policy")
  const meta = property(props, "meta")
  const metaNode = meta === undefined ? undefined : bare(meta)
  if (metaNode?.type === "ObjectExpression") {
    for (const name of ["label", "version"]) dropped(property(metaNode, name), `the ${name}`)
  }
  for (const [name, value] of operation.annotations) {
    if (!/^opbus:(Operation\.(Permission|Idempotent|Readonly|Irreversible)|SpecSource)$/.test(name)) {
      dropped(value, `the annotation ${name.slice(name.indexOf(":") + 1)}`)
    }
  }
  for (const call of operation.others) dropped(call, "what is computed from the definition")
  for (const entry of props.properties) {
    if (entry.type === "SpreadElement") {
      reader.warn(module, entry, "computed", "what is spread here cannot be seen; it is left out")
    }
  }
}
