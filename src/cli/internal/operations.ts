import * as Effect from "effect/Effect"
import type * as Operation from "../../operation/Operation.ts"
import type { OperationError } from "../../operation/OperationError.ts"
import { OperationRegistry, registryInternals } from "../../operation/OperationRegistry.ts"
import { CliFailure, exitCodes } from "./failure.ts"

/**
 * The operation of a key, or the failure that names keys which look like it.
 *
 * @internal
 */
export const findOperation = (key: string): Effect.Effect<Operation.Any, CliFailure, OperationRegistry> =>
  Effect.flatMap(OperationRegistry, (registry) => {
    const operation = registry.lookup(key)
    return operation === undefined
      ? Effect.fail(notFound(registryInternals(registry).notFound(key)))
      : Effect.succeed(operation)
  })

/** @internal */
export const notFound = (error: OperationError): CliFailure => {
  const suggestions = error.reason._tag === "HandlerNotFound" ? error.reason.suggestions : []
  return new CliFailure({
    exitCode: exitCodes.notFound,
    reason: "HandlerNotFound",
    message: suggestions.length > 0 ? error.message : `${error.message} \`opbus list\` shows what there is.`,
    details: { key: error.key, suggestions }
  })
}
