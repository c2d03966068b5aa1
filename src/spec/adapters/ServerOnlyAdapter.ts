/**
 * Commands that run where the program runs, in TypeScript.
 *
 * @since 0.1.0
 */
import type { GeneratorAdapter } from "../GeneratorAdapter.ts"
import * as DocRenderer from "../render/DocRenderer.ts"
import * as HandlerRenderer from "../render/HandlerRenderer.ts"
import * as ImplementationRenderer from "../render/native/ImplementationRenderer.ts"
import * as ServiceRenderer from "../render/native/ServiceRenderer.ts"
import * as OperationRenderer from "../render/OperationRenderer.ts"
import * as TestRenderer from "../render/TestRenderer.ts"
import * as TypeScriptCheck from "../render/TypeScriptCheck.ts"

/**
 * Makes the operation, a handler to write, tests and documentation. A command of a service gets the service in place of a
 * handler: its definition, its layer, and an implementation to write.
 *
 * @category adapters
 * @since 0.1.0
 */
export const ServerOnlyAdapter: GeneratorAdapter = {
  name: "server-only",
  description: "An operation with a handler in TypeScript",
  version: 1,
  check: (command) => [
    ...TypeScriptCheck.types(command),
    ...(command.environment === "browser"
      ? ["needs the environment \"server\" or \"both\"; or use the adapter browser-only"]
      : []),
    ...(command.service?.language === "rust"
      ? ["makes nothing in Rust; use the adapter rust-ipc or sidecar, or say \"service\" in place of \"rust\""]
      : [])
  ],
  command: (command, context) => [
    OperationRenderer.render(command, context),
    ...(command.service === undefined ? [HandlerRenderer.render(command, "server", context)] : []),
    TestRenderer.render(command, context),
    DocRenderer.render(command, context)
  ],
  module: (module, context) =>
    module.service.language === "typescript"
      ? [
        ServiceRenderer.render(module, ["typescript"], context),
        ImplementationRenderer.render(module, context)
      ]
      : []
}
