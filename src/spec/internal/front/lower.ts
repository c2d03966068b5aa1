import * as Result from "effect/Result"
import type * as CommandSpec from "../../CommandSpec.ts"
import { traits } from "../../CommandSpec.ts"
import * as SpecHash from "../../SpecHash.ts"
import type * as SpecIr from "../../SpecIr.ts"
import * as TypeGrammar from "../../TypeGrammar.ts"
import { environmentOf, transportOf } from "./defaults.ts"
import { choiceOf, keyOfCommand, pascal, pascalOfCommand, serviceName } from "./names.ts"
import { order } from "./order.ts"
import type { Report, Scope } from "./scope.ts"
import { toSpec } from "./toSpec.ts"

type Path = ReadonlyArray<string | number>

/** What one spec is lowered with. */
interface Lowering {
  readonly spec: CommandSpec.CommandSpec
  readonly scope: Scope
  readonly report: Report
  /** The inline enums, by their made-up names. */
  readonly inline: Map<string, SpecIr.Enum>
}

/**
 * Turns a spec into the intermediate representation. What cannot be resolved is reported, and stands as `json`.
 *
 * @internal
 */
export const lower = (source: string, spec: CommandSpec.CommandSpec, scope: Scope, report: Report): SpecIr.Command => {
  const state: Lowering = { spec, scope, report, inline: new Map() }
  const name = pascalOfCommand(spec.name)
  const declared = Object.entries(spec.types ?? {}).map(([name, type]) => declaration(state, name, type))
  const params = namedFields(state, spec.params, name, "params")
  const result = namedFields(state, spec.results, `${name}Result`, "results")
  const failures = Object.entries(spec.errors ?? {}).map(([name, error]) => ({
    name,
    ...described(error),
    fields: fields(state, error.fields ?? {}, name, ["errors", name, "fields"])
  }))
  const command: Omit<SpecIr.Command, "hash"> = {
    name: spec.name,
    key: keyOfCommand(spec.name),
    description: spec.description,
    environment: spec.environment ?? environmentOf(spec.adapter),
    adapter: spec.adapter,
    ...(spec.accessLevel === undefined ? {} : { accessLevel: spec.accessLevel }),
    mode: spec.mode ?? "async",
    transport: spec.transport ?? transportOf(spec.adapter),
    idempotent: spec.idempotent ?? false,
    effects: spec.effects ?? "write",
    params: struct(`${name}Params`, params),
    result: struct(`${name}Result`, result),
    failures: failures.sort((a, b) => a.name < b.name ? -1 : 1),
    declarations: order([...state.inline.values(), ...declared]),
    examples: spec.examples ?? [],
    ...serviceOf(spec),
    source
  }
  return { ...command, hash: SpecHash.sha256(JSON.stringify(toSpec({ ...command, hash: "" }))) }
}

const struct = (name: string, fields: ReadonlyArray<SpecIr.Field>): SpecIr.Struct => ({
  _tag: "Struct",
  name,
  fields,
  recursive: false
})

const described = (value: { readonly description?: string }): { readonly description?: string } =>
  value.description === undefined || value.description === "" ? {} : { description: value.description }

const serviceOf = (spec: CommandSpec.CommandSpec): { readonly service?: SpecIr.Service } => {
  const block = spec.rust ?? spec.service
  if (block === undefined) return {}
  return {
    service: {
      name: serviceName(block.module),
      path: block.module,
      language: spec.rust === undefined ? "typescript" : "rust",
      traits: traits.filter((trait) => block.traits?.includes(trait) === true),
      ...(block.command_prefix === undefined ? {} : { commandPrefix: block.command_prefix }),
      imports: block.imports ?? []
    }
  }
}

// ---------------------------------------------------------------------------
// declarations and fields
// ---------------------------------------------------------------------------

const declaration = (state: Lowering, name: string, spec: CommandSpec.TypeSpec): SpecIr.Declaration => {
  const path = ["types", name]
  const head = { name, ...described(spec) }
  if ("fields" in spec) {
    return { _tag: "Struct", ...head, fields: fields(state, spec.fields, name, [...path, "fields"]), recursive: false }
  }
  if ("enum" in spec) return { _tag: "Enum", ...head, values: enumValues(spec.enum), inline: false }
  if ("union" in spec) {
    const variants = Object.entries(spec.union).map(([variant, { fields: own, ...rest }]) => ({
      name: variant,
      ...described(rest),
      fields: fields(state, own, `${name}${pascal(variant)}`, [...path, "union", variant, "fields"])
    }))
    return { _tag: "Union", ...head, discriminator: spec.discriminator ?? "_tag", variants, recursive: false }
  }
  const syntax = parse(state, spec.type, [...path, "type"])
  const constraints = constraintsOf(spec)
  if (syntax?._tag === "Literals" && Object.keys(constraints).length === 0) {
    return { _tag: "Enum", ...head, values: enumValues(syntax.values), inline: false }
  }
  const type = syntax === undefined ? json : lowerType(state, syntax, `${name}Value`, [...path, "type"])
  return { _tag: "Alias", ...head, type, constraints, recursive: false }
}

