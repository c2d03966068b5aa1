/**
 * opbus: an operation bus for Effect programs.
 *
 * @since 0.1.0
 */
export * from "./history/index.ts"
export * as Opbus from "./Opbus.ts"
export * from "./operation/index.ts"
import { OperationInvoker } from "./operation/OperationInvoker.ts"

/** @since 0.1.0 */
export const { invoke, invokeKey, invokeRemote, invokeRemoteStream, schedule } = OperationInvoker
