/**
 * A command's types and function as a C header.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import type * as SpecIr from "../../SpecIr.ts"
import * as Declarations from "../Declarations.ts"
import * as NamingConventions from "../NamingConventions.ts"

/**
 * The header that all others include: strings, bytes, and how a call ends.
 *
 * @category constants
 * @since 0.1.0
 */
export const support = `#ifndef OPBUS_H
#define OPBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Ownership: what a function is given belongs to its caller, and is read only while the function runs. What a function
 * writes to *result or *error belongs to the caller from then on, who hands it to the _free function of its type.
 */

/* UTF-8, not terminated; data is NULL only when length is 0. */
typedef struct opbus_string {
    const char *data;
    size_t length;
} opbus_string;

typedef struct opbus_bytes {
    const uint8_t *data;
    size_t length;
} opbus_bytes;

/* Milliseconds since 1970 in UTC. */
typedef int64_t opbus_timestamp;

/* A JSON value as its text. */
typedef opbus_string opbus_json;

/* How a call ended. */
typedef enum opbus_status {
    OPBUS_OK = 0,
    OPBUS_FAILURE = 1,
    OPBUS_DEFECT = 2,
    OPBUS_UNAVAILABLE = 3,
    OPBUS_INTERRUPTED = 4
} opbus_status;

#endif
`

/**
 * The name of the header of a command, without its ending: `gpu/stats` is `gpu_stats`.
 *
 * @category names
 * @since 0.1.0
 */
export const headerName = (command: SpecIr.Command): string => NamingConventions.snake(command.name)

/**
 * The header of a command.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (command: SpecIr.Command, context: GeneratorContext): string =>
  new HeaderFile(command, context).render()

const primitives: { readonly [Name in SpecIr.Primitive]: string } = {
  string: "opbus_string",
  boolean: "bool",
  number: "double",
  integer: "int64_t",
  int32: "int32_t",
  uint32: "uint32_t",
  int64: "int64_t",
  uint64: "uint64_t",
  bytes: "opbus_bytes",
  timestamp: "opbus_timestamp",
  json: "opbus_json"
}

/** A comment cannot contain its own end, nor, to please every compiler, its own start or a trigraph. */
const comment = (text: string | undefined, pad = ""): ReadonlyArray<string> =>
  text === undefined || text.trim() === "" ? [] : [
    `${pad}/* ${
      text.trim().replace(/\s+/gu, " ").replaceAll("*/", "* /").replaceAll("/*", "/ *").replaceAll("??", "? ?")
        .replaceAll("\\", "\\ ").trimEnd()
    } */`
  ]

interface Member {
  readonly type: string
  readonly name: string
  readonly description: string | undefined
}

class HeaderFile {
  private readonly declared: Declarations.Declared
  private readonly command: SpecIr.Command
  private readonly prefix: string
  private readonly names = new Map<string, string>()
  private readonly used = new Set<string>()
  private readonly forwards: Array<string> = []
  private readonly enums: Array<string> = []
  private readonly body: Array<string> = []
  private readonly compounds = new Map<string, string>()

  constructor(command: SpecIr.Command, context: GeneratorContext) {
    this.command = command
    this.prefix = headerName(command)
    this.declared = Declarations.of(command, context)
    this.used.add(this.prefix)
    for (const { declaration, name } of this.declared.entries) {
      // The command's name is in front of its params and result already.
      const plain = declaration === command.params
        ? "params"
        : declaration === command.result
        ? "result"
        : NamingConventions.snake(name)
      this.names.set(name, this.fresh(plain))
    }
  }

  render(): string {
    const { command, prefix } = this
    for (const entry of this.declared.entries) this.declaration(entry)
    const error = this.errors()
    const guard = `OPBUS_${prefix.toUpperCase()}_H`
    return [
      `#ifndef ${guard}`,
      `#define ${guard}`,
      "",
      "#include \"opbus.h\"",
      "",
      "#ifdef __cplusplus",
      "extern \"C\" {",
      "#endif",
      "",
      ...this.forwards,
      ...this.forwards.length === 0 ? [] : [""],
      ...this.enums,
      ...this.body,
      ...comment(command.description),
      ...this.prototypes(error),
      "",
      "#ifdef __cplusplus",
      "}",
      "#endif",
      "",
      "#endif",
      ""
    ].join("\n")
  }

