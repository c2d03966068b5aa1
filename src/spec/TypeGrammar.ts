/**
 * The grammar of types in a spec: from text to a syntax tree, and back.
 *
 * ```text
 * type    = postfix { "|" postfix }
 * postfix = atom { "[]" }
 * atom    = "'" text "'" | "null" | "(" type ")" | "Array<" type ">" | "Record<string," type ">" | name
 * name    = primitive | Name | segment "/" … "." Name
 * ```
 *
 * A union is one of string literals, or of one type and `null`; every other choice between types is declared with a name.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as internal from "./internal/front/typeParser.ts"
import type { Primitive } from "./SpecIr.ts"

/**
 * A type as it is written.
 *
 * @category models
 * @since 0.1.0
 */
export type TypeSyntax =
  | { readonly _tag: "Primitive"; readonly name: Primitive }
  | { readonly _tag: "Literals"; readonly values: ReadonlyArray<string> }
  | { readonly _tag: "Array"; readonly item: TypeSyntax }
  | { readonly _tag: "Record"; readonly value: TypeSyntax }
  | { readonly _tag: "Nullable"; readonly inner: TypeSyntax }
  | {
    readonly _tag: "Name"
    readonly name: string
    /** The spec that declares it, when the text says so: `"search/query"`. */
    readonly spec?: string
    /** Where it stands in the text, from 1. */
    readonly column: number
  }

/**
 * Why a text is no type.
 *
 * @category models
 * @since 0.1.0
 */
export interface TypeProblem {
  /** Where in the text, from 1. */
  readonly column: number
  /** What is wrong there, and what to write instead. */
  readonly message: string
  readonly suggestions: ReadonlyArray<string>
}

/**
 * The types that need no declaration.
 *
 * @category constants
 * @since 0.1.0
 */
export const primitives: ReadonlyArray<Primitive> = internal.primitives

/**
 * Reads a type.
 *
 * **When to use**
 *
 * Use to read the `type` of a field or an alias. Names are not looked up here: that needs the other specs.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (text: string): Result.Result<TypeSyntax, TypeProblem> => {
  const parsed = internal.parse(text)
  return "problem" in parsed ? Result.fail(parsed.problem) : Result.succeed(parsed.type)
}

/**
 * Writes a type in the one way that canonical specs use.
 *
 * @category formatting
 * @since 0.1.0
 */
export const print = (type: TypeSyntax): string => {
  switch (type._tag) {
    case "Primitive":
      return type.name
    case "Name":
      return type.spec === undefined ? type.name : `${type.spec}.${type.name}`
    case "Literals":
      return type.values.map(literal).join(" | ")
    case "Nullable":
      return `${print(type.inner)} | null`
    case "Record":
      return `Record<string, ${print(type.value)}>`
    case "Array": {
      const item = print(type.item)
      const bare = type.item._tag !== "Nullable" && (type.item._tag !== "Literals" || type.item.values.length === 1)
      return bare ? `${item}[]` : `(${item})[]`
    }
  }
}

const literal = (value: string): string => `'${value.replace(/[\\']/g, (character) => `\\${character}`)}'`
