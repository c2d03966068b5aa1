/**
 * What the types of a command are called in the TypeScript of its codec.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import type * as SpecIr from "../../SpecIr.ts"
import type { Imports } from "../ImportRenderer.ts"
import * as Layout from "../Layout.ts"
import * as NamingConventions from "../NamingConventions.ts"
import * as TypeScript from "../TypeScriptPrinter.ts"

/**
 * The command in whose spec a type is written.
 *
 * @category models
 * @since 0.1.0
 */
export interface Where {
  readonly home: SpecIr.Command
}

/**
 * A named type and the text of its TypeScript type.
 *
 * @category models
 * @since 0.1.0
 */
export interface Named extends Where {
  readonly declaration: SpecIr.Declaration
  /** Asking imports it. */
  readonly type: () => string
}

const primitives: { readonly [Name in SpecIr.Primitive]: string } = {
  string: "string",
  boolean: "boolean",
  number: "number",
  integer: "number",
  int32: "number",
  uint32: "number",
  int64: "bigint",
  uint64: "bigint",
  bytes: "Uint8Array",
  timestamp: "",
  json: ""
}

/**
 * Looks types up, and imports their names.
 *
 * @category models
 * @since 0.1.0
 */
export class CodecTypes {
  readonly context: GeneratorContext
  private readonly imports: Imports
  private readonly command: SpecIr.Command
  /** Names of functions, tables and imported types by what they stand for. */
  private readonly names = new Map<unknown, string>()
  private readonly used = new Set<string>()

  constructor(command: SpecIr.Command, context: GeneratorContext, imports: Imports) {
    this.command = command
    this.context = context
    this.imports = imports
  }

  /** Finds what a reference means. */
  resolve(ref: Extract<SpecIr.Type, { readonly _tag: "Ref" }>, where: Where): Named {
    if (ref.external !== undefined) {
      const { declaration, typescript } = ref.external
      if (declaration === undefined || typescript === undefined) {
        throw new Error(`the shape of the type ${ref.name} is not known`)
      }
      return { declaration, home: where.home, type: () => this.imports.external(typescript, ref.name, "type") }
    }
    const home = ref.foreign === undefined ? where.home : this.context.command(ref.foreign) ?? where.home
    const declaration = find(home, ref.name)
    if (declaration === undefined) {
      throw new Error(`the type ${ref.name} is not declared by ${home.name}`)
    }
    return { declaration, home, type: () => this.local(ref.name, home) }
  }

  /** The type that the operation's file of a command exports. */
  local(name: string, home: SpecIr.Command): string {
    return this.imports.local(Layout.operation(home, this.context.config), name, "type")
  }

  /** A type, written out. */
  text(type: SpecIr.Type, where: Where): string {
    switch (type._tag) {
      case "Primitive":
        return type.name === "timestamp"
          ? `${this.imports.effect("DateTime", "type")}.Utc`
          : type.name === "json"
          ? `${this.imports.effect("Schema", "type")}.Json`
          : primitives[type.name]
      case "Array":
        return `ReadonlyArray<${this.text(type.item, where)}>`
      case "Record":
        return `{ readonly [x: string]: ${this.text(type.value, where)} }`
      case "Nullable":
        return `${this.text(type.inner, where)} | null`
      case "Ref": {
        const { declaration, type: text } = this.resolve(type, where)
        return declaration._tag === "Enum" && declaration.inline
          ? declaration.values.map(({ value }) => TypeScript.string(value)).join(" | ")
          : text()
      }
    }
  }

  /** What the functions of a named type are called after `read` and `write`. */
  functionName({ declaration, home }: Named): string {
    return this.unique(declaration, home === this.command ? declaration.name : `${declaration.name}Of${pascal(home)}`)
  }

  /** What the functions of an array or record are called after `read` and `write`. */
  collectionName(type: SpecIr.Type, where: Where): string {
    const key = `${where.home.name} ${JSON.stringify(type)}`
    return this.unique(key, `${this.describe(type)}`)
  }

  /** What the values of an enum are called. */
  tableName({ declaration, home }: Named): string {
    const base = home === this.command ? declaration.name : `${declaration.name}Of${pascal(home)}`
    return this.unique(`values ${home.name} ${declaration.name}`, `${NamingConventions.camel(base)}Values`)
  }

  private unique(key: unknown, name: string): string {
    const known = this.names.get(key)
    if (known !== undefined) return known
    let free = name
    for (let n = 2; this.used.has(free); n++) free = `${name}${n}`
    this.used.add(free)
    this.names.set(key, free)
    return free
  }

  private describe(type: SpecIr.Type): string {
    switch (type._tag) {
      case "Primitive":
        return NamingConventions.pascal(type.name)
      case "Array":
        return `${this.describe(type.item)}List`
      case "Record":
        return `${this.describe(type.value)}Map`
      case "Nullable":
        return `Maybe${this.describe(type.inner)}`
      case "Ref":
        return type.name
    }
  }
}

const pascal = (command: SpecIr.Command): string => NamingConventions.typeName(command.name)

const find = (command: SpecIr.Command, name: string): SpecIr.Declaration | undefined =>
  name === command.params.name
    ? command.params
    : name === command.result.name
    ? command.result
    : command.declarations.find((declaration) => declaration.name === name)
