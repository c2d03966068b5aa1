/**
 * Runs operations elsewhere: over HTTP, WebSockets and workers, on edge workers, and later.
 *
 * @since 0.1.0
 */
export {
  type Deployment,
  type DeploymentChange,
  DeploymentRegistry,
  DeploymentRegistryError
} from "./DeploymentRegistry.ts"
export * as OperationRpc from "./OperationRpc.ts"
export { OperationServer } from "./OperationServer.ts"
export * as RemoteInvoker from "./RemoteInvoker.ts"
export { ResultStore } from "./ResultStore.ts"
