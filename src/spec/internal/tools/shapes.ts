import type { Constraints, Json, Primitive } from "../../SpecIr.ts"
import type { AnyNode, Ast } from "./ast.ts"
import type { Module, TypeDeclaration, ValueDeclaration } from "./module.ts"
import type { Project } from "./project.ts"

/** What reading existing code could not see, or had to decide. */
export interface Warning {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly code: WarningCode
  readonly message: string
}

/**
 * - `any`: a type says nothing.
 * - `missing-type`: something has no type at all, or names one that is not there.
 * - `computed`: a value is computed, so that its text does not say what it is.
 * - `unsupported`: a spec cannot say this.
 * - `pattern`: the code does not follow the conventions: no static accessor, a raw call.
 * - `dropped`: a spec has no place for this; the generated code does without.
 */
export type WarningCode = "any" | "missing-type" | "computed" | "unsupported" | "pattern" | "dropped"

/** A type as found in code; structs and enums may have no name yet. */
export type Shape =
  | { readonly _tag: "Primitive"; readonly name: Primitive }
  | { readonly _tag: "Enum"; readonly values: ReadonlyArray<EnumValue> }
  | { readonly _tag: "Array"; readonly item: Slot }
  | { readonly _tag: "Record"; readonly value: Slot }
  | { readonly _tag: "Nullable"; readonly inner: Slot }
  | { readonly _tag: "Struct"; readonly fields: ReadonlyArray<FieldShape> }
  | { readonly _tag: "Union"; readonly discriminator: string; readonly variants: ReadonlyArray<Variant> }
  | { readonly _tag: "Ref"; readonly name: string; readonly target: Target | undefined }
  | { readonly _tag: "Void" }

export interface EnumValue {
  readonly value: string
  readonly description?: string
}

export interface Variant {
  readonly name: string
  readonly description?: string
  readonly fields: ReadonlyArray<FieldShape>
}

/** Where a named type is declared; `undefined` in a `Ref` to what every spec knows. */
export type Target =
  | { readonly _tag: "Value"; readonly module: Module; readonly declaration: ValueDeclaration }
  | { readonly _tag: "Type"; readonly module: Module; readonly declaration: TypeDeclaration }

/** A type where it is used, with what is said about it there. */
export interface Slot {
  readonly shape: Shape
  readonly constraints: Constraints
  readonly description?: string
  /** The description says that it is about the field: no comment knows better. */
  readonly described?: boolean
  readonly identifier?: string
  readonly optional: boolean
  readonly default?: Json
  readonly sensitive: boolean
}

export interface FieldShape extends Slot {
  readonly name: string
}

/** What readers of code share. */
export interface Reader {
  readonly project: Project
  /** The names that types of `opbus.config.json` have in specs, by `"<path>#<name>"`. */
  readonly externals: ReadonlyMap<string, string>
  readonly warn: (module: Module, node: AnyNode, code: WarningCode, message: string) => void
  /** Reads an expression that makes a schema. */
  readonly schema: (module: Module, expression: Ast.Expression, depth?: number) => Slot
  /** The shape that a name stands for. */
  readonly resolve: (found: Slot) => Shape
  /** Slots of declarations that have been read, by target. */
  readonly memo: Map<ValueDeclaration | TypeDeclaration, Slot | "reading">
  /** Descriptions in comments. */
  readonly doc: (module: Module, node: AnyNode, tags?: "cut" | "keep") => string | undefined
}

export const slot = (shape: Shape, more?: Partial<Slot>): Slot => ({
  shape,
  constraints: {},
  optional: false,
  sensitive: false,
  ...more
})

export const primitive = (name: Primitive): Slot => slot({ _tag: "Primitive", name })

/** What is said about a type is said about it when it is not null. */
export const nullable = (inner: Slot): Slot =>
  slot({ _tag: "Nullable", inner }, {
    constraints: inner.constraints,
    sensitive: inner.sensitive,
    ...(inner.description === undefined ? undefined : { description: inner.description })
  })

/** How deep types may be nested. */
export const maxDepth = 200

/** The types that every spec knows, beside its own. */
export const builtInTypes: ReadonlySet<string> = new Set(["PressureLevel", "HealthStatus"])

/** What cannot be read stands for anything. */
export const unknownSlot: Slot = primitive("json")
