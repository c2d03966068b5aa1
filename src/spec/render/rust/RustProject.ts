/**
 * The files around the services of a Rust crate: their lists, and once, the crates themselves.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../../GeneratedFile.ts"
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import { Recollection } from "../../internal/compiler/recollection.ts"
import * as SpecHash from "../../SpecHash.ts"
import type * as SpecIr from "../../SpecIr.ts"
import * as Layout from "../Layout.ts"
import * as RustImplementation from "./RustImplementation.ts"
import * as RustModule from "./RustModule.ts"
import * as RustScope from "./RustScope.ts"
import * as Text from "./RustText.ts"

/** The crate that is opbus itself: its manifests are not made by it. */
const runtime = "opbus-core"

/**
 * The files of one service: what is generated, and where it is implemented.
 *
 * @category rendering
 * @since 0.1.0
 */
export const service = (module: SpecIr.Module, context: GeneratorContext): ReadonlyArray<GeneratedFile> => {
  const name = RustScope.moduleName(module.service)
  const sources = module.commands.map((command) => command.source)
  const { core } = context.config.rust
  return [
    {
      path: `${core}/src/generated/${name}.rs`,
      kind: "generated",
      contents: RustModule.render(module, context),
      sources,
      hash: module.hash
    },
    {
      path: `${core}/src/modules/${name}.rs`,
      kind: "once",
      contents: RustImplementation.render(module, context),
      sources,
      hash: module.hash
    }
  ]
}

/**
 * The services that are only promised, by the commands of the adapter `trait-only`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const contracts = (commands: ReadonlyArray<SpecIr.Command>): ReadonlyArray<SpecIr.Module> => {
  const groups = new Map<string, Array<SpecIr.Command>>()
  for (const command of commands) {
    if (command.adapter !== "trait-only" || command.service === undefined) continue
    const group = groups.get(command.service.path)
    if (group === undefined) groups.set(command.service.path, [command])
    else group.push(command)
  }
  return [...groups.values()].map((group) => {
    const sorted = group.toSorted((a, b) => a.name < b.name ? -1 : 1)
    return {
      service: {
        ...sorted[0]!.service!,
        traits: [...new Set(sorted.flatMap((command) => command.service!.traits))].sort(),
        imports: []
      },
      commands: sorted,
      declarations: [],
      failures: [],
      hash: SpecHash.sha256(sorted.map((command) => command.hash).join("\n"))
    }
  })
}

const promises = new Recollection<string>()

/** A list of everything is made again with every change; a trait only when one of its commands is another. */
const promise = (module: SpecIr.Module, context: GeneratorContext): string =>
  promises.get({
    key: module.commands[0]!,
    parts: () => [context.config, ...module.commands],
    context,
    make: (context) => RustModule.renderTrait(module, context)
  })

/**
 * The Rust traits of the services that are only promised.
 *
 * @category rendering
 * @since 0.1.0
 */
export const traits = (
  commands: ReadonlyArray<SpecIr.Command>,
  context: GeneratorContext
): ReadonlyArray<GeneratedFile> => {
  const modules = contracts(commands)
  const folder = `${context.config.rust.core}/src/generated/traits`
  const files = modules.map((module): GeneratedFile => ({
    path: `${folder}/${RustScope.moduleName(module.service)}.rs`,
    kind: "generated",
    contents: promise(module, context),
    sources: module.commands.map((command) => command.source),
    hash: module.hash
  }))
  const names = modules.map((module) => RustScope.moduleName(module.service)).sort()
  return files.length === 0 ? [] : [...files, {
    path: `${folder}/mod.rs`,
    kind: "generated",
    contents: `//! What services promise, without being made here.\n\n${
      names.map((name) => `pub mod ${name};\n`).join("")
    }`,
    sources: files.flatMap((file) => file.sources).sort(),
    hash: SpecHash.sha256(names.join("\n"))
  }]
}

/**
 * The files that list all services, and the crates around them.
 *
 * **Details**
 *
 * They are the same whichever adapter asks for them: services in this process and services in a sidecar share a crate.
 *
 * @category rendering
 * @since 0.1.0
 */