  private fresh(plain: string): string {
    const name = `${this.prefix}_${plain}`
    let free = name
    for (let n = 2; this.used.has(free); n++) free = `${name}_${n}`
    this.used.add(free)
    return free
  }

  private prototypes(error: string | undefined): ReadonlyArray<string> {
    const { command, prefix } = this
    const params = this.names.get(this.declared.nameOf(command.params.name, command))!
    const result = this.names.get(this.declared.nameOf(command.result.name, command))!
    const failure = error === undefined ? [] : [`${error} *error`]
    const output = command.mode === "stream"
      ? [`bool (*on_element)(void *context, const ${result} *element)`, "void *context"]
      : [`${result} *result`]
    const args = ["void *service", `const ${params} *params`, ...output, ...failure]
    return [
      ...command.mode === "stream"
        ? ["/* Hands over each element until there are no more, or on_element returns false. */"]
        : [],
      `opbus_status ${this.fresh("call")}(${args.join(", ")});`,
      ...command.mode === "stream" ? [] : [`void ${prefix}_result_free(${result} *result);`],
      ...error === undefined ? [] : [`void ${prefix}_error_free(${error} *error);`]
    ]
  }

  /** The type of a value; inside of something recursive, what is recursive is behind a pointer. */
  private type(type: SpecIr.Type, home: SpecIr.Command | undefined, within: boolean): string {
    switch (type._tag) {
      case "Primitive":
        return primitives[type.name]
      case "Array":
        return this.compound(type, home, "list", type.item, (item) => [
          `    const ${item} *items;`,
          "    size_t length;"
        ])
      case "Record":
        return this.compound(type, home, "map", type.value, (value) => [
          "    const opbus_string *keys;",
          `    const ${value} *values;`,
          "    size_t length;"
        ])
      case "Nullable": {
        const inner = this.type(type.inner, home, within)
        return this.define(`maybe_${this.describe(type.inner, home)}${inner.endsWith("*") ? "_pointer" : ""}`, [
          "    bool present;",
          `    ${join(inner, "value")};`
        ])
      }
      case "Ref": {
        const { declaration, name } = this.declared.find(type, home)
        const own = this.names.get(name)!
        return within && declaration._tag !== "Enum" && declaration.recursive ? `const ${own} *` : own
      }
    }
  }

  private compound(
    type: SpecIr.Type,
    home: SpecIr.Command | undefined,
    kind: string,
    inner: SpecIr.Type,
    lines: (inner: string) => ReadonlyArray<string>
  ): string {
    // An array is a pointer: what it points to need not be complete, so nothing has to be behind another one.
    return this.define(this.describe(type, home), lines(this.type(inner, home, false)), kind)
  }

  private define(name: string, lines: ReadonlyArray<string>, kind = ""): string {
    const key = `${kind} ${name} ${lines.join()}`
    const known = this.compounds.get(key)
    if (known !== undefined) return known
    const own = this.fresh(name)
    this.compounds.set(key, own)
    this.body.push(`typedef struct ${own} {`, ...lines, `} ${own};`, "")
    return own
  }

  private describe(type: SpecIr.Type, home: SpecIr.Command | undefined): string {
    switch (type._tag) {
      case "Primitive":
        return type.name
      case "Array":
        return `${this.describe(type.item, home)}_list`
      case "Record":
        return `${this.describe(type.value, home)}_map`
      case "Nullable":
        return `maybe_${this.describe(type.inner, home)}`
      case "Ref":
        return NamingConventions.snake(this.declared.find(type, home).name)
    }
  }

