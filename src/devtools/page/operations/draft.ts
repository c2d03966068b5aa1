/** What stands in a form, and what it comes to. */
import type { Json, ListShape, ObjectShape, Shape } from "./shape.ts"

/** What was typed into a part of a form. Its kind is that of the part's shape. */
export type Draft =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "boolean"; readonly on: boolean }
  | { readonly kind: "choice"; readonly index: number }
  | { readonly kind: "nullable"; readonly isNull: boolean; readonly inner: Draft }
  | { readonly kind: "variants"; readonly index: number; readonly inner: Draft }
  | { readonly kind: "object"; readonly fields: ReadonlyArray<Draft | undefined>; readonly rest: ReadonlyArray<Entry> }
  | { readonly kind: "list"; readonly items: ReadonlyArray<Item> }
  | { readonly kind: "none" }

/** A property whose name is chosen. */
export interface Entry extends Item {
  readonly name: string
}

export interface Item {
  /** Stays with it when others are removed. */
  readonly id: number
  readonly draft: Draft
}

let ids = 0

export const itemOf = (draft: Draft): Item => ({ id: ++ids, draft })

/** How deep a form is filled in by itself: a schema may contain itself. */
const depthLimit = 12

/** What a form begins with. */
export const initialOf = (shape: Shape, depth = 0): Draft => {
  if (shape.initial !== undefined && shape.kind !== "constant") {
    const given = draftOf(shape, shape.initial)
    if (given !== undefined) return given
  }
  if (depth > depthLimit) return blankOf(shape)
  switch (shape.kind) {
    case "text":
    case "number":
      return { kind: "text", text: "" }
    case "json":
      return { kind: "text", text: "null" }
    case "boolean":
      return { kind: "boolean", on: false }
    case "constant":
      return { kind: "none" }
    case "choice":
      return { kind: "choice", index: 0 }
    case "nullable":
      return { kind: "nullable", isNull: true, inner: blankOf(shape.inner) }
    case "variants": {
      const index = depth < depthLimit / 2 ? 0 : Math.max(0, shape.variants.findIndex((it) => isFlat(it.shape())))
      return { kind: "variants", index, inner: initialOf(shape.variants[index]!.shape(), depth + 1) }
    }
    case "object":
      return {
        kind: "object",
        fields: shape.fields.map((field) => field.required ? initialOf(field.shape(), depth + 1) : undefined),
        rest: []
      }
    case "list":
      return { kind: "list", items: Array.from({ length: leastOf(shape) }, (_, i) => itemOf(itemAt(shape, i, depth))) }
  }
}

/** So many items are there from the beginning. */
const leastOf = (shape: ListShape): number => Math.min(shape.min, 100)

const itemAt = (shape: ListShape, index: number, depth: number): Draft =>
  initialOf((shape.first[index] ?? shape.item ?? nothing)(), depth + 1)

const nothing = (): Shape => ({
  kind: "json",
  title: undefined,
  description: undefined,
  initial: undefined,
  example: undefined,
  because: undefined
})

const isFlat = (shape: Shape): boolean =>
  shape.kind !== "object" && shape.kind !== "list" && shape.kind !== "variants" && shape.kind !== "nullable"

const blankOf = (shape: Shape): Draft => {
  switch (shape.kind) {
    case "object":
      return { kind: "object", fields: shape.fields.map(() => undefined), rest: [] }
    case "list":
      return { kind: "list", items: [] }
    case "nullable":
      return { kind: "nullable", isNull: true, inner: { kind: "none" } }
    case "variants":
      return { kind: "variants", index: 0, inner: { kind: "none" } }
    default:
      return initialOf(shape)
  }
}

/** The shape of an item of a list. */
export const itemShape = (shape: ListShape, index: number): Shape => (shape.first[index] ?? shape.item ?? nothing)()

/** A further item. */
export const newItem = (shape: ListShape, index: number): Item => itemOf(initialOf(itemShape(shape, index)))

// ---------------------------------------------------------------------------
// from a value
// ---------------------------------------------------------------------------

/** The form filled in with a value; `undefined` when the value has no place in it. */
export const draftOf = (shape: Shape, value: unknown): Draft | undefined => {
  switch (shape.kind) {
    case "text":
      return typeof value === "string" ? { kind: "text", text: value } : undefined
    case "number":
      return typeof value === "number"
        ? { kind: "text", text: Object.is(value, -0) ? "-0" : String(value) }
        : typeof value === "string" && shape.words.includes(value)
        ? { kind: "text", text: value }
        : undefined
    case "boolean":
      return typeof value === "boolean" ? { kind: "boolean", on: value } : undefined
    case "constant":
      return same(value, shape.value) ? { kind: "none" } : undefined
    case "choice": {
      const index = shape.options.findIndex((option) => same(option.value, value))
      return index === -1 ? undefined : { kind: "choice", index }
    }
    case "nullable": {
      if (value === null) return { kind: "nullable", isNull: true, inner: blankOf(shape.inner) }
      const inner = draftOf(shape.inner, value)
      return inner === undefined ? undefined : { kind: "nullable", isNull: false, inner }
    }
    case "variants":
      return variantOf(shape.variants.map((variant) => variant.shape), value)
    case "object":
      return objectOf(shape, value)
    case "list":
      return listOf(shape, value)
    case "json":
      return { kind: "text", text: JSON.stringify(value, null, 2) ?? "null" }
  }
}

