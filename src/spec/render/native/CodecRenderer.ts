/**
 * The positional marshalling of a command, as straight-line TypeScript.
 *
 * **Details**
 *
 * Values follow each other in the order of their declaration, the same order that the Rust side reads and writes. One
 * function per named type and per array or record; nothing is looked up while a call runs.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../../GeneratedFile.ts"
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import type * as SpecIr from "../../SpecIr.ts"
import { Imports } from "../ImportRenderer.ts"
import * as Layout from "../Layout.ts"
import * as NamingConventions from "../NamingConventions.ts"
import type { Doc } from "../Printer.ts"
import * as Printer from "../Printer.ts"
import * as TypeScript from "../TypeScriptPrinter.ts"
import { CodecTypes, type Named, type Where } from "./CodecTypes.ts"

/**
 * The name of a command's codec: `GpuStatsCodec`.
 *
 * @category names
 * @since 0.1.0
 */
export const codecName = (command: SpecIr.Command): string => `${NamingConventions.typeName(command.name)}Codec`

/**
 * Where a command's codec is.
 *
 * @category names
 * @since 0.1.0
 */
export const path = (command: SpecIr.Command, context: GeneratorContext): string =>
  Layout.commandFile(command.name, context.config, "codec.ts")

/**
 * Renders the codec of a command.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (command: SpecIr.Command, context: GeneratorContext): GeneratedFile => {
  const file = path(command, context)
  const imports = new Imports(file, context.config)
  const writer = new CodecWriter(command, context, imports)
  const body = writer.codec()
  return {
    path: file,
    kind: "generated",
    contents: `${imports.render()}\n${Printer.render(Printer.concat(...writer.functions(), body))}\n`,
    sources: [command.source],
    hash: command.hash
  }
}

/** Names that the functions use themselves. */
const own = new Set(["reader", "writer", "value", "items", "item", "entries", "key", "left", "list"])

/** A local for each field. */
const localNames = (fields: ReadonlyArray<SpecIr.Field>): ReadonlyArray<string> => {
  const names = NamingConventions.distinct(fields.map((field) => field.name), "camel", "typescript")
  return fields.map((field) => {
    const name = names.get(field.name)!
    return own.has(name) ? `${name}_` : name
  })
}

const access = (value: string, name: string): string =>
  TypeScript.isIdentifier(name) ? `${value}.${name}` : `${value}[${TypeScript.string(name)}]`

const lines = (docs: ReadonlyArray<Doc>): Doc => Printer.join(Printer.hardline, docs)

const block = (head: Doc, body: ReadonlyArray<Doc>): Doc =>
  Printer.concat(head, " {", Printer.indent(Printer.hardline, lines(body)), Printer.hardline, "}")

const conditional = (test: string, yes: Doc, no: Doc): Doc =>
  Printer.group(test, Printer.indent(Printer.line, "? ", yes, Printer.line, ": ", no))

const mayBeAbsent = (field: SpecIr.Field): boolean => field.optional && field.default === undefined

class CodecWriter {
  private readonly types: CodecTypes
  private readonly imports: Imports
  private readonly command: SpecIr.Command
  private readonly made = new Map<string, Doc>()
  private readonly tables = new Map<string, Doc>()
  private mutable = false

  constructor(command: SpecIr.Command, context: GeneratorContext, imports: Imports) {
    this.command = command
    this.imports = imports
    this.types = new CodecTypes(command, context, imports)
  }

  functions(): ReadonlyArray<Doc> {
    const mutable = this.mutable
      ? ["type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }"]
      : []
    return [...mutable, ...this.tables.values(), ...this.made.values()].flatMap((
      doc
    ) => [doc, Printer.hardline, Printer.hardline])
  }

