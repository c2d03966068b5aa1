/**
 * A value that shows what an operation is going to make of it.
 *
 * @since 0.1.0
 */
import type * as Exit from "effect/Exit"
import { useCallback, useState } from "react"
import type { Single } from "../operation/OperationInvoker.ts"
import type { FailureOf } from "../reactivity/OperationState.ts"
import { type UseOperation, useOperation, type UseOperationOptions } from "./useOperation.ts"

/**
 * What is shown, and what a call is expected to make of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface UseOptimisticOperationOptions<in out Op extends Single, in out Value> extends UseOperationOptions<Op> {
  /** As it is without the calls that run. */
  readonly value: Value
  readonly apply: (value: Value, input: Op["input"]["Type"]) => Value
}

/**
 * Shows what the calls that run are going to make of a value. What fails or is interrupted is taken back; several that run
 * are applied in the order of the calls.
 *
 * **When to use**
 *
 * Use where an answer takes noticeably long and nearly always succeeds: a switch, a rename, a move.
 *
 * **Details**
 *
 * What has succeeded stays applied until `value` is another: it comes from a query that is still being asked again.
 *
 * @category hooks
 * @since 0.1.0
 */
export const useOptimisticOperation = <Op extends Single, Value>(
  operation: Op,
  options: UseOptimisticOperationOptions<Op, Value>
): [value: Value, operation: UseOperation<Op>] => {
  const { apply, value } = options
  const { invoke, ...rest } = useOperation(operation, options)
  const [drafts, setDrafts] = useState<ReadonlyArray<Draft>>([])
  // What has succeeded is in every value that is given from then on.
  const live = drafts.filter((draft) => draft.done === undefined || Object.is(draft.done.value, value))
  const call = useCallback((input: Op["input"]["Type"]): Promise<Exit.Exit<Op["output"]["Type"], FailureOf<Op>>> => {
    const draft: Draft = { input }
    setDrafts((drafts) => [...drafts, draft])
    return invoke(input).then((exit) => {
      setDrafts((drafts) => drafts.filter((other) => other !== draft))
      return exit
    })
  }, [invoke])
  const shown = live.reduce((value, { input }) => apply(value, input as Op["input"]["Type"]), value)
  return [shown, { ...rest, invoke: call }]
}

interface Draft {
  readonly input: unknown
  readonly done?: { readonly value: unknown }
}
