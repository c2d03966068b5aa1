import type * as SpecIr from "../../../SpecIr.ts"

/** Values go to the command, or come from it: what may become wider in one way may become narrower in the other. */
export type Direction = "in" | "out"

/** The declarations of one set of specs. */
export interface Declarations {
  readonly find: (ref: Extract<SpecIr.Type, { readonly _tag: "Ref" }>, command: string) => Found | undefined
}

export interface Found {
  readonly declaration: SpecIr.Declaration
  /** The command that declares it; another one declares what it refers to. */
  readonly command: string
}

/** Looks names up in a set of commands. */
export const declarationsOf = (commands: ReadonlyArray<SpecIr.Command>): Declarations => {
  const known = new Map(
    commands.map((command) => [command.name, new Map(command.declarations.map((item) => [item.name, item]))])
  )
  return {
    find: (ref, command) => {
      if (ref.external !== undefined) {
        return ref.external.declaration === undefined ? undefined : { declaration: ref.external.declaration, command }
      }
      const owner = ref.foreign ?? command
      const declaration = known.get(owner)?.get(ref.name)
      return declaration === undefined ? undefined : { declaration, command: owner }
    }
  }
}

/** What values a type has, in as many words as a message needs. */
export const print = (type: SpecIr.Type): string => {
  switch (type._tag) {
    case "Primitive":
      return type.name
    case "Array":
      return type.item._tag === "Nullable" ? `(${print(type.item)})[]` : `${print(type.item)}[]`
    case "Record":
      return `Record<string, ${print(type.value)}>`
    case "Nullable":
      return `${print(type.inner)} | null`
    case "Ref":
      return type.foreign === undefined ? type.name : `${type.foreign}.${type.name}`
  }
}

const wider: { readonly [name in SpecIr.Primitive]?: ReadonlyArray<SpecIr.Primitive> } = {
  int32: ["integer", "number", "json"],
  uint32: ["integer", "number", "json"],
  integer: ["number", "json"],
  number: ["json"],
  string: ["json"],
  boolean: ["json"],
  json: []
}

/** Whether every value of one primitive type is a value of another, on the JSON side. */
export const contains = (outer: SpecIr.Primitive, inner: SpecIr.Primitive): boolean =>
  outer === inner || wider[inner]?.includes(outer) === true

const lower = ["minimum", "exclusiveMinimum", "minLength", "minItems"] as const
const upper = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"] as const

/** The constraints that `after` is stricter in. */
export const stricter = (before: SpecIr.Constraints, after: SpecIr.Constraints): ReadonlyArray<string> => [
  ...lower.filter((key) => after[key] !== undefined && (before[key] === undefined || after[key] > before[key])),
  ...upper.filter((key) => after[key] !== undefined && (before[key] === undefined || after[key] < before[key])),
  ...(after.pattern !== undefined && after.pattern !== before.pattern ? ["pattern"] : [])
]