/** The first variant that the value fits; one that it has merely a place in when there is none. */
const variantOf = (variants: ReadonlyArray<() => Shape>, value: unknown): Draft | undefined => {
  let place: Draft | undefined
  for (const [index, shape] of variants.entries()) {
    const inner = draftOf(shape(), value)
    if (inner === undefined) continue
    const draft: Draft = { kind: "variants", index, inner }
    if (valueOf(shape(), inner).problems.length === 0) return draft
    place ??= draft
  }
  return place
}

const objectOf = (shape: ObjectShape, value: unknown): Draft | undefined => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined
  const fields: Array<Draft | undefined> = []
  const names = new Set<string>()
  for (const { name, required, shape: part } of shape.fields) {
    names.add(name)
    if (Object.hasOwn(value, name)) {
      const draft = draftOf(part(), (value as Record<string, unknown>)[name])
      if (draft === undefined) return undefined
      fields.push(draft)
    } else fields.push(required ? initialOf(part()) : undefined)
  }
  const rest: Array<Entry> = []
  for (const [name, part] of Object.entries(value)) {
    if (names.has(name)) continue
    const draft = shape.rest === undefined ? undefined : draftOf(shape.rest(), part)
    if (draft === undefined) return undefined
    rest.push({ ...itemOf(draft), name })
  }
  return { kind: "object", fields, rest }
}

const listOf = (shape: ListShape, value: unknown): Draft | undefined => {
  if (!Array.isArray(value)) return undefined
  const items: Array<Item> = []
  for (const [index, part] of value.entries()) {
    if (shape.first[index] === undefined && shape.item === undefined) return undefined
    const draft = draftOf(itemShape(shape, index), part)
    if (draft === undefined) return undefined
    items.push(itemOf(draft))
  }
  return { kind: "list", items }
}

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

// ---------------------------------------------------------------------------
// to a value
// ---------------------------------------------------------------------------

/** What is not as the schema wants it, and where. */
export interface Problem {
  readonly path: ReadonlyArray<string | number>
  readonly message: string
  /** There is no value with it. Otherwise it is a hint, and the server may see it differently. */
  readonly fatal: boolean
}

export interface Outcome {
  /** `undefined` with a fatal problem. */
  readonly value: Json | undefined
  readonly problems: ReadonlyArray<Problem>
}

/** The value that a form comes to. */
export const valueOf = (shape: Shape, draft: Draft): Outcome => {
  const problems: Array<Problem> = []
  const value = new Evaluation(problems).value(shape, draft, [])
  return { value: problems.some((problem) => problem.fatal) ? undefined : value, problems }
}

type Path = ReadonlyArray<string | number>

class Evaluation {
  private readonly problems: Array<Problem>

  constructor(problems: Array<Problem>) {
    this.problems = problems
  }

  value(shape: Shape, draft: Draft, path: Path): Json {
    switch (shape.kind) {
      case "text":
        return this.text(shape, textIn(draft), path)
      case "number":
        return this.number(shape, textIn(draft), path)
      case "json":
        return this.json(textIn(draft), path)
      case "boolean":
        return draft.kind === "boolean" && draft.on
      case "constant":
        return shape.value
      case "choice":
        return shape.options[draft.kind === "choice" ? draft.index : 0]?.value ?? null
      case "nullable":
        return draft.kind !== "nullable" || draft.isNull ? null : this.value(shape.inner, draft.inner, path)
      case "variants": {
        if (draft.kind !== "variants") return this.fail(path, "Choose one of the variants.", null, true)
        return this.value(shape.variants[draft.index]!.shape(), draft.inner, path)
      }
      case "object":
        return this.object(shape, draft, path)
      case "list":
        return this.list(shape, draft, path)
    }
  }

  private fail<A extends Json>(path: Path, message: string, value: A, fatal = false): A {
    this.problems.push({ path, message, fatal })
    return value
  }

  private text(shape: Shape & { readonly kind: "text" }, text: string, path: Path): Json {
    // As JSON Schema counts: a character outside the basic plane is one.
    const length = Array.from(text).length
    const { maxLength, minLength, pattern } = shape
    if (minLength !== undefined && length < minLength) {
      return this.fail(path, minLength === 1 ? "Must not be empty." : `At least ${minLength} characters.`, text)
    }
    if (maxLength !== undefined && length > maxLength) return this.fail(path, `At most ${maxLength} characters.`, text)
    if (pattern !== undefined && !matches(pattern, text)) return this.fail(path, `Must match ${pattern}`, text)
    return text
  }

