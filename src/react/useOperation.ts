/**
 * An operation in a component.
 *
 * @since 0.1.0
 */
import { useEffect, useInsertionEffect, useMemo } from "react"
import type { Single } from "../operation/OperationInvoker.ts"
import type { OperationHandle, OperationOptions, OperationState } from "../reactivity/OperationState.ts"
import { useObservable } from "./internal/useObservable.ts"
import { useBus } from "./OpbusProvider.ts"

/**
 * How a component invokes an operation.
 *
 * @category models
 * @since 0.1.0
 */
export interface UseOperationOptions<in out Op extends Single> extends OperationOptions<Op> {
  /** Interrupt what runs when the component is unmounted. Default: it goes on. */
  readonly cancelOnUnmount?: boolean | undefined
}

/**
 * How the calls of a component stand, and how to make one.
 *
 * @category models
 * @since 0.1.0
 */
export interface UseOperation<in out Op extends Single>
  extends OperationState<Op>, Pick<OperationHandle<Op>, "invoke" | "cancel" | "reset">
{}

/**
 * Invokes an operation, and renders how its calls stand.
 *
 * **When to use**
 *
 * Use in the component that has the button. `invoke`, `cancel` and `reset` stay the same functions.
 *
 * @category hooks
 * @since 0.1.0
 */
export const useOperation = <Op extends Single>(
  operation: Op,
  options: UseOperationOptions<Op> = {}
): UseOperation<Op> => {
  const handle = useOperationHandle(operation, options)
  const { cancel, invoke, reset } = handle
  return { ...useObservable(handle), invoke, cancel, reset }
}

/** @internal */
export const useOperationHandle = <Op extends Single>(
  operation: Op,
  options: UseOperationOptions<Op>
): OperationHandle<Op> => {
  const bus = useBus()
  const handle = useMemo(() => bus.operation(operation), [bus, operation])
  // Before the layout effects of children, which may invoke.
  useInsertionEffect(() => handle.configure(options))
  const { cancelOnUnmount } = options
  useEffect(() => cancelOnUnmount === true ? handle.cancel : undefined, [handle, cancelOnUnmount])
  return handle
}
