/**
 * What services promise, without commands: for concerns that several services share.
 *
 * @since 0.1.0
 */
import type { GeneratorAdapter, GeneratorContext } from "../GeneratorAdapter.ts"
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
    ...RustProject.contracts(all.everything.commands).map((module) => ContractRenderer.render(module, context)),
    ...RustProject.traits(all.everything.commands, context),
    ...RustProject.project(all.everything, context)
  ]
}