export const project = (
  all: { readonly commands: ReadonlyArray<SpecIr.Command>; readonly modules: ReadonlyArray<SpecIr.Module> },
  context: GeneratorContext
): ReadonlyArray<GeneratedFile> => {
  const rust = all.modules.filter((module) => module.service.language === "rust")
  const names = rust.map((module) => RustScope.moduleName(module.service)).sort()
  const promised = contracts(all.commands)
  const sources = [...rust, ...promised].flatMap((module) => module.commands.map((command) => command.source)).sort()
  const hash = SpecHash.sha256([...names, promised.length].join("\n"))
  const listed = promised.length === 0 ? names : [...names, "traits"].sort()
  const { core, crate } = context.config.rust
  const list = (name: string): string => `pub mod ${name};\n`
  return [
    {
      path: `${core}/src/generated/mod.rs`,
      kind: "generated",
      contents: `//! The services of this crate, by what their specs say.\n\n${listed.map(list).join("")}\n${
        [
          "/// All services of this crate.",
          "pub fn modules() -> Vec<opbus_core::ModuleFactory> {",
          ...Text.array(1, "vec!", names.map((name) => `${name}::FACTORY`), ""),
          "}",
          ""
        ].join("\n")
      }`,
      sources,
      hash
    },
    {
      path: `${core}/src/modules/mod.rs`,
      kind: "generated",
      contents: `//! What implements the services: a file each, which belongs to its author.\n\n${
        names.map(list).join("")
      }`,
      sources,
      hash
    },
    ...(crate === runtime ? [] : crates(context, sources, hash))
  ]
}

const crates = (
  context: GeneratorContext,
  sources: ReadonlyArray<string>,
  hash: string
): ReadonlyArray<GeneratedFile> => {
  const { core, crate, node } = context.config.rust
  const once = (path: string, lines: ReadonlyArray<string>): GeneratedFile => ({
    path,
    kind: "once",
    contents: `${lines.join("\n")}\n`,
    sources,
    hash
  })
  /** From the manifest in one folder to another folder. */
  const between = (from: string, to: string): string => Layout.relative(`${from}/Cargo.toml`, to)
  const identifier = crate.replaceAll("-", "_")
  const head = (name: string): ReadonlyArray<string> => [
    "[package]",
    `name = ${JSON.stringify(name)}`,
    "version = \"0.1.0\"",
    "edition = \"2021\"",
    "rust-version = \"1.63\"",
    "publish = false",
    "",
    "[dependencies]"
  ]
  const opbus = (from: string, name: "core" | "node"): string =>
    `opbus-${name} = { path = ${JSON.stringify(between(from, `node_modules/opbus/native/${name}`))} }`
  return [
    once("Cargo.toml", [
      "[workspace]",
      `members = [${JSON.stringify(core)}, ${JSON.stringify(node)}]`,
      "exclude = [\"node_modules\"]",
      "resolver = \"2\"",
      "",
      "[profile.release]",
      "lto = true",
      "codegen-units = 1",
      "# A panic in a command becomes a defect of that call; with \"abort\" it would end the process.",
      "panic = \"unwind\"",
      "strip = \"symbols\""
    ]),
    once(`${core}/Cargo.toml`, [...head(crate), opbus(core, "core")]),
    once(`${core}/src/lib.rs`, [
      "//! The services of this project that are written in Rust.",
      "",
      "pub mod generated;",
      "pub mod modules;"
    ]),
    once(`${core}/src/bin/sidecar.rs`, [
      "//! The services in a process of their own.",
      "",
      "fn main() {",
      `    let modules = ${identifier}::generated::modules();`,
      "    std::process::exit(opbus_core::sidecar::serve(modules));",
      "}"
    ]),
    once(`${node}/Cargo.toml`, [
      ...head(`${crate}-node`),
      `${crate} = { path = ${JSON.stringify(between(node, core))} }`,
      opbus(node, "core"),
      opbus(node, "node"),
      "",
      "[lib]",
      "crate-type = [\"cdylib\"]",
      "test = false",
      "doctest = false"
    ]),
    once(`${node}/src/lib.rs`, [
      "//! The services as Node loads them.",
      "",
      `opbus_node::export!(${identifier}::generated::modules);`
    ])
  ]
}
