/**
 * A command's types in Python: data classes, enums, exceptions, and their way from and to JSON.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import type * as SpecIr from "../../SpecIr.ts"
import * as Declarations from "../Declarations.ts"
import * as NamingConventions from "../NamingConventions.ts"

/**
 * A string literal.
 *
 * @category rendering
 * @since 0.1.0
 */
export const string = (text: string): string => {
  let out = "\""
  for (const char of text) {
    const code = char.codePointAt(0)!
    if (char === "\"" || char === "\\") out += `\\${char}`
    else if (char === "\n") out += "\\n"
    else if (code >= 0x20 && code < 0x7f) out += char
    else out += code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`
  }
  return `${out}"`
}

/** A JSON value as Python. */
const literal = (value: SpecIr.Json): string => {
  if (value === null) return "None"
  if (typeof value === "boolean") return value ? "True" : "False"
  if (typeof value === "number") return Object.is(value, -0) ? "-0.0" : String(value)
  if (typeof value === "string") return string(value)
  if (Array.isArray(value)) return `[${value.map((item: SpecIr.Json) => literal(item)).join(", ")}]`
  return `{${Object.entries(value).map(([key, item]) => `${string(key)}: ${literal(item)}`).join(", ")}}`
}

/** What exceptions have already, and what the classes define. */
const taken = new Set(["args", "add_note", "with_traceback", "from_json", "to_json", "codec"])

const fieldNames = (fields: ReadonlyArray<SpecIr.Field>): ReadonlyArray<string> => {
  const names = NamingConventions.distinct(fields.map((field) => field.name), "snake", "python")
  return fields.map((field) => {
    const name = names.get(field.name)!
    return taken.has(name) ? `${name}_` : name === "_" ? "unnamed" : name
  })
}

/**
 * The name of the module of a command: `gpu/stats` is `gpu_stats`.
 *
 * @category names
 * @since 0.1.0
 */
export const moduleName = (command: SpecIr.Command): string =>
  NamingConventions.identifier(command.name, "snake", "python")

/** Names that the module uses itself. */
const reserved = ["dataclasses", "enum", "typing", "annotations"]

/**
 * The module of a command.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (command: SpecIr.Command, context: GeneratorContext): string => {
  const file = new PythonFile(command, context)
  return file.render()
}

const primitives: { readonly [Name in SpecIr.Primitive]: readonly [type: string, codec: string] } = {
  string: ["str", "TEXT"],
  boolean: ["bool", "BOOLEAN"],
  number: ["float", "NUMBER"],
  integer: ["int", "INTEGER"],
  int32: ["int", "INT32"],
  uint32: ["int", "UINT32"],
  int64: ["int", "INT64"],
  uint64: ["int", "UINT64"],
  bytes: ["bytes", "BYTES"],
  timestamp: ["_o.Timestamp", "TIME"],
  json: ["typing.Any", "JSON"]
}

/** Constraints by the names that the support module knows them by; `$` means the same as in JavaScript. */
const limits = (constraints: SpecIr.Constraints): string =>
  Object.entries(constraints).map(([name, value]) => {
    const key = NamingConventions.snake(name)
    return `, ${key}=${typeof value === "string" ? string(pattern(value)) : literal(value as number)}`
  }).join("")

const pattern = (source: string): string => {
  let out = ""
  let inClass = false
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!
    if (char === "\\") {
      const next = source[++i] ?? ""
      out += next === "/" || next === "-" && !inClass ? next : `\\${next}`
    } else if (char === "$" && !inClass) out += "\\Z"
    else if (char === "[" && inClass) out += "\\["
    else {
      if (char === "[") inClass = true
      if (char === "]") inClass = false
      out += char
    }
  }
  return out
}

/**
 * Names what has no equivalent in Python.
 *
 * @category combinators
 * @since 0.1.0
 */
