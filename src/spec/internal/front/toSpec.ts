import type * as CommandSpec from "../../CommandSpec.ts"
import type * as SpecIr from "../../SpecIr.ts"
import * as TypeGrammar from "../../TypeGrammar.ts"
import { canonical } from "./canonical.ts"

/**
 * The spec that a command came from, in canonical form.
 *
 * @internal
 */
export const toSpec = (command: SpecIr.Command): CommandSpec.CommandSpec => {
  const inline = new Map<string, ReadonlyArray<string>>()
  for (const declaration of command.declarations) {
    if (declaration._tag === "Enum" && declaration.inline) {
      inline.set(declaration.name, declaration.values.map(({ value }) => value))
    }
  }
  const syntax = (type: SpecIr.Type): TypeGrammar.TypeSyntax => {
    switch (type._tag) {
      case "Primitive":
        return type
      case "Array":
        return { _tag: "Array", item: syntax(type.item) }
      case "Record":
        return { _tag: "Record", value: syntax(type.value) }
      case "Nullable":
        return { _tag: "Nullable", inner: syntax(type.inner) }
      case "Ref": {
        const values = type.foreign === undefined && type.external === undefined ? inline.get(type.name) : undefined
        if (values !== undefined) return { _tag: "Literals", values }
        return {
          _tag: "Name",
          name: type.name,
          column: 0,
          ...(type.foreign === undefined ? {} : { spec: type.foreign })
        }
      }
    }
  }
  const text = (type: SpecIr.Type) => TypeGrammar.print(syntax(type))
  const field = (value: SpecIr.Field): CommandSpec.FieldSpec => ({
    type: text(value.type),
    ...described(value),
    optional: value.optional,
    ...(value.default === undefined ? {} : { default: value.default }),
    sensitive: value.sensitive,
    ...value.constraints
  })
  const fields = (values: ReadonlyArray<SpecIr.Field>) =>
    Object.fromEntries(values.map((value) => [value.name, field(value)]))
  const named = (values: ReadonlyArray<SpecIr.Field>) => values.map((value) => ({ name: value.name, ...field(value) }))
  const declaration = (value: SpecIr.Declaration): CommandSpec.TypeSpec => {
    switch (value._tag) {
      case "Struct":
        return { ...described(value), fields: fields(value.fields) }
      case "Enum":
        return { ...described(value), enum: enumOf(value) }
      case "Union":
        return {
          ...described(value),
          union: Object.fromEntries(
            value.variants.map((variant) => [variant.name, { ...described(variant), fields: fields(variant.fields) }])
          ),
          discriminator: value.discriminator
        }
      case "Alias":
        return { ...described(value), type: text(value.type), ...value.constraints }
    }
  }
  const declared = command.declarations.filter((value) => !inline.has(value.name))
  const { service } = command
  return canonical({
    version: 2,
    name: command.name,
    description: command.description,
    environment: command.environment,
    adapter: command.adapter,
    ...(command.accessLevel === undefined ? {} : { accessLevel: command.accessLevel }),
    mode: command.mode,
    transport: command.transport,
    idempotent: command.idempotent,
    effects: command.effects,
    ...(service === undefined ? {} : { [service.language === "rust" ? "rust" : "service"]: block(service) }),
    types: Object.fromEntries(declared.map((value) => [value.name, declaration(value)])),
    params: named(command.params.fields),
    results: named(command.result.fields),
    errors: Object.fromEntries(
      command.failures.map((value) => [value.name, { ...described(value), fields: fields(value.fields) }])
    ),
    examples: command.examples
  })
}

const described = (value: { readonly description?: string }) =>
  value.description === undefined ? {} : { description: value.description }

const enumOf = (value: SpecIr.Enum): ReadonlyArray<string> | { readonly [value: string]: string } =>
  value.values.every(({ description }) => description === undefined)
    ? value.values.map(({ value }) => value)
    : Object.fromEntries(value.values.map(({ value, description }) => [value, description ?? ""]))

const block = (service: SpecIr.Service): CommandSpec.ServiceSpec => ({
  module: service.path,
  traits: service.traits,
  ...(service.commandPrefix === undefined ? {} : { command_prefix: service.commandPrefix }),
  imports: service.imports
})
