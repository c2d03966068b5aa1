/**
 * Rust source text, laid out the way rustfmt does.
 *
 * Only the few shapes that generated code consists of; a test runs rustfmt over the output.
 *
 * @since 0.1.0
 */

/** How wide a line may be before rustfmt breaks it. */
const maxWidth = 100

/** How wide the arguments of a call may be before each gets its own line. */
const callWidth = 60

/** How wide the contents of a struct literal, or pattern, may be on one line. */
const literalWidth = 18

/** How wide the items of an array may be on one line, and up to where they are short enough to share lines. */
const arrayWidth = 60
const shortItem = 10

/** How wide the fields of a variant may be on one line. */
const variantWidth = 35

/**
 * Shifts lines to the right; empty ones stay empty.
 *
 * @category rendering
 * @since 0.1.0
 */
export const indent = (lines: ReadonlyArray<string>, levels = 1): ReadonlyArray<string> =>
  lines.map((line) => line === "" ? line : "    ".repeat(levels) + line)

/**
 * A documentation comment; nothing for a missing description.
 *
 * @category rendering
 * @since 0.1.0
 */
export const doc = (description: string | undefined, marker = "///"): ReadonlyArray<string> =>
  description === undefined || description.trim() === ""
    ? []
    : description.trim().split(/\r\n|[\n\r\u2028\u2029]/u).map((line) =>
      `${marker} ${line.replace(/\t/gu, "    ")}`.trimEnd()
    )

