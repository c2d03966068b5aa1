import { CliOutput } from "../../internal/effect/cli.ts"

/** The characters with which data could steer a terminal, but for tab and newline. */
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g

/** @internal */
export const printable = (text: string): string =>
  text.replace(control, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`)

/**
 * Text as one printable line.
 *
 * @internal
 */
export const oneLine = (text: string, limit = Infinity): string => {
  const line = printable(text).replace(/\s+/g, " ").trim()
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line
}

/**
 * Aligned columns under a head; the last column is not padded.
 *
 * @internal
 */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const lines = [head, ...rows.map((row) => row.map((cell) => oneLine(cell)))]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => CliOutput.displayWidth(line[column] ?? ""))))
  return lines.map((line) =>
    line.map((cell, column) =>
      column === line.length - 1 ? cell : cell + " ".repeat(widths[column]! - CliOutput.displayWidth(cell))
    ).join("  ").trimEnd()
  ).join("\n")
}

/** @internal */
export const indent = (text: string, by = "  "): string => text.replace(/^(?=.)/gm, by)

/**
 * JSON for people: what fits on a line stays on one.
 *
 * @internal
 */
export const prettyJson = (value: unknown, margin = 0): string => {
  const flat = JSON.stringify(value)
  if (typeof value !== "object" || value === null) return flat
  if (flat.length + margin <= 100) return spaced(flat)
  const inner = " ".repeat(margin + 2)
  const lines = Array.isArray(value)
    ? value.map((item) => inner + prettyJson(item, margin + 2))
    : Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${prettyJson(item, margin + 2)}`)
  const [open, close] = Array.isArray(value) ? "[]" : "{}"
  return `${open}\n${lines.join(",\n")}\n${" ".repeat(margin)}${close}`
}

/** Air around the punctuation, but not inside strings. */
const spaced = (flat: string): string =>
  flat.replace(
    /"(?:[^"\\]|\\.)*"|[{}:,]/g,
    (part) => part === "{" ? "{ " : part === "}" ? " }" : part === ":" ? ": " : part === "," ? ", " : part
  ).replaceAll("{  }", "{}")
