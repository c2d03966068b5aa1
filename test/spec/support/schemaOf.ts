import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SpecTypes from "opbus/operation/SpecTypes"
import type * as SpecIr from "opbus/spec/SpecIr"

/**
 * The schemas that generated code declares, built from the intermediate representation at run time: a second opinion on which
 * values a spec means.
 */
export const makeSchemaOf = (commands: ReadonlyArray<SpecIr.Command>) => {
  const byCommand = new Map(commands.map((command) => [command.name, command]))
  const made = new Map<SpecIr.Declaration, Any>()

  const type = (value: SpecIr.Type, constraints: SpecIr.Constraints, home: SpecIr.Command): Any => {
    switch (value._tag) {
      case "Primitive":
        return constrain(primitives[value.name], constraints, value.name)
      case "Nullable":
        return Schema.NullOr(type(value.inner, constraints, home))
      case "Array":
        return constrain(Schema.Array(type(value.item, {}, home)), constraints, "array")
      case "Record":
        return Schema.Record(Schema.String, type(value.value, {}, home))
      case "Ref": {
        const owner = value.foreign === undefined ? home : byCommand.get(value.foreign)!
        const declaration = value.external?.declaration ??
          owner.declarations.find((declaration) => declaration.name === value.name)!
        if (declaration._tag === "Alias") {
          return type(declaration.type, { ...declaration.constraints, ...constraints }, owner)
        }
        return Schema.suspend(() => declared(declaration, owner))
      }
    }
  }

  const fields = (values: ReadonlyArray<SpecIr.Field>, home: SpecIr.Command): Record<string, Any> =>
    Object.fromEntries(values.map((field) => {
      const schema = type(field.type, field.constraints, home)
      if (field.default !== undefined) {
        return [field.name, schema.pipe(Schema.withDecodingDefaultKey(Effect.succeed(field.default as any)) as any)]
      }
      return [field.name, field.optional ? Schema.optionalKey(schema) : schema]
    }))

  const struct = (values: ReadonlyArray<SpecIr.Field>, home: SpecIr.Command): Any =>
    values.length === 0 ? SpecTypes.Empty : Schema.Struct(fields(values, home))

  const declared = (declaration: SpecIr.Declaration, home: SpecIr.Command): Any => {
    const known = made.get(declaration)
    if (known !== undefined) return known
    const schema = declare(declaration, home)
    made.set(declaration, schema)
    return schema
  }

  const declare = (declaration: SpecIr.Declaration, home: SpecIr.Command): Any => {
    switch (declaration._tag) {
      case "Enum":
        return Schema.Literals(declaration.values.map(({ value }) => value))
      case "Struct":
        return struct(declaration.fields, home)
      case "Union":
        return Schema.Union(declaration.variants.map((variant) =>
          Schema.Struct({
            [declaration.discriminator]: Schema.Literal(variant.name),
            ...fields(variant.fields, home)
          })
        ))
      case "Alias":
        throw new Error("aliases are looked through")
    }
  }

  return {
    params: (command: SpecIr.Command): Any => struct(command.params.fields, command),
    result: (command: SpecIr.Command): Any => struct(command.result.fields, command)
  }
}

type Any = Schema.Codec<any, any>

const primitives: { readonly [name in SpecIr.Primitive]: Any } = {
  string: SpecTypes.String,
  boolean: SpecTypes.Boolean,
  number: SpecTypes.Number,
  integer: SpecTypes.Integer,
  int32: SpecTypes.Int32,
  uint32: SpecTypes.Uint32,
  int64: SpecTypes.Int64,
  uint64: SpecTypes.Uint64,
  bytes: SpecTypes.Bytes,
  timestamp: SpecTypes.Timestamp,
  json: SpecTypes.Json
}

const constrain = (schema: Any, constraints: SpecIr.Constraints, kind: string): Any => {
  const checks: Array<any> = []
  const big = kind === "int64" || kind === "uint64"
  const add = <A>(value: A | undefined, make: (value: A) => any) => {
    if (value !== undefined) checks.push(make(value))
  }
  add(
    constraints.minimum,
    (n) => big ? Schema.isGreaterThanOrEqualToBigInt(BigInt(n)) : Schema.isGreaterThanOrEqualTo(n)
  )
  add(constraints.maximum, (n) => big ? Schema.isLessThanOrEqualToBigInt(BigInt(n)) : Schema.isLessThanOrEqualTo(n))
  add(constraints.exclusiveMinimum, (n) => big ? Schema.isGreaterThanBigInt(BigInt(n)) : Schema.isGreaterThan(n))
  add(constraints.exclusiveMaximum, (n) => big ? Schema.isLessThanBigInt(BigInt(n)) : Schema.isLessThan(n))
  add(constraints.minLength, Schema.isMinLength)
  add(constraints.maxLength, Schema.isMaxLength)
  add(constraints.pattern, (text) => Schema.isPattern(new RegExp(text, "u")))
  add(constraints.minItems, Schema.isMinLength)
  add(constraints.maxItems, Schema.isMaxLength)
  return checks.length === 0 ? schema : (schema as any).check(...checks)
}
