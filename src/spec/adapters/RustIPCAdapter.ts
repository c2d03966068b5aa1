/**
 * Commands of a service that is written in Rust and runs in this process.
 *
 * @since 0.1.0
 */
import type { GeneratorAdapter } from "../GeneratorAdapter.ts"
import * as DocRenderer from "../render/DocRenderer.ts"
import * as CodecRenderer from "../render/native/CodecRenderer.ts"
import * as ImplementationRenderer from "../render/native/ImplementationRenderer.ts"
import * as ServiceRenderer from "../render/native/ServiceRenderer.ts"
import * as OperationRenderer from "../render/OperationRenderer.ts"
import * as RustCheck from "../render/rust/RustCheck.ts"
import * as RustProject from "../render/rust/RustProject.ts"
import * as TestRenderer from "../render/TestRenderer.ts"
import * as TypeScriptCheck from "../render/TypeScriptCheck.ts"

/**
 * Makes the operation, its positional marshalling in both languages, the service with its layers, the Rust trait, and the
 * two places to implement it: in Rust, and in TypeScript for where there is no Rust.
 *
 * @category adapters
 * @since 0.1.0
 */
export const RustIPCAdapter: GeneratorAdapter = {
  name: "rust-ipc",
  description: "An operation of a service that is written in Rust and runs in this process",
  version: 1,
  check: (command, context) => [
    ...TypeScriptCheck.types(command),
    ...RustCheck.command(command, "rust-ipc", context)
  ],
  command: (command, context) => [
    OperationRenderer.render(command, context),
    ...(command.transport === "json" ? [] : [CodecRenderer.render(command, context)]),
    TestRenderer.render(command, context),
    DocRenderer.render(command, context)
  ],
  module: (module, context) => [
    ServiceRenderer.render(module, ["rust", "sidecar", "typescript"], context),
    ImplementationRenderer.render(module, context),
    ...RustProject.service(module, context)
  ],
  project: (all, context) => RustProject.project(all.everything, context)
}