  private number(shape: Shape & { readonly kind: "number" }, written: string, path: Path): Json {
    const text = written.trim()
    if (shape.words.includes(text)) return text
    if (text === "") return this.fail(path, shape.integer ? "Enter a whole number." : "Enter a number.", null, true)
    const value = Number(text)
    if (!Number.isFinite(value) || !/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text)) {
      const or = shape.words.length === 0 ? "" : `, or ${shape.words.join(", ")}`
      return this.fail(path, `Not a number. Enter digits, such as ${shape.integer ? "42" : "3.5"}${or}.`, null, true)
    }
    const { above, below, integer, maximum, minimum, multipleOf } = shape
    if (integer && !Number.isInteger(value)) return this.fail(path, "Must be a whole number.", value)
    if (minimum !== undefined && value < minimum) return this.fail(path, `Must be at least ${minimum}.`, value)
    if (maximum !== undefined && value > maximum) return this.fail(path, `Must be at most ${maximum}.`, value)
    if (above !== undefined && value <= above) return this.fail(path, `Must be more than ${above}.`, value)
    if (below !== undefined && value >= below) return this.fail(path, `Must be less than ${below}.`, value)
    if (multipleOf !== undefined && multipleOf > 0 && !isMultiple(value, multipleOf)) {
      return this.fail(path, `Must be a multiple of ${multipleOf}.`, value)
    }
    return value
  }

  private json(text: string, path: Path): Json {
    const parsed = parseJson(text)
    return parsed.ok ? parsed.value : this.fail(path, `Not JSON: ${parsed.why}`, null, true)
  }

  private object(shape: ObjectShape, draft: Draft, path: Path): Json {
    const entries: Array<readonly [string, Json]> = []
    const names = new Set(shape.fields.map(({ name }) => name))
    const fields = draft.kind === "object" ? draft.fields : []
    for (const [i, { name, required, shape: part }] of shape.fields.entries()) {
      const field = fields[i]
      if (field !== undefined) entries.push([name, this.value(part(), field, [...path, name])])
      else if (required) this.fail([...path, name], "This is required.", null, true)
    }
    for (const { draft: part, name } of draft.kind === "object" ? draft.rest : []) {
      const at = [...path, name]
      if (names.has(name)) this.fail(at, name === "" ? "Enter a name." : "This name is there already.", null, true)
      if (shape.names !== undefined && !matches(shape.names, name)) {
        this.fail(at, `The name must match ${shape.names}`, null)
      }
      names.add(name)
      if (shape.rest !== undefined) entries.push([name, this.value(shape.rest(), part, at)])
    }
    const { maxProperties, minProperties } = shape
    if (minProperties !== undefined && entries.length < minProperties) {
      this.fail(path, `At least ${minProperties} ${minProperties === 1 ? "entry" : "entries"}.`, null)
    }
    if (maxProperties !== undefined && entries.length > maxProperties) {
      this.fail(path, `At most ${maxProperties} entries.`, null)
    }
    // Own properties, whatever they are called.
    return Object.fromEntries(entries)
  }

  private list(shape: ListShape, draft: Draft, path: Path): Json {
    const items = draft.kind === "list" ? draft.items : []
    const values = items.map((item, i) => this.value(itemShape(shape, i), item.draft, [...path, i]))
    if (values.length < shape.min) this.fail(path, `At least ${shape.min} ${shape.min === 1 ? "item" : "items"}.`, null)
    if (shape.max !== undefined && values.length > shape.max) this.fail(path, `At most ${shape.max} items.`, null)
    if (shape.unique && new Set(values.map((value) => JSON.stringify(value))).size < values.length) {
      this.fail(path, "No two items may be the same.", null)
    }
    return values
  }
}

const textIn = (draft: Draft): string => draft.kind === "text" ? draft.text : ""

/** Patterns that cannot be compiled here, or would take too long, are left to the server. */
const matches = (pattern: string, text: string): boolean => {
  if (text.length > 1_000 || pattern.length > 1_000) return true
  try {
    return new RegExp(pattern, "u").test(text)
  } catch {
    return true
  }
}

const isMultiple = (value: number, of: number): boolean => {
  const ratio = value / of
  return Math.abs(ratio - Math.round(ratio)) < 1e-9
}

/** JSON text as data, or why it is none. */
export const parseJson = (
  text: string
): { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly why: string } => {
  try {
    return { ok: true, value: JSON.parse(text) as Json }
  } catch (error) {
    return { ok: false, why: text.trim() === "" ? "it is empty." : String((error as Error).message).slice(0, 200) }
  }
}
