/**
 * Types in generated Rust, and the codecs that carry them across the border.
 *
 * @since 0.1.0
 */
import type * as SpecIr from "../../SpecIr.ts"
import type * as RustScope from "./RustScope.ts"
import * as Text from "./RustText.ts"

/**
 * How a type is written, and how its values are read and written.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rendered {
  /** The type: `Vec<String>`. */
  readonly type: string
  /** A type that implements `opbus_core::codec::Codec`: `codec::List<codec::Text>`. */
  readonly codec: string
}

/**
 * Renders types; what gets long is given a name of its own, which `aliases` has afterwards.
 *
 * @category models
 * @since 0.1.0
 */
export interface TypeRenderer {
  readonly render: (type: SpecIr.Type, home: SpecIr.Command, within?: SpecIr.Declaration) => Rendered
  /** The type of a field, `Option` included; the codec is that of the value when it is there. */
  readonly field: (field: SpecIr.Field, home: SpecIr.Command, within?: SpecIr.Declaration) => Rendered
  readonly aliases: () => ReadonlyArray<string>
}

const primitives: { readonly [Name in SpecIr.Primitive]: Rendered } = {
  string: { type: "String", codec: "codec::Text" },
  boolean: { type: "bool", codec: "codec::Boolean" },
  number: { type: "f64", codec: "codec::Number" },
  integer: { type: "i64", codec: "codec::Integer" },
  int32: { type: "i32", codec: "codec::Int32" },
  uint32: { type: "u32", codec: "codec::Uint32" },
  int64: { type: "i64", codec: "codec::Int64" },
  uint64: { type: "u64", codec: "codec::Uint64" },
  bytes: { type: "Vec<u8>", codec: "codec::Bytes" },
  timestamp: { type: "opbus_core::Timestamp", codec: "codec::Time" },
  json: { type: "opbus_core::Value", codec: "codec::Any" }
}

/** From this length on, a type gets a name, so that lines stay within what rustfmt keeps on one. */
const long = 56

/**
 * Makes a renderer for one file.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (scope: RustScope.Scope): TypeRenderer => {
  const names = new Map<string, string>()
  const aliases: Array<string> = []
  const shorten = (text: string, suffix: string): string => {
    if (text.length < long) return text
    const known = names.get(text)
    if (known !== undefined) return known
    const name = scope.fresh(`Long${names.size + 1}${suffix}`)
    names.set(text, name)
    aliases.push(...Text.alias("", name, text), "")
    return name
  }
  const wrap = (type: string, codec: string): Rendered => ({
    type: shorten(type, "Type"),
    codec: shorten(codec, "Codec")
  })
  const isRecursive = (declaration: SpecIr.Declaration | undefined): boolean =>
    declaration !== undefined && declaration._tag !== "Enum" && declaration.recursive

  const render = (
    type: SpecIr.Type,
    home: SpecIr.Command,
    within: SpecIr.Declaration | undefined,
    indirect: boolean
  ): Rendered => {
    switch (type._tag) {
      case "Primitive":
        return primitives[type.name]
      case "Array": {
        const item = render(type.item, home, within, true)
        return wrap(`Vec<${item.type}>`, `codec::List<${item.codec}>`)
      }
      case "Record": {
        const value = render(type.value, home, within, true)
        return wrap(`std::collections::BTreeMap<String, ${value.type}>`, `codec::Map<${value.codec}>`)
      }
      case "Nullable": {
        const inner = render(type.inner, home, within, indirect)
        return wrap(`Option<${inner.type}>`, `codec::Maybe<${inner.codec}>`)
      }
      case "Ref": {
        const target = scope.resolve(type, home)
        const declaration = target.declaration
        if (!target.nominal && declaration?._tag === "Alias") {
          return { type: target.rust, codec: render(declaration.type, target.home, within, indirect).codec }
        }
        // A type that contains itself has no size without a box somewhere on the way.
        const boxed = !indirect && isRecursive(within) && isRecursive(declaration)
        return boxed
          ? wrap(`Box<${target.rust}>`, `codec::Boxed<codec::Own<${target.rust}>>`)
          : wrap(target.rust, `codec::Own<${target.rust}>`)
      }
    }
  }
  return {
    render: (type, home, within) => render(type, home, within, false),
    field: (field, home, within) => {
      const value = render(field.type, home, within, false)
      return field.optional && field.default === undefined
        ? { type: shorten(`Option<${value.type}>`, "Type"), codec: value.codec }
        : value
    },
    aliases: () => aliases
  }
}

/**
 * Uses a type as the start of a path: `codec::List::<codec::Text>`.
 *
 * @category rendering
 * @since 0.1.0
 */
export const path = (type: string): string => type.replace("<", "::<")
