/**
 * What services promise, without commands: for concerns that several services share.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "../GeneratedFile.ts"
import type { GeneratorAdapter, GeneratorContext } from "../GeneratorAdapter.ts"
import { Recollection } from "../internal/compiler/recollection.ts"
import * as ContractRenderer from "../render/native/ContractRenderer.ts"
import * as RustCheck from "../render/rust/RustCheck.ts"
import * as RustProject from "../render/rust/RustProject.ts"
import type * as SpecIr from "../SpecIr.ts"

/**
 * Makes the Rust trait with its types, and the same as TypeScript types; no operation, nothing that runs.
 *
 * @category adapters
 * @since 0.1.0
 */
export const TraitOnlyAdapter: GeneratorAdapter = {
  name: "trait-only",
  description: "A Rust trait and a TypeScript interface, without an operation",
  version: 1,
  check: (command: SpecIr.Command, context: GeneratorContext) =>
    RustCheck.command({ ...command, environment: "server", transport: "json" }, "trait-only", context),
  command: () => [],
  project: (all, context) => [
    ...RustProject.contracts(all.everything.commands).map((module) => contract(module, context)),
    ...RustProject.traits(all.everything.commands, context),
    ...RustProject.project(all.everything, context)
  ]
}

const contracts = new Recollection<GeneratedFile>()

const contract = (module: SpecIr.Module, context: GeneratorContext): GeneratedFile =>
  contracts.get({
    key: module.commands[0]!,
    parts: () => [context.config, ...module.commands],
    context,
    make: (context) => ContractRenderer.render(module, context)
  })