  private members(
    fields: ReadonlyArray<SpecIr.Field>,
    home: SpecIr.Command | undefined,
    within: boolean
  ): ReadonlyArray<Member> {
    const wanted = fields.flatMap((field) =>
      absent(field) ? [`has_${NamingConventions.snake(field.name)}`, field.name] : [field.name]
    )
    const names = NamingConventions.distinct(wanted, "snake", "c")
    return fields.flatMap((field): ReadonlyArray<Member> => {
      const value = {
        type: this.type(field.type, home, within),
        name: names.get(field.name)!,
        description: field.description
      }
      const flag = names.get(`has_${NamingConventions.snake(field.name)}`)
      return absent(field) && flag !== undefined
        ? [{ type: "bool", name: flag, description: undefined }, value]
        : [value]
    })
  }

  private struct(name: string, members: ReadonlyArray<Member>, description: string | undefined): void {
    this.forwards.push(`typedef struct ${name} ${name};`)
    this.body.push(
      ...comment(description),
      `struct ${name} {`,
      ...fieldsOf(members, "    "),
      "};",
      ""
    )
  }

  private declaration({ declaration, home, name }: Declarations.Entry): void {
    const own = this.names.get(name)!
    switch (declaration._tag) {
      case "Struct":
        return this.struct(
          own,
          this.members(declaration.fields, home, declaration.recursive),
          declaration.description
        )
      case "Enum":
        return this.enum(
          own,
          declaration.values.map(({ value }) => value),
          declaration.description
        )
      case "Union":
        return this.union(own, declaration.variants, home, declaration.recursive, declaration.description)
      case "Alias": {
        if (declaration.recursive) {
          return this.struct(
            own,
            [{ type: this.type(declaration.type, home, true), name: "value", description: undefined }],
            declaration.description
          )
        }
        const type = this.type(declaration.type, home, false)
        this.body.push(...comment(declaration.description), `typedef ${join(type, own)};`, "")
      }
    }
  }

  private enum(name: string, values: ReadonlyArray<string>, description: string | undefined): void {
    const names = NamingConventions.distinct(values.map((value) => `${name} ${value}`), "constant", "c")
    const spelled = values.map((value, i) => {
      const constant = names.get(`${name} ${value}`)!
      return constant.toLowerCase() === name ? `${constant}_VALUE_${i}` : constant
    })
    this.enums.push(
      ...comment(description),
      `typedef enum ${name} {`,
      spelled.map((constant, i) => `    ${constant} = ${i}`).join(",\n"),
      `} ${name};`,
      ""
    )
  }

  private union(
    name: string,
    variants: ReadonlyArray<{
      readonly name: string
      readonly description?: string
      readonly fields: ReadonlyArray<SpecIr.Field>
    }>,
    home: SpecIr.Command | undefined,
    recursive: boolean,
    description: string | undefined
  ): void {
    const tag = this.fresh(`${name.slice(this.prefix.length + 1)}_tag`)
    this.enum(tag, variants.map((variant) => variant.name), undefined)
    const names = NamingConventions.distinct(variants.map((variant) => variant.name), "snake", "c")
    const filled = variants.flatMap((variant) => {
      const members = this.members(variant.fields, home, recursive)
      return members.length === 0 ? [] : [
        ...comment(variant.description, "        "),
        "        struct {",
        ...fieldsOf(members, "            "),
        `        } ${names.get(variant.name)!};`
      ]
    })
    this.forwards.push(`typedef struct ${name} ${name};`)
    this.body.push(
      ...comment(description),
      `struct ${name} {`,
      `    ${tag} tag;`,
      ...filled.length === 0 ? [] : ["    union {", ...filled, "    } as;"],
      "};",
      ""
    )
  }

  private errors(): string | undefined {
    const { command } = this
    if (command.failures.length === 0) return undefined
    const name = this.fresh("error")
    this.union(name, command.failures, command, false, `What ${command.name} can fail with.`)
    return name
  }
}

const absent = (field: SpecIr.Field): boolean => field.optional && field.default === undefined

const join = (type: string, name: string): string => type.endsWith("*") ? `${type}${name}` : `${type} ${name}`

/** A struct of C has at least one member. */
const fieldsOf = (members: ReadonlyArray<Member>, pad: string): ReadonlyArray<string> =>
  members.length === 0
    ? [`${pad}char unused;`]
    : members.flatMap(({ description, name, type }) => [...comment(description, pad), `${pad}${join(type, name)};`])
