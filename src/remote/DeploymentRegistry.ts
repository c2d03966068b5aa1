/**
 * Which operations are deployed, in which versions, and where.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import { Broadcast } from "../operation/internal/broadcast.ts"
import type { FunctionRecord, JsonSchemaDocument } from "../operation/OperationJson.ts"
import type { DeploymentRecord } from "../protocol/DeploymentRecord.ts"
import { problemOf } from "./internal/deploy/record.ts"

/**
 * One deployed version of an operation: the function's record, and where it runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Deployment extends FunctionRecord {
  /** Names this very code: another one of the same key and version has another id. */
  readonly deployedFunctionId: string
  /** The URL that calls are posted to. */
  readonly endpoint: string
  /** Milliseconds since the epoch. */
  readonly deployedAt: number
  /** What the handler needs where it runs: the keys of services. */
  readonly services: ReadonlyArray<string>
  readonly stream?: boolean
  readonly error?: JsonSchemaDocument
}

/**
 * A change of the registry.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeploymentChange {
  readonly _tag: "Deployed" | "Removed"
  readonly key: string
  readonly version: number
  /** Absent when it was removed. */
  readonly deployment: Deployment | undefined
}

/**
 * Why the registry did not do what it was asked for.
 *
 * @category errors
 * @since 0.1.0
 */
export class DeploymentRegistryError extends Data.TaggedError("DeploymentRegistryError")<{
  readonly reason: "Invalid" | "Store"
  readonly message: string
  readonly cause?: unknown
}> {}

/**
 * The registry of deployments.
 *
 * **When to use**
 *
 * Use under `RemoteInvoker.layerDeployments`: `invokeRemote` finds the deployment of the caller's key and version here.
 * `opbus deploy` writes it.
 *
 * **Details**
 *
 * Several versions of a key live side by side, so that callers of the old one are served while new ones come. The same key
 * and version again replaces the deployment.
 *
 * @category services
 * @since 0.1.0
 */
export class DeploymentRegistry extends Context.Service<DeploymentRegistry, {
  /** Records a deployment. */
  readonly put: (deployment: Deployment) => Effect.Effect<void, DeploymentRegistryError>
  /** The deployment of a key and version; of a key alone, that of the highest version. */
  readonly find: (key: string, version?: number) => Effect.Effect<Deployment | undefined, DeploymentRegistryError>
  /** All deployments, by key and version. */
  readonly list: Effect.Effect<ReadonlyArray<Deployment>, DeploymentRegistryError>
  /** Forgets one version, or all of them, and returns what was forgotten. */
  readonly remove: (
    key: string,
    version?: number
  ) => Effect.Effect<ReadonlyArray<Deployment>, DeploymentRegistryError>
  /** Follows what is put and removed through this registry from the moment of subscription. */
  readonly changes: Stream.Stream<DeploymentChange>
}>()("opbus/remote/DeploymentRegistry") {
  /**
   * A registry in memory.
   *
   * @since 0.1.0
   */
  static readonly layerMemory: Layer.Layer<DeploymentRegistry> = Layer.effect(
    DeploymentRegistry,
    Effect.sync(() => makeMemory())
  )
}

/**
 * Writes a deployment as the message that others read.
 *
 * @category converting
 * @since 0.1.0
 */
export const toMessage = (
  { deployedFunctionId, deployedAt, description, endpoint, error, input, key, name, output, services, stream, version }:
    Deployment
): DeploymentRecord => ({
  v: 1,
  id: deployedFunctionId,
  key,
  name,
  ...(description === undefined ? undefined : { description }),
  version,
  endpoint,
  deployedAt,
  services,
  ...(stream === undefined ? undefined : { stream }),
  input,
  output,
  ...(error === undefined ? undefined : { error })
})

/**
 * Reads a deployment from a message. What a message does not say about schemas accepts everything.
 *
 * @category converting
 * @since 0.1.0
 */
export const fromMessage = (
  { deployedAt, description, endpoint, error, id, input, key, name, output, services, stream, version }:
    DeploymentRecord
): Deployment => ({
  key,
  name: name ?? key,
  ...(description === undefined ? undefined : { description }),
  version,
  deployedFunctionId: id,
  endpoint,
  deployedAt,
  services: services ?? [],
  ...(stream === undefined ? undefined : { stream }),
  input: documentOf(input),
  output: documentOf(output),
  ...(error === undefined ? undefined : { error: documentOf(error) })
})

const documentOf = (json: unknown): JsonSchemaDocument =>
  typeof json === "object" && json !== null && !Array.isArray(json) ? json as JsonSchemaDocument : {}

/**
 * What a registry keeps, or why it does not.
 *
 * @internal
 */
export const checked = (deployment: Deployment): Effect.Effect<Deployment, DeploymentRegistryError> => {
  const problem = problemOf(deployment)
  return problem === undefined
    ? Effect.succeed(deployment)
    : Effect.fail(
      new DeploymentRegistryError({
        reason: "Invalid",
        message: `The deployment of "${String(deployment.key).slice(0, 200)}" cannot be recorded: ${problem}.`
      })
    )
}

const makeMemory = (): (typeof DeploymentRegistry)["Service"] => {
  const versions = new Map<string, Map<number, Deployment>>()
  const changes = new Broadcast<DeploymentChange>()
  const sorted = (key: string) => Array.from(versions.get(key)?.values() ?? []).sort((a, b) => a.version - b.version)
  return DeploymentRegistry.of({
    put: (deployment) =>
      Effect.map(checked(deployment), (deployment) => {
        const { key, version } = deployment
        const known = versions.get(key)
        if (known === undefined) versions.set(key, new Map([[version, deployment]]))
        else known.set(version, deployment)
        changes.publish({ _tag: "Deployed", key, version, deployment })
      }),
    find: (key, version) =>
      Effect.sync(() => version === undefined ? sorted(key).at(-1) : versions.get(key)?.get(version)),
    list: Effect.sync(() => Array.from(versions.keys()).sort().flatMap(sorted)),
    remove: (key, version) =>
      Effect.sync(() => {
        const removed = sorted(key).filter((deployment) => version === undefined || deployment.version === version)
        const known = versions.get(key)
        for (const deployment of removed) {
          known!.delete(deployment.version)
          changes.publish({ _tag: "Removed", key, version: deployment.version, deployment: undefined })
        }
        if (known?.size === 0) versions.delete(key)
        return removed
      }),
    changes: changes.stream
  })
}
