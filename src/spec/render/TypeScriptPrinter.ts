/**
 * TypeScript's literals, calls and comments as documents, laid out the way the house's formatter lays them out.
 *
 * @since 0.1.0
 */
import type { Json } from "../SpecIr.ts"
import type { Doc } from "./Printer.ts"
import * as Printer from "./Printer.ts"

/** Characters that change how a line looks to its reader, or end one: never written as they are. */
const invisible =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/**
 * Writes a string literal.
 *
 * @category combinators
 * @since 0.1.0
 */
export const string = (value: string): string => JSON.stringify(value).replace(invisible, escaped)

/**
 * Writes a number literal.
 *
 * @category combinators
 * @since 0.1.0
 */
export const number = (value: number): string => Object.is(value, -0) ? "-0" : String(value)

const identifier = /^[A-Za-z_$][\w$]*$/

/**
 * Writes the key of an object or interface: quoted only where it has to be.
 *
 * @category combinators
 * @since 0.1.0
 */
export const key = (name: string): string => identifier.test(name) ? name : string(name)

/** In a literal this key would set the prototype instead. */
const ownKey = (name: string): string => name === "__proto__" ? `["__proto__"]` : key(name)

/**
 * Tells whether a text can be a name in TypeScript, reserved words apart.
 *
 * @category guards
 * @since 0.1.0
 */
export const isIdentifier = (text: string): boolean => identifier.test(text)

/**
 * A member of an object literal.
 *
 * @category models
 * @since 0.1.0
 */
export interface Member {
  readonly name: string
  /** `undefined`: the name stands for itself, as in `...params`. */
  readonly value: Doc | undefined
  readonly description?: string | undefined
}

/** A value that cannot be broken goes to the next line when it is too long. */
const property = ({ name, value }: Member): Doc =>
  value === undefined
    ? name
    : typeof value === "string"
    ? Printer.group(ownKey(name), ":", Printer.indent(Printer.line, value))
    : Printer.concat(ownKey(name), ": ", value)

/**
 * Writes an object literal: on one line when it fits and no member is described, unless `"broken"` is asked for.
 *
 * @category combinators
 * @since 0.1.0
 */
export const object = (members: ReadonlyArray<Member>, layout: "fit" | "broken" = "fit"): Doc => {
  if (members.length === 0) {
    return "{}"
  }
  const broken = layout === "broken" || members.some((member) => member.description !== undefined)
  const line = broken ? Printer.hardline : Printer.line
  const docs = members.map((member) =>
    member.description === undefined
      ? property(member)
      : Printer.concat(comment(member.description), Printer.hardline, property(member))
  )
  return Printer.group("{", Printer.indent(line, Printer.join(Printer.concat(",", line), docs)), line, "}")
}

/**
 * Writes an array literal.
 *
 * @category combinators
 * @since 0.1.0
 */
export const array = (items: ReadonlyArray<Doc>, layout: "fit" | "broken" = "fit"): Doc => {
  if (items.length === 0) {
    return "[]"
  }
  const line = layout === "broken" ? Printer.hardline : Printer.line
  const soft = layout === "broken" ? Printer.hardline : Printer.softline
  return Printer.group("[", Printer.indent(soft, Printer.join(Printer.concat(",", line), items)), soft, "]")
}

/**
 * Writes a call. A single object or array keeps the parentheses to itself.
 *
 * @category combinators
 * @since 0.1.0
 */
export const call = (callee: Doc, args: ReadonlyArray<Doc>, layout: "hug" | "wrap" = "wrap"): Doc =>
  layout === "hug" || args.length === 0
    ? Printer.concat(callee, "(", Printer.join(", ", args), ")")
    : Printer.concat(
      callee,
      Printer.group(
        "(",
        Printer.indent(Printer.softline, Printer.join(Printer.concat(",", Printer.line), args)),
        Printer.softline,
        ")"
      )
    )

/**
 * Writes a JSON value as an expression.
 *
 * @category combinators
 * @since 0.1.0
 */
export const json = (value: Json, layout: "fit" | "broken" = "fit"): Doc => {
  switch (typeof value) {
    case "string":
      return string(value)
    case "number":
      return number(value)
    case "boolean":
      return String(value)
  }
  if (value === null) {
    return "null"
  }
  if (Array.isArray(value)) {
    return array(value.map((item: Json) => json(item)), layout)
  }
  return object(
    Object.entries(value as { readonly [key: string]: Json }).map(([name, item]) => ({ name, value: json(item) })),
    layout
  )
}

/**
 * Writes a regular expression: a literal where that says exactly the same.
 *
 * @category combinators
 * @since 0.1.0
 */
export const pattern = (source: string): Doc =>
  source !== "" && new RegExp(source, "u").source === source && source.replace(invisible, "") === source
    ? `/${source}/u`
    : Printer.concat("new RegExp(", string(source), ", \"u\")")

/**
 * Writes a documentation comment.
 *
 * @category combinators
 * @since 0.1.0
 */
export const comment = (text: string): Doc => {
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/).map((line) =>
    line.replaceAll("*/", "*\\/").replace(invisible, escaped).trimEnd()
  )
  while (lines.length > 1 && lines[0] === "") {
    lines.shift()
  }
  while (lines.length > 1 && lines.at(-1) === "") {
    lines.pop()
  }
  return lines.length === 1
    ? `/** ${lines[0]!.trim()} */`
    : Printer.concat(
      "/**",
      ...lines.flatMap((line) => [Printer.hardline, line === "" ? " *" : ` * ${line}`]),
      Printer.hardline,
      " */"
    )
}