  /** The exported object. Asking for it makes the functions that it needs. */
  codec(): Doc {
    const { command } = this
    const name = (local: string, use: "type" | "value") =>
      this.imports.local(Layout.operation(command, this.types.context.config), local, use)
    const params = name(command.params.name, "type")
    const result = name(command.result.name, "type")
    const failures = command.failures.map((failure) => name(failure.name, "value"))
    const where = { home: command }
    const members: ReadonlyArray<TypeScript.Member> = [
      { name: "writeInput", value: this.struct("write", command.params, where) },
      { name: "readOutput", value: this.struct("read", command.result, where) },
      { name: "readError", value: this.readError() }
    ]
    return Printer.concat(
      TypeScript.comment(`The positional marshalling of \`${command.key}\`.`),
      Printer.hardline,
      `export const ${codecName(command)}: ${this.codecModule()}.NativeCodec`,
      Printer.group(
        "<",
        Printer.indent(
          Printer.softline,
          Printer.join(Printer.concat(",", Printer.line), [
            params,
            result,
            failures.length === 0 ? "never" : failures.join(" | ")
          ])
        ),
        Printer.softline,
        ">"
      ),
      " = ",
      TypeScript.object(members, "broken")
    )
  }

  private codecModule(): string {
    return this.imports.runtime("native/NativeCodec", "type")
  }

  private readError(): Doc {
    const { failures, key } = this.command
    const unknown = `throw new TypeError(${TypeScript.string(`${key} failed in a way that its spec does not name`)})`
    if (failures.length === 0) return block("() =>", [unknown])
    return block("(reader) =>", [
      block("switch (reader.number())", [
        ...failures.map((failure, i) =>
          caseOf(
            `case ${i}:`,
            this.construct(
              failure.fields,
              [],
              { home: this.command },
              (value) => Printer.concat(`return new ${failure.name}(`, value, ")"),
              `ConstructorParameters<typeof ${failure.name}>[0]`
            )
          )
        ),
        caseOf("default:", [unknown])
      ])
    ])
  }

  // -------------------------------------------------------------------------
  // expressions and statements
  // -------------------------------------------------------------------------

  /** Statements that write a value. */
  private write(type: SpecIr.Type, value: string, where: Where): ReadonlyArray<Doc> {
    switch (type._tag) {
      case "Primitive":
        switch (type.name) {
          case "number":
          case "integer":
          case "int32":
          case "uint32":
            return [`writer.number(${value})`]
          case "timestamp":
            return [`writer.number(${value}.epochMilliseconds)`]
          default:
            return [`writer.${type.name}(${value})`]
        }
      case "Nullable":
        return [
          `writer.boolean(${value} !== null)`,
          block(`if (${value} !== null)`, this.write(type.inner, value, where))
        ]
      case "Array":
      case "Record":
        return [`${this.collection("write", type, where)}(writer, ${value})`]
      case "Ref": {
        const named = this.types.resolve(type, where)
        if (named.declaration._tag === "Enum") {
          return [`writer.number(${this.table(named)}.indexOf(${value}))`]
        }
        if (named.declaration._tag === "Alias" && !named.declaration.recursive) {
          return this.write(named.declaration.type, value, { home: named.home })
        }
        return [`${this.named("write", named)}(writer, ${value})`]
      }
    }
  }

  /** An expression that reads a value. */
  private read(type: SpecIr.Type, where: Where): Doc {
    switch (type._tag) {
      case "Primitive":
        switch (type.name) {
          case "number":
          case "integer":
          case "int32":
          case "uint32":
            return "reader.number()"
          case "timestamp":
            return `${this.imports.effect("DateTime")}.makeUnsafe(reader.number())`
          default:
            return `reader.${type.name}()`
        }
      case "Nullable":
        return conditional("reader.boolean()", this.read(type.inner, where), "null")
      case "Array":
      case "Record":
        return `${this.collection("read", type, where)}(reader)`
      case "Ref": {
        const named = this.types.resolve(type, where)
        if (named.declaration._tag === "Enum") {
          return `${this.table(named)}[reader.number()]!`
        }
        if (named.declaration._tag === "Alias" && !named.declaration.recursive) {
          return this.read(named.declaration.type, { home: named.home })
        }
        return `${this.named("read", named)}(reader)`
      }
    }
  }

