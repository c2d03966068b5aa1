/**
 * Hooks for React.
 *
 * @since 0.1.0
 */
export { OpbusProvider, type OpbusProviderProps, useBus } from "./OpbusProvider.ts"
export { useConnection } from "./useConnection.ts"
export { type UseHistory, useHistory } from "./useHistory.ts"
export { useInvocations } from "./useInvocations.ts"
export { useLatest } from "./useLatest.ts"
export { type UseOperation, useOperation, type UseOperationOptions } from "./useOperation.ts"
export { useOptimisticOperation, type UseOptimisticOperationOptions } from "./useOptimisticOperation.ts"
export { type UseQuery, useQuery, type UseQueryOptions } from "./useQuery.ts"
export { useUndoShortcuts, type UseUndoShortcutsOptions } from "./useUndoShortcuts.ts"
