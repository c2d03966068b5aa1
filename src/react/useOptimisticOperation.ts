/**
 * A value that shows what an operation is going to make of it.
 *
 * @since 0.1.0
 */
import type * as Exit from "effect/Exit"
import { useCallback, useReducer } from "react"
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
  const [drafts, tell] = useReducer(next, { value, list: [] })
  if (!Object.is(drafts.value, value)) tell({ _tag: "Value", value })
  const call = useCallback((input: Op["input"]["Type"]): Promise<Exit.Exit<Op["output"]["Type"], FailureOf<Op>>> => {
    const id = {}
    tell({ _tag: "Call", id, input })
    return invoke(input).then((exit) => {
      tell({ _tag: "End", id, succeeded: exit._tag === "Success" })
      return exit
    })
  }, [invoke])
  const shown = drafts.list.reduce((value, { input }) => apply(value, input as Op["input"]["Type"]), value)
  return [shown, { ...rest, invoke: call }]
}

interface Draft {
  readonly id: object
  readonly input: unknown
  /** It has succeeded, and no value has come since. */
  readonly done: boolean
  /** The value that does not contain it yet. */
  readonly without: unknown
}

interface Drafts {
  readonly value: unknown
  readonly list: ReadonlyArray<Draft>
}

type Event =
  | { readonly _tag: "Call"; readonly id: object; readonly input: unknown }
  | { readonly _tag: "End"; readonly id: object; readonly succeeded: boolean }
  | { readonly _tag: "Value"; readonly value: unknown }

/**
 * A value that comes when something has succeeded is thought to contain that; one that comes while nothing has, to contain
 * what ends next. So nothing is applied to a value that contains it already.
 */
const next = ({ list, value }: Drafts, event: Event): Drafts => {
  switch (event._tag) {
    case "Call":
      return { value, list: [...list, { id: event.id, input: event.input, done: false, without: value }] }
    case "Value": {
      const open = list.filter(({ done }) => !done)
      return { value: event.value, list: open.length === list.length ? list : open.map(lacking(event.value)) }
    }
    case "End": {
      const ended = list.find(({ id }) => id === event.id)
      if (ended === undefined) return { value, list }
      if (event.succeeded && Object.is(ended.without, value)) {
        return { value, list: list.map((draft) => draft === ended ? { ...draft, done: true } : draft) }
      }
      const others = list.filter((draft) => draft !== ended)
      return { value, list: event.succeeded ? others.map(lacking(value)) : others }
    }
  }
}

const lacking = (value: unknown) => (draft: Draft): Draft => ({ ...draft, without: value })