  private writeFields(fields: ReadonlyArray<SpecIr.Field>, where: Where): ReadonlyArray<Doc> {
    return fields.flatMap((field) => {
      const value = access("value", field.name)
      return mayBeAbsent(field)
        ? [
          `writer.boolean(${value} !== undefined)`,
          block(`if (${value} !== undefined)`, this.write(field.type, value, where))
        ]
        : this.write(field.type, value, where)
    })
  }

  /** Statements that read fields and hand them on. What may be absent has no key when it is. */
  private construct(
    fields: ReadonlyArray<SpecIr.Field>,
    first: ReadonlyArray<TypeScript.Member>,
    where: Where,
    done: (value: Doc) => Doc,
    type: string
  ): ReadonlyArray<Doc> {
    if (!fields.some(mayBeAbsent)) {
      const members = fields.map((field) => ({ name: field.name, value: this.read(field.type, where) }))
      return [done(TypeScript.object([...first, ...members]))]
    }
    const locals = localNames(fields)
    const reads = fields.map((field, i) =>
      Printer.concat(
        `const ${locals[i]} = `,
        mayBeAbsent(field)
          ? conditional("reader.boolean()", this.read(field.type, where), "undefined")
          : this.read(field.type, where)
      )
    )
    const present = fields.flatMap((field, i) => mayBeAbsent(field) ? [] : [{ name: field.name, value: locals[i]! }])
    this.mutable = true
    return [
      ...reads,
      Printer.concat(`const value: Mutable<${type}> = `, TypeScript.object([...first, ...present])),
      ...fields.flatMap((field, i) =>
        mayBeAbsent(field)
          ? [block(`if (${locals[i]} !== undefined)`, [`${access("value", field.name)} = ${locals[i]}`])]
          : []
      ),
      done("value")
    ]
  }

  // -------------------------------------------------------------------------
  // functions
  // -------------------------------------------------------------------------

  /** Makes a function unless it is there; the place is taken first, because types may contain themselves. */
  private function(name: string, make: () => Doc): string {
    if (!this.made.has(name)) {
      this.made.set(name, "")
      this.made.set(name, make())
    }
    return name
  }

  private writer(name: string, argument: string, type: string, body: ReadonlyArray<Doc>): Doc {
    return body.length === 0
      ? signature(name, [`_writer: ${this.codecModule()}.Writer`, `_${argument}: ${type}`], "void", "{}")
      : signature(name, [`writer: ${this.codecModule()}.Writer`, `${argument}: ${type}`], "void", body)
  }

  private reader(name: string, type: string, body: ReadonlyArray<Doc>, unused = false): Doc {
    return signature(name, [`${unused ? "_" : ""}reader: ${this.codecModule()}.Reader`], type, body)
  }

  private struct(how: "read" | "write", self: SpecIr.Struct, where: Where): string {
    return this.named(how, { declaration: self, home: where.home, type: () => this.types.local(self.name, where.home) })
  }

  private named(how: "read" | "write", self: Named): string {
    const { declaration, home } = self
    const where = { home }
    return this.function(`${how}${this.types.functionName(self)}`, () => {
      const name = `${how}${this.types.functionName(self)}`
      const type = self.type()
      switch (declaration._tag) {
        case "Struct":
          return how === "write"
            ? this.writer(name, "value", type, this.writeFields(declaration.fields, where))
            : this.reader(
              name,
              type,
              this.construct(declaration.fields, [], where, (value) => Printer.concat("return ", value), type),
              declaration.fields.length === 0
            )
        case "Alias":
          return how === "write"
            ? this.writer(name, "value", type, this.write(declaration.type, "value", where))
            : this.reader(name, type, [Printer.concat("return ", this.read(declaration.type, where))])
        case "Union":
          return how === "write" ? this.writeUnion(name, declaration, self) : this.readUnion(name, declaration, self)
        case "Enum":
          throw new Error("an enum has a table, not a function")
      }
    })
  }

