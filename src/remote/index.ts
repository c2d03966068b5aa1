/**
 * Runs operations elsewhere: over HTTP, WebSockets and workers, on edge workers, and later.
 *
 * @since 0.1.0
 */
export type { DeadLetter, DeadLetterReason } from "./DeadLetter.ts"
export * as Deployable from "./Deployable.ts"
export {
  type Deployment,
  type DeploymentChange,
  DeploymentRegistry,
  DeploymentRegistryError
} from "./DeploymentRegistry.ts"
export * as EdgeWorker from "./EdgeWorker.ts"
export * as HttpTransport from "./HttpTransport.ts"
export * as OperationRpc from "./OperationRpc.ts"
export { OperationServer } from "./OperationServer.ts"
export { Outbox, type OutboxChange, type OutboxOptions, type QueuedCall } from "./Outbox.ts"
export * as OutboxHistory from "./OutboxHistory.ts"
export { RemoteHistory, type RemoteHistoryScope } from "./RemoteHistory.ts"
export * as RemoteInvocations from "./RemoteInvocations.ts"
export * as RemoteInvoker from "./RemoteInvoker.ts"
export { ResultStore, type ResultStoreOptions } from "./ResultStore.ts"
