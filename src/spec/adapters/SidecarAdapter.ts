/**
 * Commands of a service that is written in Rust and runs in a process of its own.
 *
 * @since 0.1.0
 */
import type { GeneratorAdapter } from "../GeneratorAdapter.ts"
import * as DocRenderer from "../render/DocRenderer.ts"
import * as ImplementationRenderer from "../render/native/ImplementationRenderer.ts"
import * as ServiceRenderer from "../render/native/ServiceRenderer.ts"
import * as OperationRenderer from "../render/OperationRenderer.ts"
import * as RustCheck from "../render/rust/RustCheck.ts"
import * as RustProject from "../render/rust/RustProject.ts"
import * as TestRenderer from "../render/TestRenderer.ts"
import * as TypeScriptCheck from "../render/TypeScriptCheck.ts"

/**
 * Makes what `rust-ipc` makes, for a service whose crashes must not reach this process: values cross as JSON, and nothing
 * loads it into Node.
 *
 * @category adapters
 * @since 0.1.0
 */
export const SidecarAdapter: GeneratorAdapter = {
  name: "sidecar",
  description: "An operation of a service that is written in Rust and runs in a process of its own",
  version: 1,
  check: (command, context) => [
    ...TypeScriptCheck.types(command),
    ...RustCheck.command({ ...command, transport: "json" }, "sidecar", context),
    ...(command.mode === "sync" ? ["cannot ask another process synchronously; use the mode \"async\""] : [])
  ],
  command: (command, context) => [
    OperationRenderer.render(command, context),
    TestRenderer.render(command, context),
    DocRenderer.render(command, context)
  ],
  module: (module, context) => [
    ServiceRenderer.render(module, ["sidecar", "typescript"], context),
    ImplementationRenderer.render(module, context),
    ...RustProject.service(module, context)
  ],
  project: (all, context) => RustProject.project(all.everything, context)
}