  private writeUnion(name: string, self: SpecIr.Union, { home, type }: Named): Doc {
    return this.writer(name, "value", type(), [
      block(
        `switch (${access("value", self.discriminator)})`,
        self.variants.map((variant, i) =>
          caseOf(`case ${TypeScript.string(variant.name)}:`, [
            `writer.number(${i})`,
            ...this.writeFields(variant.fields, { home }),
            "break"
          ])
        )
      )
    ])
  }

  private readUnion(name: string, self: SpecIr.Union, { home, type }: Named): Doc {
    return this.reader(name, type(), [
      block(
        "switch (reader.number())",
        self.variants.map((variant, i) =>
          caseOf(
            i === self.variants.length - 1 ? "default:" : `case ${i}:`,
            this.construct(
              variant.fields,
              [{ name: self.discriminator, value: TypeScript.string(variant.name) }],
              { home },
              (value) => Printer.concat("return ", value),
              `Extract<${type()}, { readonly ${TypeScript.key(self.discriminator)}: ${
                TypeScript.string(variant.name)
              } }>`
            )
          )
        )
      )
    ])
  }

  private collection(
    how: "read" | "write",
    self: Extract<SpecIr.Type, { readonly _tag: "Array" | "Record" }>,
    where: Where
  ): string {
    const name = `${how}${this.types.collectionName(self, where)}`
    return this.function(name, () => {
      const inner = self._tag === "Array" ? self.item : self.value
      const item = this.types.text(inner, where)
      const all = self._tag === "Array" ? `ReadonlyArray<${item}>` : `{ readonly [x: string]: ${item} }`
      if (how === "write") {
        return self._tag === "Array"
          ? this.writer(name, "items", all, [
            "writer.number(items.length)",
            block("for (const item of items)", this.write(inner, "item", where))
          ])
          : this.writer(name, "entries", all, [
            "const list = Object.entries(entries)",
            "writer.number(list.length)",
            block("for (const [key, item] of list)", ["writer.string(key)", ...this.write(inner, "item", where)])
          ])
      }
      const element = self._tag === "Array" ? item : `[string, ${item}]`
      const read = this.read(inner, where)
      return this.reader(name, all, [
        `const items: Array<${element}> = []`,
        block("for (let left = reader.number(); left > 0; left--)", [
          self._tag === "Array"
            ? Printer.concat("items.push(", read, ")")
            : Printer.concat("items.push(", TypeScript.array(["reader.string()", read]), ")")
        ]),
        self._tag === "Array" ? "return items" : "return Object.fromEntries(items)"
      ])
    })
  }

  /** The values of an enum, in the order of their numbers. */
  private table(self: Named): string {
    const name = this.types.tableName(self)
    if (!this.tables.has(name) && self.declaration._tag === "Enum") {
      this.tables.set(
        name,
        Printer.concat(
          `const ${name} = `,
          TypeScript.array(self.declaration.values.map(({ value }) => TypeScript.string(value))),
          " as const"
        )
      )
    }
    return name
  }
}

const signature = (
  name: string,
  parameters: ReadonlyArray<string>,
  result: string,
  body: ReadonlyArray<Doc> | "{}"
): Doc =>
  Printer.concat(
    `const ${name} = `,
    Printer.group(
      "(",
      Printer.indent(Printer.softline, Printer.join(Printer.concat(",", Printer.line), parameters)),
      Printer.softline,
      ")"
    ),
    body === "{}" ? `: ${result} => {}` : block(`: ${result} =>`, body)
  )

/** Declarations in a case need a block of their own. */
const caseOf = (label: string, body: ReadonlyArray<Doc>): Doc =>
  body.length > 1 && typeof body[0] !== "string"
    ? block(label, body)
    : Printer.concat(label, Printer.indent(Printer.hardline, lines(body)))