const enumValues = (values: ReadonlyArray<string> | { readonly [value: string]: string }): SpecIr.Enum["values"] =>
  Array.isArray(values)
    ? (values as ReadonlyArray<string>).map((value) => ({ value }))
    : Object.entries(values as { readonly [value: string]: string }).map(([value, description]) => ({
      value,
      ...described({ description })
    }))

const namedFields = (
  state: Lowering,
  specs: ReadonlyArray<CommandSpec.NamedFieldSpec> | undefined,
  owner: string,
  key: string
): ReadonlyArray<SpecIr.Field> => (specs ?? []).map((spec, i) => field(state, spec.name, spec, owner, [key, i]))

const fields = (
  state: Lowering,
  specs: { readonly [name: string]: CommandSpec.FieldSpec },
  owner: string,
  path: Path
): ReadonlyArray<SpecIr.Field> =>
  Object.entries(specs).map(([name, spec]) => field(state, name, spec, owner, [...path, name]))

const field = (
  state: Lowering,
  name: string,
  spec: CommandSpec.FieldSpec,
  owner: string,
  path: Path
): SpecIr.Field => {
  const syntax = parse(state, spec.type, [...path, "type"])
  return {
    name,
    type: syntax === undefined ? json : lowerType(state, syntax, choiceOf(owner, name), [...path, "type"]),
    ...described(spec),
    optional: spec.optional === true && spec.default === undefined,
    ...(spec.default === undefined ? {} : { default: spec.default }),
    constraints: constraintsOf(spec),
    sensitive: spec.sensitive === true
  }
}

const constraintsOf = (spec: SpecIr.Constraints): SpecIr.Constraints => {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, pattern, minItems, maxItems } =
    spec
  return {
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(exclusiveMinimum === undefined ? {} : { exclusiveMinimum }),
    ...(exclusiveMaximum === undefined ? {} : { exclusiveMaximum }),
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(minItems === undefined ? {} : { minItems }),
    ...(maxItems === undefined ? {} : { maxItems })
  }
}

// ---------------------------------------------------------------------------
// types
// ---------------------------------------------------------------------------

/** Stands where a type could not be read: the problem is reported already. */
const json: SpecIr.Type = { _tag: "Primitive", name: "json" }

const parse = (state: Lowering, text: string, path: Path): TypeGrammar.TypeSyntax | undefined => {
  const parsed = TypeGrammar.parse(text)
  if (Result.isSuccess(parsed)) return parsed.success
  const { column, message, suggestions } = parsed.failure
  state.report(path, `the type ${quote(text)} has a problem at column ${column}: ${message}`, suggestions, column)
  return undefined
}

const quote = (text: string): string => JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 77)}…`)

const lowerType = (state: Lowering, syntax: TypeGrammar.TypeSyntax, owner: string, path: Path): SpecIr.Type => {
  switch (syntax._tag) {
    case "Primitive":
      return syntax
    case "Array":
      return { _tag: "Array", item: lowerType(state, syntax.item, owner, path) }
    case "Record":
      return { _tag: "Record", value: lowerType(state, syntax.value, owner, path) }
    case "Nullable":
      return { _tag: "Nullable", inner: lowerType(state, syntax.inner, owner, path) }
    case "Literals":
      return inlineEnum(state, syntax.values, owner, path)
    case "Name": {
      const found = state.scope.resolve(state.spec, syntax)
      if ("type" in found) return found.type
      state.report(path, `${found.message} (column ${syntax.column} of the type)`, found.suggestions, syntax.column)
      return json
    }
  }
}

const inlineEnum = (state: Lowering, values: ReadonlyArray<string>, name: string, path: Path): SpecIr.Type => {
  const known = state.inline.get(name)
  if (state.spec.types !== undefined && Object.hasOwn(state.spec.types, name)) {
    state.report(path, `the choice that would be named ${name} has the name of the type ${name}: rename one`)
  } else if (known !== undefined && known.values.map(({ value }) => value).join("\n") !== values.join("\n")) {
    state.report(path, `this choice would be named ${name}, which another one is: declare it in "types" with a name`)
  } else {
    state.inline.set(name, { _tag: "Enum", name, values: values.map((value) => ({ value })), inline: true })
  }
  return { _tag: "Ref", name }
}
