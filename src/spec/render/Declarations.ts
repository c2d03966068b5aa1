/**
 * All types that a command needs, those of other specs and of the runtime included, each under a name of its own.
 *
 * Adapters that make one file per command declare them all in it.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../GeneratorAdapter.ts"
import { type Ref, refsIn, typesOf } from "../internal/references.ts"
import type * as SpecIr from "../SpecIr.ts"
import * as NamingConventions from "./NamingConventions.ts"

/**
 * A type and the name that it has in the file.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  readonly name: string
  readonly declaration: SpecIr.Declaration
  /** The command whose spec it is written in; absent for what the runtime knows. */
  readonly home: SpecIr.Command | undefined
}

/**
 * The types of one file.
 *
 * @category models
 * @since 0.1.0
 */
export interface Declared {
  /** A type comes after those that it consists of, but for recursion. */
  readonly entries: ReadonlyArray<Entry>
  /** The name of what a reference means: its `key`, and the command whose spec it is in. */
  readonly nameOf: (key: string, home: SpecIr.Command | undefined) => string
  readonly find: (ref: Ref, home: SpecIr.Command | undefined) => Entry
}

/**
 * What a reference is looked up by.
 *
 * @category combinators
 * @since 0.1.0
 */
export const key = (ref: Ref): string =>
  ref.external !== undefined ? `!${ref.name}` : ref.foreign === undefined ? ref.name : `${ref.foreign}.${ref.name}`

/** What a command says itself. */
const own = (command: SpecIr.Command): ReadonlyArray<SpecIr.Declaration> => [
  ...command.declarations,
  command.params,
  command.result
]

const failureRefs = (command: SpecIr.Command): ReadonlyArray<Ref> =>
  command.failures.flatMap((failure) => failure.fields.flatMap((field) => refsIn(field.type)))

/**
 * The names of types whose shape nobody has said.
 *
 * @category combinators
 * @since 0.1.0
 */
export const unknown = (command: SpecIr.Command): ReadonlyArray<string> => [
  ...new Set(
    [...own(command).flatMap(typesOf).flatMap(refsIn), ...failureRefs(command)]
      .filter((ref) => ref.external !== undefined && ref.external.declaration === undefined)
      .map((ref) => ref.name)
  )
]

/**
 * Gathers the types of a command, or of several that share a file.
 *
 * @category constructors
 * @since 0.1.0
 */
export const of = (
  commands: SpecIr.Command | ReadonlyArray<SpecIr.Command>,
  context: GeneratorContext,
  reserved: Iterable<string> = []
): Declared => {
  const all: ReadonlyArray<SpecIr.Command> = "name" in commands ? [commands] : commands
  const entries: Array<Entry> = []
  const byKey = new Map<string, Entry>()
  const used = new Set<string>(reserved)
  /** Own declarations have the first choice of names. */
  const names = new Map<string, string>()
  const absolute = (key: string, home: SpecIr.Command | undefined): string =>
    key.startsWith("!") || key.includes(".") || home === undefined ? key : `${home.name}.${key}`
  const take = (id: string, wanted: string, home: SpecIr.Command | undefined): string => {
    const known = names.get(id)
    if (known !== undefined) return known
    const longer = home === undefined ? `${wanted}Of` : `${wanted}Of${NamingConventions.typeName(home.name)}`
    let free = used.has(wanted) ? longer : wanted
    for (let n = 2; used.has(free); n++) free = `${longer}${n}`
    used.add(free)
    names.set(id, free)
    return free
  }
  for (const command of all) {
    for (const failure of command.failures) used.add(failure.name)
  }
  for (const command of all) {
    for (const { name } of own(command)) {
      const id = absolute(name, command)
      const twin = all.find((other) =>
        other !== command && names.has(absolute(name, other)) && sameType(name, other, command)
      )
      if (twin === undefined) take(id, name, command)
      else names.set(id, names.get(absolute(name, twin))!)
    }
  }
  const locate = (ref: Ref, home: SpecIr.Command | undefined) => {
    if (ref.external !== undefined) {
      return { id: key(ref), declaration: ref.external.declaration, home: undefined }
    }
    const owner = ref.foreign === undefined ? home : context.command(ref.foreign) ?? home
    return {
      id: absolute(ref.name, owner),
      declaration: owner === undefined ? undefined : own(owner).find(({ name }) => name === ref.name),
      home: owner
    }
  }
  const add = (id: string, declaration: SpecIr.Declaration, home: SpecIr.Command | undefined): void => {
    if (byKey.has(id)) return
    const name = take(id, declaration.name, home)
    const same = entries.find((entry) => entry.name === name)
    if (same !== undefined) {
      byKey.set(id, same)
      return
    }
    const entry = { name, declaration, home }
    byKey.set(id, entry)
    for (const ref of typesOf(declaration).flatMap(refsIn)) visit(ref, home)
    entries.push(entry)
  }
  const visit = (ref: Ref, home: SpecIr.Command | undefined): void => {
    const found = locate(ref, home)
    if (found.declaration !== undefined) add(found.id, found.declaration, found.home)
  }
  for (const command of all) {
    for (const declaration of own(command)) add(absolute(declaration.name, command), declaration, command)
    for (const ref of failureRefs(command)) visit(ref, command)
  }
  return {
    entries,
    nameOf: (key, home) => {
      const entry = byKey.get(absolute(key, home))
      if (entry === undefined) throw new Error(`the type ${key} is not declared`)
      return entry.name
    },
    find: (ref, home) => {
      const entry = byKey.get(locate(ref, home).id)
      if (entry === undefined) throw new Error(`the type ${ref.name} is not declared`)
      return entry
    }
  }
}

/** Commands of one service that declare the same name declare the same thing. */
const sameType = (name: string, a: SpecIr.Command, b: SpecIr.Command): boolean =>
  a.service !== undefined && a.service.path === b.service?.path &&
  own(a).some((declaration) => declaration.name === name)
