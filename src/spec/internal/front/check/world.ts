import type * as SpecIr from "../../../SpecIr.ts"
import type { SpecFile } from "../../../SpecReader.ts"
import { type Ref, refsIn } from "../../references.ts"
import { byName } from "../names.ts"
import type { Report } from "../scope.ts"

/** One command, its spec, and where to say what is wrong with it. @internal */
export interface Subject {
  readonly file: SpecFile
  readonly command: SpecIr.Command
  readonly report: Report
}

/** A declaration, and the command whose names it speaks. @internal */
export interface Found {
  readonly declaration: SpecIr.Declaration
  readonly home: SpecIr.Command
}

/** All commands, to follow names. @internal */
export interface World {
  readonly byCommand: ReadonlyMap<string, SpecIr.Command>
  /** Absent for a type that no spec declares and whose shape is not known. */
  readonly find: (ref: Ref, home: SpecIr.Command) => Found | undefined
  /** The types of other specs that a command speaks of, and where. */
  readonly foreignRefs: (command: SpecIr.Command) => ReadonlyArray<ForeignRef>
  /** The commands whose types a command speaks of, however indirectly, in the order of their names. */
  readonly reachable: (command: SpecIr.Command) => ReadonlyArray<SpecIr.Command>
}

/** @internal */
export interface ForeignRef {
  readonly name: string
  readonly foreign: string
  readonly path: ReadonlyArray<string | number>
}

/** They depend on the command alone. */
const foreignRefs = new WeakMap<SpecIr.Command, ReadonlyArray<ForeignRef>>()

const foreignRefsOf = (command: SpecIr.Command): ReadonlyArray<ForeignRef> => {
  const known = foreignRefs.get(command)
  if (known !== undefined) return known
  const found: Array<ForeignRef> = []
  eachType(command, (type, path) => {
    for (const { name, foreign } of refsIn(type)) if (foreign !== undefined) found.push({ name, foreign, path })
  })
  foreignRefs.set(command, found)
  return found
}

/** @internal */
export const makeWorld = (commands: ReadonlyArray<SpecIr.Command>): World => {
  const byCommand = new Map(commands.map((command) => [command.name, command]))
  const indexes = new Map<SpecIr.Command, ReadonlyMap<string, SpecIr.Declaration>>()
  const indexOf = (command: SpecIr.Command) => {
    let index = indexes.get(command)
    if (index === undefined) {
      index = new Map(command.declarations.map((declaration) => [declaration.name, declaration]))
      indexes.set(command, index)
    }
    return index
  }
  return {
    byCommand,
    foreignRefs: foreignRefsOf,
    reachable: (command) => {
      if (foreignRefsOf(command).length === 0) return []
      const found = new Set<SpecIr.Command>()
      const visit = (from: SpecIr.Command): void => {
        for (const { foreign } of foreignRefsOf(from)) {
          const next = byCommand.get(foreign)
          if (next === undefined || found.has(next)) continue
          found.add(next)
          visit(next)
        }
      }
      visit(command)
      return [...found].sort((a, b) => byName(a.name, b.name))
    },
    find: (ref, home) => {
      if (ref.external !== undefined) {
        const { declaration } = ref.external
        return declaration === undefined ? undefined : { declaration, home }
      }
      const owner = ref.foreign === undefined ? home : byCommand.get(ref.foreign)
      const declaration = owner === undefined ? undefined : indexOf(owner).get(ref.name)
      return declaration === undefined ? undefined : { declaration, home: owner! }
    }
  }
}

/** A group of fields that share an object. @internal */
export interface FieldGroup {
  readonly kind: "params" | "results" | "struct" | "variant" | "error"
  readonly fields: ReadonlyArray<SpecIr.Field>
  /** Where in the spec the group is. */
  readonly path: ReadonlyArray<string | number>
  /** Where in the spec a field of it is. */
  readonly pathOf: (index: number) => ReadonlyArray<string | number>
}

/** All groups of fields of a command, with their places in its spec. @internal */
export const fieldGroups = (command: SpecIr.Command): ReadonlyArray<FieldGroup> => {
  const listed = (kind: "params" | "results", fields: ReadonlyArray<SpecIr.Field>): FieldGroup => ({
    kind,
    fields,
    path: [kind],
    pathOf: (index) => [kind, index]
  })
  const named = (
    kind: FieldGroup["kind"],
    fields: ReadonlyArray<SpecIr.Field>,
    path: ReadonlyArray<string | number>
  ): FieldGroup => ({ kind, fields, path, pathOf: (index) => [...path, "fields", fields[index]!.name] })
  return [
    listed("params", command.params.fields),
    listed("results", command.result.fields),
    ...command.declarations.flatMap((declaration) => {
      switch (declaration._tag) {
        case "Struct":
          return [named("struct", declaration.fields, ["types", declaration.name])]
        case "Union":
          return declaration.variants.map((variant) =>
            named("variant", variant.fields, ["types", declaration.name, "union", variant.name])
          )
        default:
          return []
      }
    }),
    ...command.failures.map((failure) => named("error", failure.fields, ["errors", failure.name]))
  ]
}

/** All types that a command is made of, with their places in its spec. @internal */
export const eachType = (
  command: SpecIr.Command,
  f: (type: SpecIr.Type, path: ReadonlyArray<string | number>) => void
): void => {
  for (const group of fieldGroups(command)) {
    group.fields.forEach((field, i) => f(field.type, [...group.pathOf(i), "type"]))
  }
  for (const declaration of command.declarations) {
    if (declaration._tag === "Alias") f(declaration.type, ["types", declaration.name, "type"])
  }
}

/** What is left of a type without `| null` and names for other types; constraints speak of that. @internal */
export const baseOf = (type: SpecIr.Type, home: SpecIr.Command, world: World): SpecIr.Type => {
  let base = type
  let owner = home
  // Aliases that go in circles are reported elsewhere.
  for (let steps = 0; steps < 64; steps++) {
    if (base._tag === "Nullable") base = base.inner
    else if (base._tag === "Ref") {
      const found = world.find(base, owner)
      if (found?.declaration._tag !== "Alias") return base
      base = found.declaration.type
      owner = found.home
    } else return base
  }
  return base
}

/** Where the choice that the compiler has named is written. @internal */
export const placeOfInline = (command: SpecIr.Command, name: string): ReadonlyArray<string | number> => {
  const speaks = (type: SpecIr.Type) => refsIn(type).some((ref) => ref.name === name && ref.foreign === undefined)
  for (const group of fieldGroups(command)) {
    const index = group.fields.findIndex((field) => speaks(field.type))
    if (index >= 0) return [...group.pathOf(index), "type"]
  }
  const alias = command.declarations.find((declaration) => declaration._tag === "Alias" && speaks(declaration.type))
  return alias === undefined ? [] : ["types", alias.name, "type"]
}
