/**
 * What a service promises, as plain TypeScript types: for the adapter that makes no operations.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../../GeneratedFile.ts"
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import type * as SpecIr from "../../SpecIr.ts"
import { Imports } from "../ImportRenderer.ts"
import * as Layout from "../Layout.ts"
import type { Doc } from "../Printer.ts"
import * as Printer from "../Printer.ts"
import * as ServiceNames from "../ServiceNames.ts"
import * as TypeScript from "../TypeScriptPrinter.ts"
import * as CommandSignature from "./CommandSignature.ts"

/**
 * Where the types of a service without operations are: `GpuContract.ts`.
 *
 * @category names
 * @since 0.1.0
 */
export const path = (service: SpecIr.Service, context: GeneratorContext): string =>
  Layout.moduleFile(service, context.config, "Contract.ts")

/**
 * Renders the types and the interface of a service.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (module: SpecIr.Module, context: GeneratorContext): GeneratedFile => {
  const file = new ContractFile(module, context)
  const body = Printer.render(file.body())
  return {
    path: path(module.service, context),
    kind: "generated",
    contents: `${file.head()}${body}\n`,
    sources: module.commands.map((command) => command.source),
    hash: module.hash
  }
}

const primitives: { readonly [Name in Exclude<SpecIr.Primitive, "timestamp" | "json">]: string } = {
  string: "string",
  boolean: "boolean",
  number: "number",
  integer: "number",
  int32: "number",
  uint32: "number",
  int64: "bigint",
  uint64: "bigint",
  bytes: "Uint8Array"
}

class ContractFile {
  private readonly imports: Imports
  private readonly context: GeneratorContext
  private readonly module: SpecIr.Module
  private readonly own: string
  private readonly declared = new Map<string, Doc>()

  constructor(module: SpecIr.Module, context: GeneratorContext) {
    this.own = path(module.service, context)
    this.imports = new Imports(this.own, context.config)
    this.context = context
    this.module = module
  }

  /** The imports; after the body, which asks for them. */
  head(): string {
    const imports = this.imports.render()
    return imports === "" ? "" : `${imports}\n`
  }

  body(): Doc {
    const { module } = this
    for (const command of module.commands) {
      for (const declaration of [...command.declarations, command.params, command.result]) {
        if (declaration._tag !== "Enum" || !declaration.inline) this.add(declaration)
      }
      for (const failure of command.failures) {
        this.add({ ...failure, _tag: "Struct", recursive: false }, `readonly _tag: ${quoted(failure.name)}`)
      }
    }
    return Printer.join(Printer.concat(Printer.hardline, Printer.hardline), [
      ...this.declared.values(),
      this.service()
    ])
  }

  private service(): Doc {
    const { commands, service } = this.module
    const members = commands.map((command) => {
      const errors = command.failures.map(({ name }) => name)
      const output = command.mode === "stream"
        ? `${this.imports.effect("Stream", "type")}.Stream`
        : `${this.imports.effect("Effect", "type")}.Effect`
      const result = [command.result.name, ...errors.length === 0 ? [] : [errors.join(" | ")]]
      return Printer.concat(
        TypeScript.comment(command.description),
        Printer.hardline,
        CommandSignature.render(ServiceNames.method(this.module, command), command.params.name, output, result)
      )
    })
    return Printer.concat(
      TypeScript.comment(`What \`${service.name}\` promises (${service.traits.join(", ") || "no traits"}).`),
      Printer.hardline,
      `export interface ${ServiceNames.pascal(service)}Contract `,
      braces(members)
    )
  }

  private add(self: SpecIr.Declaration, first?: string): void {
    if (this.declared.has(self.name)) return
    this.declared.set(self.name, "")
    const doc = self.description === undefined ? [] : [TypeScript.comment(self.description), Printer.hardline]
    this.declared.set(self.name, Printer.concat(...doc, this.declaration(self, first)))
  }

  private declaration(self: SpecIr.Declaration, first: string | undefined): Doc {
    switch (self._tag) {
      case "Struct":
        return Printer.concat(
          `export interface ${self.name} `,
          braces([...first === undefined ? [] : [first], ...this.fields(self.fields)])
        )
      case "Enum":
        return alternatives(self.name, self.values.map(({ value }) => quoted(value)))
      case "Union":
        return alternatives(
          self.name,
          self.variants.map((variant) =>
            braces([
              `readonly ${TypeScript.key(self.discriminator)}: ${quoted(variant.name)}`,
              ...this.fields(variant.fields)
            ])
          )
        )
      case "Alias":
        return self.type._tag === "Record" && self.recursive
          ? Printer.concat(`export interface ${self.name} `, braces([this.index(self.type.value)]))
          : `export type ${self.name} = ${this.text(self.type)}`
    }
  }

  private fields(all: ReadonlyArray<SpecIr.Field>): ReadonlyArray<Doc> {
    return all.map((field) => {
      const absent = field.optional && field.default === undefined ? "?" : ""
      return Printer.concat(
        ...field.description === undefined ? [] : [TypeScript.comment(field.description), Printer.hardline],
        `readonly ${TypeScript.key(field.name)}${absent}: ${this.text(field.type)}`
      )
    })
  }

  private index(value: SpecIr.Type): string {
    return `readonly [x: string]: ${this.text(value)}`
  }

  private text(type: SpecIr.Type): string {
    switch (type._tag) {
      case "Primitive":
        return type.name === "timestamp"
          ? `${this.imports.effect("DateTime", "type")}.Utc`
          : type.name === "json"
          ? `${this.imports.effect("Schema", "type")}.Json`
          : primitives[type.name]
      case "Array":
        return `ReadonlyArray<${this.text(type.item)}>`
      case "Record":
        return `{ ${this.index(type.value)} }`
      case "Nullable":
        return `${this.text(type.inner)} | null`
      case "Ref":
        return this.reference(type)
    }
  }

  private reference(type: Extract<SpecIr.Type, { readonly _tag: "Ref" }>): string {
    if (type.external !== undefined) {
      if (type.external.typescript !== undefined) {
        return this.imports.external(type.external.typescript, type.name, "type")
      }
      if (type.external.declaration !== undefined) this.add(type.external.declaration)
      return type.name
    }
    const home = type.foreign === undefined ? undefined : this.context.command(type.foreign)
    if (home !== undefined) {
      const file = home.adapter === "trait-only" && home.service !== undefined
        ? path(home.service, this.context)
        : Layout.operation(home, this.context.config)
      return file === this.own ? type.name : this.imports.local(file, type.name, "type")
    }
    const own = this.module.commands
      .flatMap((command) => command.declarations)
      .find((declaration) => declaration.name === type.name)
    return own?._tag === "Enum" && own.inline
      ? own.values.map(({ value }) => quoted(value)).join(" | ")
      : type.name
  }
}

const quoted = (value: string): string => TypeScript.string(value)

const alternatives = (name: string, types: ReadonlyArray<Doc>): Doc =>
  types.length === 1
    ? Printer.concat(`export type ${name} = `, types[0]!)
    : Printer.concat(
      `export type ${name} =`,
      Printer.indent(...types.flatMap((type) => [Printer.hardline, "| ", type]))
    )

const braces = (members: ReadonlyArray<Doc>): Doc =>
  members.length === 0
    ? "{}"
    : Printer.concat(
      "{",
      Printer.indent(Printer.hardline, Printer.join(Printer.hardline, members)),
      Printer.hardline,
      "}"
    )
