/** A JSON Schema as one reads it: like a type of TypeScript, with what it demands behind it. */
import type { Schema } from "./shape.ts"

const lengthLimit = 20_000

const isSchema = (u: unknown): u is Schema => typeof u === "object" && u !== null && !Array.isArray(u)

/** The readable text of a schema, with the definitions that it refers to below it. */
export const typeText = (document: Schema): string => {
  const definitions = document["$defs"]
  const parts = [textOf(document, 0)]
  if (isSchema(definitions)) {
    for (const [name, definition] of Object.entries(definitions)) {
      if (parts.join("").length > lengthLimit) break
      parts.push(`${name} = ${textOf(definition, 0)}`)
    }
  }
  const text = parts.join("\n\n")
  return text.length <= lengthLimit ? text : `${text.slice(0, lengthLimit)}\n… and more; the JSON Schema has all of it`
}

const textOf = (schema: unknown, depth: number): string => {
  if (!isSchema(schema)) return schema === false ? "never" : "anything"
  if (depth > 20) return "…"
  const remark = remarkOf(schema)
  const type = typeOf(schema, depth)
  return remark === "" ? type : `${type} (${remark})`
}

const typeOf = (schema: Schema, depth: number): string => {
  const { allOf, anyOf, not, oneOf, type } = schema
  if (typeof schema["$ref"] === "string") return schema["$ref"].replace(/^#\/\$defs\//, "")
  if ("const" in schema) return JSON.stringify(schema["const"])
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" | ")
  const variants = anyOf ?? oneOf
  if (Array.isArray(variants)) return unionOf(variants, depth)
  if (isSchema(not)) {
    return Object.keys(not).length === 0 ? "never" : not["type"] === "null" && Object.keys(not).length === 1
      ? "anything but null"
      : "anything but some values"
  }
  const both = Array.isArray(allOf) ? allOf.map((part) => textOf(part, depth)).join(" & ") : ""
  const own = Array.isArray(type) ?
    type.map((one) => ofType(String(one), schema, depth)).join(" | ")
    : type === undefined
    ? ""
    : ofType(String(type), schema, depth)
  return [own, both].filter((it) => it !== "").join(" & ") || "anything"
}

const unionOf = (variants: ReadonlyArray<unknown>, depth: number): string => {
  const [first, second] = variants
  // How a number is written that JSON has no number for.
  if (
    variants.length === 2 && isSchema(first) && isSchema(second) && first["type"] === "number" &&
    Array.isArray(second["enum"]) && second["enum"].includes("NaN")
  ) return textOf(first, depth)
  const texts = variants.map((variant) => textOf(variant, depth))
  const line = texts.join(" | ")
  return line.length <= 90 && !line.includes("\n")
    ? line
    : texts.map((text) => `\n${"  ".repeat(depth + 1)}| ${indent(text)}`).join("")
}

const indent = (text: string): string => text.replaceAll("\n", "\n  ")

const ofType = (type: string, schema: Schema, depth: number): string => {
  if (type === "array") return arrayOf(schema, depth)
  return type === "object" ? objectOf(schema, depth) : type === "null" ? "null" : type
}

const arrayOf = (schema: Schema, depth: number): string => {
  const first = Array.isArray(schema["prefixItems"]) ? schema["prefixItems"] : []
  const { items, maxItems } = schema
  const open = items !== false && !(typeof maxItems === "number" && maxItems <= first.length)
  if (first.length === 0) {
    const item = textOf(items ?? true, depth)
    return /[|& ]/.test(item) && !item.startsWith("{") ? `Array<${item}>` : `${item}[]`
  }
  const least = typeof schema["minItems"] === "number" ? schema["minItems"] : 0
  const parts = first.map((part, i) => `${textOf(part, depth)}${i < least ? "" : "?"}`)
  return `[${[...parts, ...(open ? [`...${textOf(items ?? true, depth)}[]`] : [])].join(", ")}]`
}

const objectOf = (schema: Schema, depth: number): string => {
  const { additionalProperties, patternProperties, properties, required } = schema
  const must = new Set(Array.isArray(required) ? required : [])
  const lines: Array<string> = []
  for (const [name, part] of Object.entries(isSchema(properties) ? properties : {})) {
    const key = /^[\w$]+$/.test(name) ? name : JSON.stringify(name)
    const about = isSchema(part) && typeof part["description"] === "string"
      ? `  // ${part["description"].split("\n")[0]!.slice(0, 120)}`
      : ""
    lines.push(`${key}${must.has(name) ? "" : "?"}: ${textOf(part, depth + 1)}${about}`)
  }
  for (const [pattern, part] of Object.entries(isSchema(patternProperties) ? patternProperties : {})) {
    lines.push(`[name like ${pattern}]: ${textOf(part, depth + 1)}`)
  }
  if (isSchema(additionalProperties)) lines.push(`[name]: ${textOf(additionalProperties, depth + 1)}`)
  if (lines.length === 0) return "{}"
  const pad = "  ".repeat(depth + 1)
  return `{\n${lines.map((line) => `${pad}${line}`).join("\n")}\n${"  ".repeat(depth)}}`
}

const isLimit = (u: unknown): u is number => typeof u === "number" && Math.abs(u) < Number.MAX_SAFE_INTEGER

const remarkOf = (schema: Schema): string => {
  const said: Array<string> = []
  const { contentEncoding, exclusiveMaximum, exclusiveMinimum, format, maximum, maxItems, maxLength, minimum } = schema
  const { minItems, minLength, multipleOf, pattern, prefixItems, uniqueItems } = schema
  if (typeof (contentEncoding ?? format) === "string") said.push(String(contentEncoding ?? format))
  if (isLimit(minLength)) said.push(minLength === 1 ? "not empty" : `at least ${minLength} characters`)
  if (isLimit(maxLength)) said.push(`at most ${maxLength} characters`)
  if (typeof pattern === "string" && format === undefined) said.push(`like ${pattern}`)
  if (isLimit(minimum)) said.push(`at least ${minimum}`)
  if (isLimit(maximum)) said.push(`at most ${maximum}`)
  if (isLimit(exclusiveMinimum)) said.push(`more than ${exclusiveMinimum}`)
  if (isLimit(exclusiveMaximum)) said.push(`less than ${exclusiveMaximum}`)
  if (isLimit(multipleOf)) said.push(`a multiple of ${multipleOf}`)
  if (isLimit(minItems) && minItems > 0 && prefixItems === undefined) said.push(`at least ${minItems} items`)
  if (isLimit(maxItems) && prefixItems === undefined) said.push(`at most ${maxItems} items`)
  if (uniqueItems === true) said.push("no two the same")
  if (schema["x-sensitive"] === true) said.push("sensitive")
  if (schema["default"] !== undefined) said.push(`default ${JSON.stringify(schema["default"])?.slice(0, 100)}`)
  return said.join(", ")
}
