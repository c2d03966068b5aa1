/**
 * Commands that run in the browser only.
 *
 * @since 0.1.0
 */
import type { GeneratorAdapter } from "../GeneratorAdapter.ts"
import * as DocRenderer from "../render/DocRenderer.ts"
import * as HandlerRenderer from "../render/HandlerRenderer.ts"
import * as OperationRenderer from "../render/OperationRenderer.ts"
import * as TestRenderer from "../render/TestRenderer.ts"
import * as TypeScriptCheck from "../render/TypeScriptCheck.ts"

/**
 * Makes the operation, a handler for the browser to write, tests and documentation.
 *
 * @category adapters
 * @since 0.1.0
 */
export const BrowserOnlyAdapter: GeneratorAdapter = {
  name: "browser-only",
  description: "An operation with a handler in the browser",
  version: 1,
  check: (command) => [
    ...TypeScriptCheck.types(command),
    ...(command.environment === "server"
      ? ["needs the environment \"browser\" or \"both\"; or use the adapter server-only"]
      : []),
    ...(command.service === undefined ? [] : ["makes no services; remove the block, or use the adapter server-only"])
  ],
  command: (command, context) => [
    OperationRenderer.render(command, context),
    HandlerRenderer.render(command, "browser", context),
    TestRenderer.render(command, context),
    DocRenderer.render(command, context)
  ]
}
