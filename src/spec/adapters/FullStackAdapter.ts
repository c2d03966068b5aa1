/**
 * Commands that both sides can be asked for.
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
 * Makes the operation, a handler for the server to write, one for the browser that asks the server until it is edited, tests
 * and documentation.
 *
 * @category adapters
 * @since 0.1.0
 */
export const FullStackAdapter: GeneratorAdapter = {
  name: "full-stack",
  description: "An operation with a handler on the server, and one in the browser that asks the server",
  version: 1,
  check: (command) => [
    ...TypeScriptCheck.types(command),
    ...(command.environment === "both" ? [] : ["needs the environment \"both\""]),
    ...(command.mode === "sync" ? ["cannot ask a server synchronously; use the mode \"async\""] : []),
    ...(command.service === undefined ? [] : ["makes no services; remove the block, or use the adapter server-only"])
  ],
  command: (command, context) => [
    OperationRenderer.render(command, context),
    HandlerRenderer.render(command, "server", context),
    HandlerRenderer.render(command, "browser", context),
    TestRenderer.render(command, context),
    DocRenderer.render(command, context)
  ]
}
