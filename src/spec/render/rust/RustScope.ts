/**
 * Which Rust type every name of a service's specs means.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import { type Ref, refsIn, typesOf } from "../../internal/references.ts"
import type * as SpecIr from "../../SpecIr.ts"
import * as RustNames from "./RustNames.ts"

/**
 * A type that the file declares.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  readonly declaration: SpecIr.Declaration
  /** The command whose names its fields use. */
  readonly home: SpecIr.Command
  readonly rust: string
}

/**
 * The error type of a command.
 *
 * @category models
 * @since 0.1.0
 */
export interface ErrorEntry {
  readonly command: SpecIr.Command
  readonly rust: string
}

/**
 * What a reference means: a declaration, and the path of its Rust type.
 *
 * @category models
 * @since 0.1.0
 */
export interface Target {
  readonly rust: string
  /** Absent for what only the Rust side knows. */
  readonly declaration: SpecIr.Declaration | undefined
  readonly home: SpecIr.Command
  /** A type of its own, not another name for one. */
  readonly nominal: boolean
}

/**
 * The names of one generated file.
 *
 * @category models
 * @since 0.1.0
 */
export interface Scope {
  readonly entries: ReadonlyArray<Entry>
  readonly errors: ReadonlyArray<ErrorEntry>
  readonly resolve: (ref: Ref, home: SpecIr.Command) => Target
  readonly own: (name: string, home: SpecIr.Command) => string
  readonly error: (command: SpecIr.Command) => string
  readonly stream: (command: SpecIr.Command) => string
  /** A name for something that no spec names. */
  readonly fresh: (name: string) => string
}

/**
 * Finds a declaration of a command, its params and results included.
 *
 * @category getters
 * @since 0.1.0
 */
export const find = (command: SpecIr.Command, name: string): SpecIr.Declaration | undefined =>
  command.params.name === name
    ? command.params
    : command.result.name === name
    ? command.result
    : command.declarations.find((declaration) => declaration.name === name)

/**
 * The name of the Rust module, and file, of a service.
 *
 * @category names
 * @since 0.1.0
 */
export const moduleName = (service: SpecIr.Service): string => RustNames.snake(service.name)

/**
 * Makes the scope of a service's commands.
 *
 * **Details**
 *
 * A type of another service's spec is used where that one is generated into Rust, and declared again where it is not.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  commands: ReadonlyArray<SpecIr.Command>,
  context: GeneratorContext,
  reservedNames: ReadonlyArray<string>
): Scope => {
  const used = new Set(reservedNames)
  const fresh = (name: string): string => {
    const plain = RustNames.type(name)
    let candidate = plain
    for (let n = 2; used.has(candidate); n++) candidate = /[0-9]$/u.test(plain) ? `${plain}X${n}` : `${plain}${n}`
    used.add(candidate)
    return candidate
  }
  const local = new Set(commands.map((command) => command.name))
  const entries = new Map<string, Entry>()
  const keyOf = (name: string, home: SpecIr.Command): string => local.has(home.name) ? name : `${home.name}.${name}`

  const place = (ref: Ref, home: SpecIr.Command) => {
    if (ref.external !== undefined) {
      const key = `external ${ref.name}`
      return { key, declaration: ref.external.declaration, home, path: ref.external.rust }
    }
    const owner = ref.foreign === undefined ? home : context.command(ref.foreign) ?? home
    const declaration = find(owner, ref.name)
    const service = owner.service
    const path = !local.has(owner.name) && service?.language === "rust" && owner.adapter !== "trait-only"
      ? `crate::generated::${moduleName(service)}::${RustNames.type(ref.name)}`
      : undefined
    return { key: keyOf(ref.name, owner), declaration, home: owner, path }
  }

  const add = (key: string, declaration: SpecIr.Declaration, home: SpecIr.Command): void => {
    if (entries.has(key)) return
    entries.set(key, { declaration, home, rust: fresh(declaration.name) })
    for (const ref of typesOf(declaration).flatMap(refsIn)) visit(ref, home)
  }
  const visit = (ref: Ref, home: SpecIr.Command): void => {
    const found = place(ref, home)
    if (found.path === undefined && found.declaration !== undefined) add(found.key, found.declaration, found.home)
  }

  // The names of the specs come first, so that what is brought in from elsewhere gives way.
  for (const command of commands) {
    for (const declaration of [...command.declarations, command.params, command.result]) {
      add(keyOf(declaration.name, command), declaration, command)
    }
  }
  for (const command of commands) {
    for (const field of command.failures.flatMap((failure) => failure.fields)) {
      for (const ref of refsIn(field.type)) visit(ref, command)
    }
  }
  const errors = commands.map((command): ErrorEntry => ({
    command,
    rust: fresh(command.params.name.replace(/Params$/u, "") + "Error")
  }))

  const streams = new Map(
    commands.map((command) => [command.name, fresh(command.params.name.replace(/Params$/u, "") + "Stream")] as const)
  )

  return {
    entries: [...entries.values()],
    errors,
    own: (name, home) => entries.get(keyOf(name, home))?.rust ?? RustNames.type(name),
    stream: (command) => streams.get(command.name)!,
    error: (command) => errors.find((entry) => entry.command === command)!.rust,
    fresh,
    resolve: (ref, home) => {
      const found = place(ref, home)
      const rust = found.path ?? entries.get(found.key)?.rust ?? RustNames.type(ref.name)
      const declaration = found.declaration
      return {
        rust,
        declaration,
        home: found.home,
        nominal: declaration === undefined || found.path !== undefined && ref.external !== undefined ||
          declaration._tag !== "Alias" || declaration.recursive
      }
    }
  }
}
