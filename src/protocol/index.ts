/**
 * Versioned wire schemas. They import nothing of what they describe.
 *
 * @since 0.1.0
 */
export * as CauseMessage from "./CauseMessage.ts"
export * as DeploymentRecord from "./DeploymentRecord.ts"
export * as HistoryEntryMessage from "./HistoryEntryMessage.ts"
export * as HistoryErrorMessage from "./HistoryErrorMessage.ts"
export * as HistoryStateMessage from "./HistoryStateMessage.ts"
export * as InvocationMessage from "./InvocationMessage.ts"
export * as InvocationSubscription from "./InvocationSubscription.ts"
export * as OperationErrorMessage from "./OperationErrorMessage.ts"
export * as Protocol from "./Protocol.ts"
export * as SessionExport from "./SessionExport.ts"
