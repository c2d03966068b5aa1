/**
 * The bus as a screen sees it: invocations, history and results as values that change.
 *
 * @since 0.1.0
 */
export * as Bus from "./Bus.ts"
export { BusClient, type CallOptions, type ConnectionState } from "./BusClient.ts"
export * from "./HistoryView.ts"
export * from "./InvocationTable.ts"
export * from "./LatestState.ts"
export * from "./Observable.ts"
export * from "./OperationState.ts"
export * from "./QueryState.ts"
