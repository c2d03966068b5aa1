import type * as SpecIr from "../../../SpecIr.ts"
import { refsIn } from "../../references.ts"
import { byName } from "../names.ts"
import { components } from "../order.ts"
import { namesOfCommand } from "./names.ts"
import { eachType, type ForeignRef, type Subject, type World } from "./world.ts"

/**
 * Types that hold themselves: those of which no value can be made, and those that a language cannot declare.
 *
 * @internal
 */
export const checkTypes = ({ command, report }: Subject): void => {
  const declared = command.declarations.filter((declaration) => declaration._tag === "Alias")
  const names = new Set(declared.map(({ name }) => name))
  const aliases = new Map(declared.map(({ name, type }) => {
    const next = refsIn(type).filter((ref) => isLocal(ref) && names.has(ref.name))
    return [name, next.map((ref) => ref.name)] as const
  }))
  const looped = new Set<string>()
  for (const component of components([...aliases.keys()], aliases)) {
    if (component.length === 1 && !aliases.get(component[0]!)!.includes(component[0]!)) continue
    for (const name of component) {
      looped.add(name)
      report(
        ["types", name, "type"],
        `${loop(component, name)} is only another name for itself: declare a struct instead`
      )
    }
  }
  const finite = finiteOf(command)
  for (const declaration of command.declarations) {
    if (finite.has(declaration.name) || looped.has(declaration.name)) continue
    report(
      ["types", declaration.name],
      `no value of ${declaration.name} can ever be complete, since it holds itself: ` +
        "let the field be optional, an array, a record or T | null"
    )
  }
}

const isLocal = (ref: { readonly foreign?: string; readonly external?: unknown }): boolean =>
  ref.foreign === undefined && ref.external === undefined

const loop = (component: ReadonlyArray<string>, name: string): string =>
  component.length === 1 ? name : `${name}, through ${component.filter((other) => other !== name).join(" and ")},`

/** The declarations that have a value of finite size, found by starting with those that need no other. */
const finiteOf = (command: SpecIr.Command): ReadonlySet<string> => {
  const finite = new Set<string>()
  const isFinite = (type: SpecIr.Type): boolean => type._tag !== "Ref" || !isLocal(type) || finite.has(type.name)
  const fields = (values: ReadonlyArray<SpecIr.Field>) =>
    values.every((field) => field.optional || isFinite(field.type))
  const settles = (declaration: SpecIr.Declaration): boolean => {
    switch (declaration._tag) {
      case "Enum":
        return true
      case "Alias":
        return isFinite(declaration.type)
      case "Struct":
        return fields(declaration.fields)
      case "Union":
        return declaration.variants.length === 0 || declaration.variants.some((variant) => fields(variant.fields))
    }
  }
  let open = command.declarations
  while (true) {
    const next = open.filter((declaration) => !settles(declaration) || finite.add(declaration.name) === undefined)
    if (next.length === open.length) return finite
    open = next
  }
}

// ---------------------------------------------------------------------------
// types of existing code
// ---------------------------------------------------------------------------

const makesRust = new Set(["rust-ipc", "sidecar", "trait-only"])

/**
 * Types that `opbus.config.json` names are there in the languages that the command is compiled to.
 *
 * @internal
 */
export const checkExternal = ({ command, report }: Subject): void => {
  const visit = (type: SpecIr.Type, path: ReadonlyArray<string | number>): void => {
    for (const { external, name } of refsIn(type)) {
      if (external === undefined) continue
      const missing = external.rust === undefined && makesRust.has(command.adapter)
        ? "rust"
        : external.typescript === undefined && !withoutTypes.has(command.adapter)
        ? "typescript"
        : undefined
      if (missing !== undefined) {
        report(
          path,
          `${name} has no "${missing}" in "types" of opbus.config.json, which the adapter ${command.adapter} needs`
        )
      }
    }
  }
  eachType(command, visit)
}

// ---------------------------------------------------------------------------
// types of other specs
// ---------------------------------------------------------------------------

/** Adapters that make no file of TypeScript to import a type from. */
const withoutTypes = new Set(["trait-only", "json-schema", "c-header", "python"])

/**
 * What a spec takes from others: one meaning for each name, and no circles, since the files would import each other.
 *
 * @internal
 */
export const checkForeign = (subjects: ReadonlyArray<Subject>, world: World): void => {
  const edges = new Map<string, ReadonlyArray<string>>()
  for (const subject of subjects) edges.set(subject.command.name, foreignNames(subject, world))
  for (const component of components([...edges.keys()], edges)) {
    if (component.length === 1) continue
    for (const subject of subjects) {
      if (!component.includes(subject.command.name)) continue
      const others = component.filter((name) => name !== subject.command.name).sort(byName)
      eachForeign(subject, world, (ref, path) => {
        if (!component.includes(ref.foreign)) return
        subject.report(
          path,
          `the specs ${subject.command.name} and ${
            others.join(", ")
          } take types from each other, so that their files ` +
            "would import each other: declare the shared types in one of them"
        )
      })
    }
  }
}

const foreignNames = (subject: Subject, world: World): ReadonlyArray<string> => {
  const { command, report } = subject
  const found = new Set<string>()
  const meanings = new Map<string, string>()
  if (world.foreignRefs(command).length === 0) return []
  for (const { name } of [...command.declarations, ...command.failures]) meanings.set(name, command.name)
  for (const name of namesOfCommand(command)) meanings.set(name, command.name)
  eachForeign(subject, world, (ref, path) => {
    found.add(ref.foreign)
    const meaning = meanings.get(ref.name)
    if (meaning !== undefined && meaning !== ref.foreign) {
      report(
        path,
        `in this spec ${ref.name} is that of ${meaning} already, and ${ref.foreign}.${ref.name} is another: rename one`
      )
    }
    meanings.set(ref.name, meaning ?? ref.foreign)
    const { adapter } = world.byCommand.get(ref.foreign)!
    if (withoutTypes.has(adapter) && adapter !== command.adapter) {
      report(
        path,
        `${ref.foreign} goes to the adapter ${adapter}, which makes no types that others could use: declare ${ref.name} here`
      )
    }
  })
  return [...found]
}

const eachForeign = (
  { command }: Subject,
  world: World,
  f: (ref: ForeignRef, path: ReadonlyArray<string | number>) => void
): void => {
  for (const ref of world.foreignRefs(command)) f(ref, ref.path)
}
