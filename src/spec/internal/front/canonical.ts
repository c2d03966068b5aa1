import * as Result from "effect/Result"
import type * as CommandSpec from "../../CommandSpec.ts"
import { traits } from "../../CommandSpec.ts"
import * as TypeGrammar from "../../TypeGrammar.ts"
import { environmentOf, transportOf } from "./defaults.ts"
import { byName } from "./names.ts"

/**
 * A spec in the one form that all specs with its meaning share: keys in one order, defaults left out, types and traits
 * written one way, declarations and errors sorted.
 *
 * @internal
 */
export const canonical = (spec: CommandSpec.CommandSpec): CommandSpec.CommandSpec => {
  const { adapter } = spec
  return {
    version: 2,
    name: spec.name,
    description: spec.description,
    environment: spec.environment ?? environmentOf(adapter),
    adapter,
    ...(spec.accessLevel === undefined ? {} : { accessLevel: spec.accessLevel }),
    ...(spec.mode === undefined || spec.mode === "async" ? {} : { mode: spec.mode }),
    ...(spec.transport === undefined || spec.transport === transportOf(adapter) ? {} : { transport: spec.transport }),
    ...(spec.idempotent === true ? { idempotent: true } : {}),
    ...(spec.effects === undefined || spec.effects === "write" ? {} : { effects: spec.effects }),
    ...(spec.rust === undefined ? {} : { rust: service(spec.rust) }),
    ...(spec.service === undefined ? {} : { service: service(spec.service) }),
    ...filled("types", record(spec.types, (type) => declaration(type, spec.name))),
    ...list("params", spec.params?.map((field) => ({ name: field.name, ...fieldOf(field, spec.name) }))),
    ...list("results", spec.results?.map((field) => ({ name: field.name, ...fieldOf(field, spec.name) }))),
    ...filled(
      "errors",
      record(spec.errors, (error) => ({ ...described(error), ...filled("fields", fields(error.fields, spec.name)) }))
    ),
    ...list("examples", spec.examples?.map(example))
  }
}

/** Absent rather than empty. */
const filled = <const K extends string, V extends object>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
  (value === undefined || Object.keys(value).length === 0 ? {} : { [key]: value }) as { readonly [P in K]?: V }

const list = filled as <const K extends string, V>(
  key: K,
  value: ReadonlyArray<V> | undefined
) => { readonly [P in K]?: ReadonlyArray<V> }

const described = (value: { readonly description?: string }): { readonly description?: string } =>
  value.description === undefined || value.description === "" ? {} : { description: value.description }

/** Sorted: what depends on the order of declarations is decided by what they refer to. */
const record = <A, B>(
  values: { readonly [name: string]: A } | undefined,
  f: (value: A) => B
): { readonly [name: string]: B } | undefined =>
  values === undefined ? undefined : Object.fromEntries(
    Object.entries(values).sort(([a], [b]) => byName(a, b)).map(([name, value]) => [name, f(value)])
  )

const service = (block: CommandSpec.ServiceSpec): CommandSpec.ServiceSpec => ({
  module: block.module,
  ...list("traits", traits.filter((trait) => block.traits?.includes(trait) === true)),
  ...(block.command_prefix === undefined ? {} : { command_prefix: block.command_prefix }),
  ...list("imports", block.imports)
})

const constraintKeys = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "minLength",
  "maxLength",
  "pattern",
  "minItems",
  "maxItems"
] as const

const constraintsOf = (value: any): any => {
  const found: Record<string, unknown> = {}
  for (const key of constraintKeys) if (value[key] !== undefined) found[key] = value[key]
  return found
}

const fieldOf = (field: CommandSpec.FieldSpec, spec: string): CommandSpec.FieldSpec => ({
  type: typeText(field.type, spec),
  ...described(field),
  ...(field.optional === true && field.default === undefined ? { optional: true } : {}),
  ...(field.default === undefined ? {} : { default: field.default }),
  ...(field.sensitive === true ? { sensitive: true } : {}),
  ...constraintsOf(field)
})

/** In the order of the spec, which is the order of marshalling. */
const fields = (values: { readonly [name: string]: CommandSpec.FieldSpec } | undefined, spec: string) =>
  values === undefined
    ? undefined
    : Object.fromEntries(Object.entries(values).map(([name, field]) => [name, fieldOf(field, spec)]))

const declaration = (type: CommandSpec.TypeSpec, spec: string): CommandSpec.TypeSpec => {
  if ("fields" in type) return { ...described(type), fields: fields(type.fields, spec)! }
  if ("enum" in type) return { ...described(type), enum: enumOf(type.enum) }
  if ("union" in type) {
    const variants = Object.entries(type.union).map(([name, variant]) =>
      [name, { ...described(variant), fields: fields(variant.fields, spec)! }] as const
    )
    const discriminator = type.discriminator === undefined || type.discriminator === "_tag"
      ? {}
      : { discriminator: type.discriminator }
    return { ...described(type), union: Object.fromEntries(variants), ...discriminator }
  }
  const parsed = TypeGrammar.parse(type.type)
  const constraints = constraintsOf(type)
  return Result.isSuccess(parsed) && parsed.success._tag === "Literals" && Object.keys(constraints).length === 0
    ? { ...described(type), enum: parsed.success.values }
    : { ...described(type), type: typeText(type.type, spec), ...constraints }
}

const enumOf = (values: ReadonlyArray<string> | { readonly [value: string]: string }) => {
  if (Array.isArray(values)) return values as ReadonlyArray<string>
  const entries = Object.entries(values as { readonly [value: string]: string })
  return entries.every(([, description]) => description === "")
    ? entries.map(([value]) => value)
    : Object.fromEntries(entries)
}

/** A text that cannot be read stays as it is. */
const typeText = (text: string, spec: string): string => {
  const parsed = TypeGrammar.parse(text)
  return Result.isSuccess(parsed) ? TypeGrammar.print(local(parsed.success, spec)) : text
}

/** A type of the same spec needs no other name than its own. */
const local = (type: TypeGrammar.TypeSyntax, spec: string): TypeGrammar.TypeSyntax => {
  switch (type._tag) {
    case "Name":
      return type.spec === spec ? { _tag: "Name", name: type.name, column: type.column } : type
    case "Array":
      return { _tag: "Array", item: local(type.item, spec) }
    case "Record":
      return { _tag: "Record", value: local(type.value, spec) }
    case "Nullable":
      return { _tag: "Nullable", inner: local(type.inner, spec) }
    default:
      return type
  }
}

const example = (value: CommandSpec.ExampleSpec): CommandSpec.ExampleSpec => ({
  ...described(value),
  ...(value.command === undefined ? {} : { command: value.command }),
  ...(value.params === undefined ? {} : { params: value.params }),
  ...(value.result === undefined ? {} : { result: value.result }),
  ...(value.error === undefined ? {} : { error: value.error })
})
