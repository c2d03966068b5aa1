import type { CommandSpec, FieldSpec, TypeSpec } from "../../CommandSpec.ts"
import { pascal } from "../../render/NamingConventions.ts"
import type { Constraints } from "../../SpecIr.ts"
import * as TypeGrammar from "../../TypeGrammar.ts"
import type { AnyNode } from "./ast.ts"
import type { Module } from "./module.ts"
import { readDeclaration, resolved } from "./schemas.ts"
import type { FieldShape, Reader, Shape, Slot, Target } from "./shapes.ts"
import { readTypeDeclaration } from "./types.ts"

type Types = NonNullable<CommandSpec["types"]>

/** Collects the types that one command needs, each under one name. */
export class Collector {
  readonly reached = new Set<Target["declaration"]>()
  private readonly reader: Reader
  private readonly module: Module
  private readonly node: AnyNode
  private readonly ownerOf: (target: Target) => string | undefined
  private readonly names = new Map<Target["declaration"], string>()
  private readonly pending: Array<{ readonly name: string; readonly target: Target }> = []
  private readonly types = new Map<string, TypeSpec>()
  private readonly taken: Set<string>

  constructor(
    reader: Reader,
    module: Module,
    node: AnyNode,
    taken: ReadonlyArray<string>,
    ownerOf: (target: Target) => string | undefined
  ) {
    this.reader = reader
    this.module = module
    this.node = node
    this.taken = new Set(taken)
    this.ownerOf = ownerOf
  }

  /** All types that have been named so far, and those that they need. */
  finish(): Types | undefined {
    for (let next = this.pending.shift(); next !== undefined; next = this.pending.shift()) {
      const read = this.read(next.target)
      this.types.set(next.name, this.declaration(read, next.name))
    }
    return this.types.size === 0 ? undefined : Object.fromEntries(this.types)
  }

  /** Makes a type of the code one of the spec. */
  add(target: Target): void {
    this.ref({ _tag: "Ref", name: target.declaration.name, target })
  }

  /** A field without its name. `where` names what has no name of its own. */
  field(field: Slot, where: string): FieldSpec {
    return {
      type: TypeGrammar.print(this.syntax(field.shape, where)),
      ...(field.description === undefined || field.description === "" ? undefined : { description: field.description }),
      ...(field.optional ? { optional: true } : undefined),
      ...(field.default === undefined ? undefined : { default: field.default }),
      ...(field.sensitive ? { sensitive: true } : undefined),
      ...field.constraints
    }
  }

  fields(fields: ReadonlyArray<FieldShape>, where: string): { readonly [name: string]: FieldSpec } {
    return Object.fromEntries(fields.map((field) => [field.name, this.field(field, where + pascal(field.name))]))
  }

  private read(target: Target): Slot {
    this.reached.add(target.declaration)
    return target._tag === "Value"
      ? readDeclaration(this.reader, target.module, target.declaration)
      : readTypeDeclaration(this.reader, target.module, target.declaration)
  }

  private declaration(read: Slot, name: string): TypeSpec {
    const description = read.description === undefined || read.description === ""
      ? undefined
      : { description: read.description }
    const { shape } = read
    switch (shape._tag) {
      case "Struct":
        return { ...description, fields: this.fields(shape.fields, name) }
      case "Enum": {
        const described = shape.values.some((value) => value.description !== undefined)
        return {
          ...description,
          enum: described
            ? Object.fromEntries(shape.values.map((value) => [value.value, value.description ?? ""]))
            : shape.values.map(({ value }) => value)
        }
      }
      case "Union":
        return {
          ...description,
          union: Object.fromEntries(shape.variants.map((variant) => [variant.name, {
            ...(variant.description === undefined ? undefined : { description: variant.description }),
            fields: this.fields(variant.fields, name + pascal(variant.name))
          }])),
          ...(shape.discriminator === "_tag" ? undefined : { discriminator: shape.discriminator })
        }
      default:
        return { ...description, type: TypeGrammar.print(this.syntax(shape, name)), ...read.constraints }
    }
  }

  private syntax(shape: Shape, where: string): TypeGrammar.TypeSyntax {
    switch (shape._tag) {
      case "Primitive":
        return { _tag: "Primitive", name: shape.name }
      case "Enum":
        return { _tag: "Literals", values: shape.values.map(({ value }) => value) }
      case "Array":
        return { _tag: "Array", item: this.inner(shape.item, `${where}Item`) }
      case "Record":
        return { _tag: "Record", value: this.inner(shape.value, `${where}Value`) }
      case "Nullable": {
        const inner = this.syntax(shape.inner.shape, where)
        return inner._tag === "Nullable" ? inner : { _tag: "Nullable", inner }
      }
      case "Ref":
        return this.ref(shape)
      case "Struct":
      case "Union":
        return this.own({ shape, constraints: {}, optional: false, sensitive: false }, where)
      case "Void":
        this.reader.warn(this.module, this.node, "unsupported", `${where} has no value; it is taken as json`)
        return { _tag: "Primitive", name: "json" }
    }
  }

  /** What an array or a record holds: constraints need a name of their own. */
  private inner(read: Slot, where: string): TypeGrammar.TypeSyntax {
    return hasConstraints(read.constraints) ? this.own(read, where) : this.syntax(read.shape, where)
  }

  /** A type that has no name in the code. */
  private own(read: Slot, where: string): TypeGrammar.TypeSyntax {
    const name = this.free(where)
    // Its place is before what it contains.
    this.types.set(name, { fields: {} })
    this.types.set(name, this.declaration(read, name))
    return { _tag: "Name", name, column: 1 }
  }

  private ref({ name, target }: Extract<Shape, { readonly _tag: "Ref" }>): TypeGrammar.TypeSyntax {
    if (target === undefined) return { _tag: "Name", name, column: 1 }
    const spec = this.ownerOf(target)
    if (spec !== undefined) {
      this.reached.add(target.declaration)
      return { _tag: "Name", name, spec, column: 1 }
    }
    let own = this.names.get(target.declaration)
    if (own === undefined) {
      own = this.free(/^[A-Z]/.test(name) ? name : pascal(name))
      if (own !== name) {
        this.reader.warn(
          target.module,
          target.declaration.statement,
          "dropped",
          `the type "${name}" is called "${own}" in the spec`
        )
      }
      this.names.set(target.declaration, own)
      this.pending.push({ name: own, target })
    }
    return { _tag: "Name", name: own, column: 1 }
  }

  private free(wanted: string): string {
    let name = wanted.replace(/[^A-Za-z0-9]/g, "") || "Type"
    for (let number = 2; this.taken.has(name); number++) name = `${wanted}${number}`
    this.taken.add(name)
    return name
  }

  /** The fields of an object, whatever it is called. */
  structOf(read: Slot): ReadonlyArray<FieldShape> | undefined {
    const shape = resolved(this.reader, read)
    if (read.shape._tag === "Ref" && read.shape.target !== undefined) this.reached.add(read.shape.target.declaration)
    if (shape._tag === "Ref" && shape.target?._tag === "Type") {
      const found = this.read(shape.target)
      return found.shape._tag === "Struct" ? found.shape.fields : undefined
    }
    return shape._tag === "Struct" ? shape.fields : shape._tag === "Void" ? [] : undefined
  }
}

const hasConstraints = (constraints: Constraints): boolean => Object.keys(constraints).length > 0
