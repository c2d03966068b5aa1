/** What types, declarations and commands of the intermediate representation are made of. */
import type * as SpecIr from "../SpecIr.ts"

/** A reference to a named type. @internal */
export type Ref = Extract<SpecIr.Type, { readonly _tag: "Ref" }>

/** All names of types in a type. @internal */
export const refsIn = (type: SpecIr.Type): ReadonlyArray<Ref> => {
  switch (type._tag) {
    case "Primitive":
      return []
    case "Array":
      return refsIn(type.item)
    case "Record":
      return refsIn(type.value)
    case "Nullable":
      return refsIn(type.inner)
    case "Ref":
      return [type]
  }
}

/** The types that a declaration is made of. @internal */
export const typesOf = (declaration: SpecIr.Declaration): ReadonlyArray<SpecIr.Type> => {
  switch (declaration._tag) {
    case "Struct":
      return declaration.fields.map((field) => field.type)
    case "Union":
      return declaration.variants.flatMap((variant) => variant.fields.map((field) => field.type))
    case "Alias":
      return [declaration.type]
    case "Enum":
      return []
  }
}

/** The types that a command is made of: its params, its result, its failures, then its declarations. @internal */
export const typesOfCommand = (command: SpecIr.Command): ReadonlyArray<SpecIr.Type> => [
  ...[command.params, command.result, ...command.failures].flatMap((part) => part.fields.map((field) => field.type)),
  ...command.declarations.flatMap(typesOf)
]