/**
 * A string literal. Everything that is not printable ASCII, or could turn text around for a reader, is escaped.
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
    else if (char === "\r") out += "\\r"
    else if (char === "\t") out += "\\t"
    else if (code >= 0x20 && code < 0x7f) out += char
    // A lone surrogate is no character in Rust. Specs cannot contain one that matters: strings are well-formed.
    else out += code >= 0xd800 && code <= 0xdfff ? "\\u{fffd}" : `\\u{${code.toString(16)}}`
  }
  return out + "\""
}

/** Arguments that do not fit on the line of their call: short ones share lines, others have one each. */
const broken = (pad: string, args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.every((arg) => arg.length <= shortItem)
    ? [`${pad}    ${args.join(", ")},`]
    : args.map((arg) => `${pad}    ${arg},`)

/**
 * A call, as a statement or as the value of a field: `before` + `callee(args)` + `after`.
 *
 * @category rendering
 * @since 0.1.0
 */
export const call = (
  level: number,
  before: string,
  callee: string,
  args: ReadonlyArray<string>,
  after: string
): ReadonlyArray<string> => {
  const pad = "    ".repeat(level)
  const inline = args.join(", ")
  const line = `${pad}${before}${callee}(${inline})${after}`
  // Where the call is an argument itself, it must not be wider than one either.
  const width = before.endsWith("(") ? `${callee}(${inline})`.length : inline.length
  if (width <= callWidth && line.length <= maxWidth) return [line]
  if (before !== "" && `${pad}${before}${callee}(`.length >= maxWidth) {
    return [`${pad}${before.trimEnd()}`, ...call(level + 1, "", callee, args, after)]
  }
  return [`${pad}${before}${callee}(`, ...broken(pad, args), `${pad})${after}`]
}

/** The last lines of a head over several lines. How rustfmt counts here has been found by trying. */
const resultLines = (
  pad: string,
  result: readonly [success: string, failure: string],
  end: " {" | ";"
): ReadonlyArray<string> => {
  const flat = `${pad}) -> Result<${result.join(", ")}>`
  if (flat.length <= (end === ";" ? 102 : 94)) return [`${flat}${end}`]
  return flat.length <= 102
    ? [flat, `${pad}{`]
    : [`${pad}) -> Result<`, ...result.map((arg) => `${pad}    ${arg},`), `${pad}>${end}`]
}

/**
 * The head of a function that returns a `Result`, up to and including the opening brace or the semicolon.
 *
 * @category rendering
 * @since 0.1.0
 */
export const functionHead = (
  level: number,
  name: string,
  args: ReadonlyArray<string>,
  result: readonly [success: string, failure: string],
  end: " {" | ";"
): ReadonlyArray<string> => {
  const pad = "    ".repeat(level)
  const tail = `) -> Result<${result.join(", ")}>${end}`
  const line = `${pad}fn ${name}(${args.join(", ")}${tail}`
  if (line.length <= (end === ";" ? maxWidth - 1 : maxWidth)) return [line]
  return [
    `${pad}fn ${name}(`,
    ...args.map((arg) => `${pad}    ${arg},`),
    ...resultLines(pad, result, end)
  ]
}

/**
 * An arm of a `match` that is one expression.
 *
 * @category rendering
 * @since 0.1.0
 */
export const arm = (level: number, pattern: string, expression: string): ReadonlyArray<string> => {
  const pad = "    ".repeat(level)
  const line = `${pad}${pattern} => ${expression},`
  return line.length <= maxWidth
    ? [line]
    : [`${pad}${pattern} => {`, `${pad}    ${expression}`, `${pad}}`]
}

/**
 * Another name for a type. One that no line is wide enough for is left as it is.
 *
 * @category rendering
 * @since 0.1.0
 */
export const alias = (visibility: "pub " | "", name: string, type: string): ReadonlyArray<string> => {
  const line = `${visibility}type ${name} = ${type};`
  if (line.length <= maxWidth) return [line]
  const next = `    ${type};`
  return next.length <= maxWidth ? [`${visibility}type ${name} =`, next] : ["#[rustfmt::skip]", line]
}

/**
 * A pattern that takes the fields of a variant apart.
 *
 * @category rendering
 * @since 0.1.0
 */
export const pattern = (
  level: number,
  path: string,
  bindings: ReadonlyArray<string>,
  after: string
): ReadonlyArray<string> => {
  const pad = "    ".repeat(level)
  if (bindings.length === 0) return [`${pad}${path}${after}`]
  const inline = bindings.join(", ")
  return inline.length <= literalWidth && `${pad}${path} { ${inline} }${after}`.length <= maxWidth
    ? [`${pad}${path} { ${inline} }${after}`]
    : [`${pad}${path} {`, ...bindings.map((binding) => `${pad}    ${binding},`), `${pad}}${after}`]
}

/**
 * An array of paths: `before[a, b]after`.
 *
 * @category rendering
 * @since 0.1.0
 */
export const array = (
  level: number,
  before: string,
  items: ReadonlyArray<string>,
  after: string
): ReadonlyArray<string> => {
  const pad = "    ".repeat(level)
  const inline = items.join(", ")
  if (inline.length <= arrayWidth && `${pad}${before}[${inline}]${after}`.length <= maxWidth) {
    return [`${pad}${before}[${inline}]${after}`]
  }
  if (inline.length <= arrayWidth && before.endsWith("= ") && `${pad}    [${inline}]${after}`.length <= maxWidth) {
    return [`${pad}${before.trimEnd()}`, `${pad}    [${inline}]${after}`]
  }
  const lines: Array<string> = []
  for (const item of items) {
    const last = lines.at(-1)
    const longer = `${last} ${item},`
    if (last !== undefined && items.every((one) => one.length <= shortItem) && longer.length <= maxWidth) {
      lines[lines.length - 1] = longer
    } else lines.push(`${pad}    ${item},`)
  }
  return [`${pad}${before}[`, ...lines, `${pad}]${after}`]
}

interface VariantText {
  readonly name: string
  readonly doc: ReadonlyArray<string>
  readonly fields: ReadonlyArray<{ readonly text: string; readonly doc: ReadonlyArray<string> }>
}

const compactVariant = ({ fields, name }: VariantText): string =>
  fields.length === 0 ? name : `${name} { ${fields.map((field) => field.text).join(", ")} }`

/**
 * The body of an enum. A variant is on one line where it fits; but where some take one line and some take more, their
 * documentation included, rustfmt breaks all of them.
 *
 * @category rendering
 * @since 0.1.0
 */
export const variants = (all: ReadonlyArray<VariantText>): ReadonlyArray<string> => {
  const fits = (variant: VariantText): boolean =>
    variant.fields.length === 0 ||
    variant.fields.every((field) => field.doc.length === 0) &&
      variant.fields.map((field) => field.text).join(", ").length <= variantWidth
  const mixed = new Set(all.map((variant) => variant.doc.length > 0 || !fits(variant))).size === 2
  return all.flatMap((variant) =>
    indent(
      variant.fields.length === 0 || fits(variant) && !mixed
        ? [...variant.doc, `${compactVariant(variant)},`]
        : [
          ...variant.doc,
          `${variant.name} {`,
          ...indent(variant.fields.flatMap((field) => [...field.doc, `${field.text},`])),
          "},"
        ]
    )
  )
}