export const check = (command: SpecIr.Command): ReadonlyArray<string> => [
  ...Declarations.unknown(command).map((name) =>
    `does not know what the type ${name} consists of; declare it in the spec, or use the type json`
  ),
  ...patterns(command).filter((source) => /\\[pPkcuxb]|\(\?<[A-Za-z]/u.test(source)).map((source) =>
    `cannot check the pattern ${
      JSON.stringify(source)
    } as JavaScript does; write it without \\p, \\u, \\b and named groups`
  )
]

const patterns = (command: SpecIr.Command): ReadonlyArray<string> =>
  [...command.declarations, command.params, command.result, ...command.failures].flatMap((item) => {
    const all = "constraints" in item
      ? [item.constraints]
      : "fields" in item
      ? item.fields.map((field) => field.constraints)
      : "variants" in item
      ? item.variants.flatMap((variant) => variant.fields.map((field) => field.constraints))
      : []
    return all.flatMap((constraints) => constraints.pattern === undefined ? [] : [constraints.pattern])
  })

class PythonFile {
  private readonly declared: Declarations.Declared
  private readonly names = new Map<string, string>()
  private readonly used = new Set<string>(reserved)
  private readonly command: SpecIr.Command
  private readonly types: Array<string> = []
  private readonly codecs: Array<string> = []

  constructor(command: SpecIr.Command, context: GeneratorContext) {
    this.command = command
    this.declared = Declarations.of(command, context)
    for (const { name } of this.declared.entries) this.names.set(name, this.fresh(name))
  }

  render(): string {
    const { command } = this
    for (const entry of this.declared.entries) this.declaration(entry)
    for (const failure of command.failures) this.failure(failure)
    const own = (name: string) => this.names.get(this.declared.nameOf(name, command))!
    return [
      string(`${command.key}: ${command.description}`),
      "",
      "from __future__ import annotations",
      "",
      "import dataclasses",
      "import enum",
      "import typing",
      "",
      "from . import _opbus as _o",
      "",
      `KEY = ${string(command.key)}`,
      `MODE = ${string(command.mode)}`,
      "",
      ...this.types,
      "",
      ...this.codecs,
      `PARAMS = ${own(command.params.name)}`,
      `RESULT = ${own(command.result.name)}`,
      `FAILURES = {${
        command.failures.map((failure) => `${string(failure.name)}: ${this.names.get(`!${failure.name}`)!}`).join(", ")
      }}`,
      ""
    ].join("\n")
  }

  private fresh(name: string): string {
    const plain = NamingConventions.escape(name, "python")
    let free = plain
    for (let n = 2; this.used.has(free); n++) free = `${plain}_${n}`
    this.used.add(free)
    return free
  }

  private codecOf(name: string): string {
    return `_${name}_codec`
  }

  private type(type: SpecIr.Type, home: SpecIr.Command | undefined): string {
    switch (type._tag) {
      case "Primitive":
        return primitives[type.name][0]
      case "Array":
        return `typing.List[${this.type(type.item, home)}]`
      case "Record":
        return `typing.Dict[str, ${this.type(type.value, home)}]`
      case "Nullable":
        return `typing.Optional[${this.type(type.inner, home)}]`
      case "Ref":
        return this.names.get(this.declared.find(type, home).name)!
    }
  }

  private codec(type: SpecIr.Type, home: SpecIr.Command | undefined): string {
    switch (type._tag) {
      case "Primitive":
        return `_o.${primitives[type.name][1]}`
      case "Array":
        return `_o.List(${this.codec(type.item, home)})`
      case "Record":
        return `_o.Map(${this.codec(type.value, home)})`
      case "Nullable":
        return `_o.Maybe(${this.codec(type.inner, home)})`
      case "Ref":
        return `_o.Later(lambda: ${this.codecOf(this.names.get(this.declared.find(type, home).name)!)})`
    }
  }

  private constrained(codec: string, constraints: SpecIr.Constraints): string {
    const text = limits(constraints)
    return text === "" ? codec : `_o.Checked(${codec}${text})`
  }

  /** A class with fields, and its codec. What may be absent comes last, because it has a default. */
  private class(
    name: string,
    fields: ReadonlyArray<SpecIr.Field>,
    home: SpecIr.Command | undefined,
    description: string | undefined,
    tag?: readonly [key: string, value: string],
    base = ""
  ): void {
    const names = fieldNames(fields)
    const hidden = (field: SpecIr.Field): boolean => field.optional || field.default !== undefined
    const order = fields.map((_, i) => i).toSorted((a, b) => Number(hidden(fields[a]!)) - Number(hidden(fields[b]!)))
    const lines = order.map((i) => {
      const field = fields[i]!
      const options = [
        ...field.default !== undefined
          ? [
            `default_factory=lambda: ${this.constrained(this.codec(field.type, home), {})}.read(${
              literal(field.default)
            })`
          ]
          : field.optional
          ? ["default=_o.ABSENT"]
          : [],
        ...field.sensitive ? ["repr=False"] : []
      ]
      const comment = field.description === undefined ?
        [] :
        field.description.trim().split(/\s*\n\s*/u).map((line) => `    # ${line}`)
      const value = options.length === 0 ? "" : ` = dataclasses.field(${options.join(", ")})`
      return [...comment, `    ${names[i]}: ${this.type(field.type, home)}${value}`].join("\n")
    })
    this.types.push(
      "",
      base === "" ? "@dataclasses.dataclass" : "@dataclasses.dataclass(eq=False)",
      `class ${name}${base}:`,
      ...description === undefined ? [] : [`    ${string(description)}`, ""],
      ...lines,
      ...lines.length === 0 ? [] : [""],
      "    @classmethod",
      `    def from_json(cls, value: typing.Any) -> ${name}:`,
      `        return ${this.codecOf(name)}.read(value)`,
      "",
      "    def to_json(self) -> typing.Any:",
      `        return ${this.codecOf(name)}.write(self)`,
      ""
    )
    const entries = fields.map((field, i) => {
      const codec = this.constrained(this.codec(field.type, home), field.constraints)
      const rest = field.default !== undefined
        ? `, default=${literal(field.default)}`
        : field.optional
        ? ", optional=True"
        : ""
      return `        _o.Field(${string(names[i]!)}, ${string(field.name)}, ${codec}${rest}),`
    })
    this.codecs.push(
      `${this.codecOf(name)} = _o.Struct(`,
      `    ${name},`,
      ...entries.length === 0 ? ["    [],"] : ["    [", ...entries, "    ],"],
      ...tag === undefined ? [] : [`    (${string(tag[0])}, ${string(tag[1])}),`],
      ")",
      ""
    )
  }

  private declaration(entry: Declarations.Entry): void {
    const { declaration, home } = entry
    const name = this.names.get(entry.name)!
    switch (declaration._tag) {
      case "Struct":
        return this.class(name, declaration.fields, home, declaration.description)
      case "Enum": {
        const values = declaration.values.map(({ value }) => value)
        const spelled = NamingConventions.distinct(values, "constant", "python")
        this.types.push(
          "",
          `class ${name}(enum.Enum):`,
          ...declaration.description === undefined ? [] : [`    ${string(declaration.description)}`, ""],
          ...declaration.values.map(({ value }, i) => `    ${member(spelled.get(value)!, i)} = ${string(value)}`),
          ""
        )
        this.codecs.push(`${this.codecOf(name)} = _o.OneOf(${name})`, "")
        return
      }
      case "Union": {
        const variants = declaration.variants.map((variant) => {
          const own = this.fresh(`${name}${NamingConventions.pascal(variant.name)}`)
          this.class(own, variant.fields, home, variant.description, [declaration.discriminator, variant.name])
          return [variant.name, own] as const
        })
        this.types.push(
          "",
          ...declaration.description === undefined ? [] : [`# ${declaration.description.trim().replace(/\s+/gu, " ")}`],
          `${name} = typing.Union[${variants.map(([, own]) => own).join(", ")}]`,
          ""
        )
        this.codecs.push(
          `${this.codecOf(name)} = _o.Union(`,
          `    ${string(declaration.discriminator)},`,
          "    {",
          ...variants.map(([variant, own]) => `        ${string(variant)}: ${this.codecOf(own)},`),
          "    },",
          ")",
          ""
        )
        return
      }
      case "Alias": {
        // Recursive aliases are for the type checker only; what they read and write is in their codec.
        const type = declaration.recursive ? "typing.Any" : this.type(declaration.type, home)
        this.types.push(
          "",
          ...declaration.description === undefined ? [] : [`# ${declaration.description.trim().replace(/\s+/gu, " ")}`],
          `${name} = ${type}`,
          ""
        )
        const codec = this.constrained(this.codec(declaration.type, home), declaration.constraints)
        this.codecs.push(`${this.codecOf(name)} = ${codec}`, "")
      }
    }
  }

  private failure(failure: SpecIr.Failure): void {
    const name = this.fresh(failure.name)
    this.names.set(`!${failure.name}`, name)
    this.class(name, failure.fields, this.command, failure.description, ["_tag", failure.name], "(Exception)")
  }
}

/** Names with underscores around them mean something to `enum`. */
const member = (name: string, index: number): string =>
  /^_*$/u.test(name) ? `VALUE_${index + 1}` : name === "MRO" || name === "NAME" || name === "VALUE" ? `${name}_` : name
