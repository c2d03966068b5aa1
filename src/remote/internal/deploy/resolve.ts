import * as Effect from "effect/Effect"
import type * as Operation from "../../../operation/Operation.ts"
import { OperationError, type OperationErrorReason } from "../../../operation/OperationError.ts"
import { type OperationJson, toJson } from "../../../operation/OperationJson.ts"
import type { Deployment, DeploymentRegistry } from "../../DeploymentRegistry.ts"
import { schemaDifference } from "./schemaDifference.ts"

type Registry = (typeof DeploymentRegistry)["Service"]

/**
 * Where a call of this definition goes: the deployment of its key and version whose schemas fit.
 *
 * @internal
 */
export const resolve = (
  registry: Registry,
  operation: Operation.Any,
  version: number = operation.meta.version ?? 1
): Effect.Effect<Deployment, OperationError> =>
  Effect.flatMap(resolveKey(registry, operation.key, version), (deployment) => {
    const difference = differenceOf(operation, deployment)
    return difference === undefined
      ? Effect.succeed(deployment)
      : fail(operation.key, { _tag: "Incompatible", difference })
  })

/**
 * Where a call of a key goes, for callers without its definition.
 *
 * @internal
 */
export const resolveKey = (
  registry: Registry,
  key: string,
  version?: number
): Effect.Effect<Deployment, OperationError> =>
  Effect.matchEffect(registry.find(key, version), {
    onFailure: (error) =>
      fail(key, {
        _tag: "RemoteUnavailable",
        why: `the deployments cannot be read: ${error.message.replace(/\.$/, "")}`
      }),
    onSuccess: (deployment) =>
      deployment === undefined ? fail(key, { _tag: "RemoteFunctionNotFound" }) : Effect.succeed(deployment)
  })

const fail = (key: string, reason: OperationErrorReason) => Effect.fail(new OperationError({ key, reason }))

/** The comparison is made once per definition and deployed code. */
const compared = new WeakMap<Operation.Any, Map<string, string | undefined>>()
const described = new WeakMap<Operation.Any, OperationJson>()

const differenceOf = (operation: Operation.Any, deployment: Deployment): string | undefined => {
  const known = compared.get(operation) ?? new Map<string, string | undefined>()
  compared.set(operation, known)
  const id = `${deployment.deployedFunctionId} ${deployment.deployedAt}`
  if (known.has(id)) return known.get(id)
  const json = described.get(operation) ?? toJson(operation)
  described.set(operation, json)
  const difference = schemaDifference(json, deployment)
  if (known.size > 100) known.clear()
  known.set(id, difference)
  return difference
}
