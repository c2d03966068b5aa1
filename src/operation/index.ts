/**
 * What an operation is and how it runs.
 *
 * @since 0.1.0
 */
export * as AccessLevel from "./AccessLevel.ts"
export type { Concurrency } from "./Concurrency.ts"
export { type Followup, FollowupScheduler, type ScheduleOptions } from "./FollowupScheduler.ts"
export * as Invocation from "./Invocation.ts"
export { CurrentActor } from "./Invocation.ts"
export * as Operation from "./Operation.ts"
export { OperationContext } from "./OperationContext.ts"
export { isOperationError, OperationError, type OperationErrorReason } from "./OperationError.ts"
export * as OperationGroup from "./OperationGroup.ts"
export { type Invoke, type InvokeOptions, type InvokeRemote, OperationInvoker } from "./OperationInvoker.ts"
export * as OperationMiddleware from "./OperationMiddleware.ts"
export { type HandlerOptions, OperationRegistry, type RegistryChange } from "./OperationRegistry.ts"
export { OperationTest } from "./OperationTest.ts"
export {
  OfflineQueue,
  type QueueOptions,
  type Receipt,
  RemoteFailure,
  RemoteInvoker,
  type RemoteOptions
} from "./RemoteInvoker.ts"
export * as SpecSource from "./SpecSource.ts"
export * as SpecTypes from "./SpecTypes.ts"
