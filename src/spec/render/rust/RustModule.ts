/**
 * The generated Rust file of a service: its types, its trait, and its way onto the bus.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import type * as SpecIr from "../../SpecIr.ts"
import * as RustDeclarations from "./RustDeclarations.ts"
import * as RustScope from "./RustScope.ts"
import * as RustService from "./RustService.ts"
import * as Text from "./RustText.ts"
import * as RustTypes from "./RustTypes.ts"

/**
 * The scope of a service's file, where its own items have their names already.
 *
 * @category constructors
 * @since 0.1.0
 */
export const scope = (module: SpecIr.Module, context: GeneratorContext): RustScope.Scope => {
  const names = RustService.names(module.service)
  return RustScope.make(module.commands, context, [names.trait, names.module])
}

/** Names that clippy or rustc would spell otherwise come from the specs; so does how large an error is. */
const allowed = [
  "clippy::doc_lazy_continuation",
  "clippy::doc_overindented_list_items",
  "clippy::enum_variant_names",
  "clippy::large_enum_variant",
  "clippy::module_inception",
  "clippy::module_name_repetitions",
  "clippy::result_large_err",
  "clippy::struct_excessive_bools",
  "clippy::struct_field_names",
  "clippy::type_complexity",
  "clippy::upper_case_acronyms",
  "dead_code",
  "non_camel_case_types",
  "non_snake_case",
  "unknown_lints"
]

/**
 * The lints that a generated file does not answer to.
 *
 * @category constants
 * @since 0.1.0
 */
export const allow: ReadonlyArray<string> = ["#![allow(", `    ${allowed.join(",\n    ")}`, ")]"]

/**
 * The types and codecs of a file, as lines.
 *
 * @category rendering
 * @since 0.1.0
 */
export const types = (scope: RustScope.Scope): ReadonlyArray<string> => {
  const renderer = RustTypes.make(scope)
  const lines = [
    ...scope.entries.flatMap((entry) => RustDeclarations.declaration(entry, renderer)),
    ...scope.errors.flatMap(({ command, rust }) => RustDeclarations.failures(rust, command, renderer))
  ]
  return [...renderer.aliases(), ...lines]
}

/**
 * The `use` lines that the rest of a file needs.
 *
 * @category rendering
 * @since 0.1.0
 */
export const imports = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  const uses = (text: string): boolean =>
    lines.some((line) => !line.trimStart().startsWith("//") && line.includes(text))
  const modules = ["codec", "json", "wire"].filter((name) => uses(`${name}::`))
  return [
    ...(lines.some((line) => /codec::.*::(?:read|write|field|optional_field|field_or|put)/u.test(line)) ||
        uses("::from_json(value)?") || lines.some((line) => /^ +codec::|: codec::/u.test(line))
      ? ["use opbus_core::codec::Codec;"]
      : []),
    ...(modules.length === 0 ? [] : modules.length === 1 ? [`use opbus_core::${modules[0]};`] : [
      `use opbus_core::{${modules.join(", ")}};`
    ]),
    ...(modules.length === 0 ? [] : [""])
  ]
}

/**
 * The file of a service that is only promised: its types and its trait.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderTrait = (module: SpecIr.Module, context: GeneratorContext): string => {
  const names = scope(module, context)
  const lines = [...types(names), ...RustService.trait(module, names)]
  return [
    `//! What the service \`${module.service.name}\` promises.`,
    "",
    ...allow,
    "",
    ...imports(lines),
    ...lines
  ].join("\n").trimEnd() + "\n"
}

/**
 * The whole file, without its header.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (module: SpecIr.Module, context: GeneratorContext): string => {
  const names = scope(module, context)
  const lines = [
    "/// The hash of everything that crosses the border; both sides have to agree on it.",
    `pub const SPEC_HASH: &str = ${Text.string(module.hash)};`,
    "",
    ...types(names),
    ...RustService.trait(module, names),
    ...RustService.dispatcher(module)
  ]
  return [
    `//! The service \`${module.service.name}\`.`,
    "",
    ...allow,
    "",
    ...imports(lines),
    ...lines
  ].join("\n").trimEnd() + "\n"
}
