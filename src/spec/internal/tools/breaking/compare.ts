import type * as SpecIr from "../../../SpecIr.ts"
import { contains, type Declarations, type Direction, print, stricter } from "./types.ts"

/** Something that a caller may notice. */
export interface Difference {
  readonly path: string
  readonly message: string
}

/** Compares what goes into a command, or what comes out of it. */
export class Comparison {
  readonly found: Array<Difference> = []
  private readonly before: Declarations
  private readonly after: Declarations
  private readonly direction: Direction
  private readonly seen = new Set<string>()

  constructor(before: Declarations, after: Declarations, direction: Direction) {
    this.before = before
    this.after = after
    this.direction = direction
  }

  private add(path: string, message: string): void {
    this.found.push({ path, message })
  }

  fields(
    path: string,
    before: ReadonlyArray<SpecIr.Field>,
    after: ReadonlyArray<SpecIr.Field>,
    from: string,
    to: string
  ): void {
    const now = new Map(after.map((field) => [field.name, field]))
    const then = new Map(before.map((field) => [field.name, field]))
    for (const old of before) {
      const field = now.get(old.name)
      const at = path === "" ? old.name : `${path}.${old.name}`
      if (field === undefined) this.add(at, "was removed")
      else this.field(at, old, field, from, to)
    }
    if (this.direction === "out") return
    for (const field of after) {
      if (!then.has(field.name) && !mayBeAbsent(field, "in")) {
        this.add(path === "" ? field.name : `${path}.${field.name}`, "is new and required")
      }
    }
  }

  private field(path: string, before: SpecIr.Field, after: SpecIr.Field, from: string, to: string): void {
    const wasAbsent = mayBeAbsent(before, this.direction)
    const isAbsent = mayBeAbsent(after, this.direction)
    if (this.direction === "in" && wasAbsent && !isAbsent) this.add(path, "was optional and is required")
    if (this.direction === "out" && !wasAbsent && isAbsent) this.add(path, "was always there and is optional")
    this.type(path, before.type, after.type, from, to)
    this.constraints(path, before.constraints, after.constraints)
  }

  private constraints(path: string, before: SpecIr.Constraints, after: SpecIr.Constraints): void {
    const [inner, outer] = this.direction === "in" ? [before, after] : [after, before]
    for (const key of stricter(inner, outer) as ReadonlyArray<keyof SpecIr.Constraints>) {
      const how = this.direction === "in" ? "is stricter" : "is looser"
      this.add(path, `"${key}" ${how}: ${value(before[key])} became ${value(after[key])}`)
    }
  }

  type(path: string, before: SpecIr.Type, after: SpecIr.Type, from: string, to: string): void {
    const changed = () => this.add(path, `had the type ${print(before)} and has ${print(after)}`)
    if (before._tag === "Nullable" || after._tag === "Nullable") {
      const was = before._tag === "Nullable"
      const is = after._tag === "Nullable"
      if (this.direction === "in" && was && !is) this.add(path, "could be null and cannot any more")
      if (this.direction === "out" && !was && is) this.add(path, "was never null and can be")
      this.type(
        path,
        before._tag === "Nullable" ? before.inner : before,
        after._tag === "Nullable" ? after.inner : after,
        from,
        to
      )
      return
    }
    if (before._tag === "Ref" || after._tag === "Ref") return this.named(path, before, after, from, to)
    if (before._tag === "Array" && after._tag === "Array") {
      return this.type(`${path}[]`, before.item, after.item, from, to)
    }
    if (before._tag === "Record" && after._tag === "Record") {
      return this.type(`${path}.*`, before.value, after.value, from, to)
    }
    if (before._tag !== "Primitive" || after._tag !== "Primitive") return changed()
    const [outer, inner] = this.direction === "in" ? [after, before] : [before, after]
    if (!contains(outer.name, inner.name)) changed()
  }

  /** By what names stand for: a type that is only called otherwise is the same to callers. */
  private named(path: string, before: SpecIr.Type, after: SpecIr.Type, from: string, to: string): void {
    const old = before._tag === "Ref" ? this.before.find(before, from) : undefined
    const now = after._tag === "Ref" ? this.after.find(after, to) : undefined
    // What is known by its name only is the same when its name is.
    if (before._tag === "Ref" && after._tag === "Ref" && old === undefined && now === undefined) {
      if (before.name !== after.name) this.add(path, `had the type ${print(before)} and has ${print(after)}`)
      return
    }
    const key = `${from} ${print(before)} ${to} ${print(after)}`
    if (this.seen.has(key)) return
    this.seen.add(key)
    if (old?.declaration._tag === "Alias" || now?.declaration._tag === "Alias") {
      const was = old?.declaration._tag === "Alias" ? old : undefined
      const is = now?.declaration._tag === "Alias" ? now : undefined
      const type = was?.declaration as SpecIr.Alias | undefined
      const next = is?.declaration as SpecIr.Alias | undefined
      this.type(path, type?.type ?? before, next?.type ?? after, was?.command ?? from, is?.command ?? to)
      this.constraints(path, type?.constraints ?? {}, next?.constraints ?? {})
      return
    }
    if (old === undefined || now === undefined || old.declaration._tag !== now.declaration._tag) {
      this.add(path, `had the type ${print(before)} and has ${print(after)}`)
      return
    }
    const [was, is] = [old.declaration, now.declaration]
    if (was._tag === "Struct" && is._tag === "Struct") {
      this.fields(path, was.fields, is.fields, old.command, now.command)
    } else if (was._tag === "Enum" && is._tag === "Enum") {
      this.cases(path, "value", was.values.map(({ value }) => value), is.values.map(({ value }) => value))
    } else if (was._tag === "Union" && is._tag === "Union") {
      if (was.discriminator !== is.discriminator) {
        this.add(path, `was told apart by "${was.discriminator}" and is by "${is.discriminator}"`)
      }
      this.cases(path, "variant", was.variants.map(({ name }) => name), is.variants.map(({ name }) => name))
      for (const variant of was.variants) {
        const next = is.variants.find(({ name }) => name === variant.name)
        if (next === undefined) continue
        this.fields(`${path}(${variant.name})`, variant.fields, next.fields, old.command, now.command)
      }
    }
  }

  private cases(path: string, what: string, before: ReadonlyArray<string>, after: ReadonlyArray<string>): void {
    for (const value of before) if (!after.includes(value)) this.add(path, `the ${what} "${value}" was removed`)
    if (this.direction === "in") return
    for (const value of after) if (!before.includes(value)) this.add(path, `the ${what} "${value}" is new`)
  }
}

/** A field with a default may be absent in what is sent, never in what is answered. */
const mayBeAbsent = (field: SpecIr.Field, direction: Direction): boolean =>
  field.optional || (direction === "in" && field.default !== undefined)

const value = (constraint: number | string | undefined): string =>
  constraint === undefined ? "none" : JSON.stringify(constraint)
