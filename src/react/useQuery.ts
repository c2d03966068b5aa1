/**
 * What an operation that only reads gives, in a component.
 *
 * @since 0.1.0
 */
import { useEffect, useMemo, useRef } from "react"
import type { Single } from "../operation/OperationInvoker.ts"
import type { QueryHandle, QueryOptions, QueryState } from "../reactivity/QueryState.ts"
import { useObservable } from "./internal/useObservable.ts"
import { useStable } from "./internal/useStable.ts"
import { useBus } from "./OpbusProvider.ts"

/**
 * How a component asks.
 *
 * @category models
 * @since 0.1.0
 */
export interface UseQueryOptions extends QueryOptions {
  /** `false`: not now. */
  readonly enabled?: boolean | undefined
  /** Show the answer to the previous input until the next one is there. */
  readonly keepPrevious?: boolean | undefined
}

/**
 * The answer, and how to ask again.
 *
 * @category models
 * @since 0.1.0
 */
export interface UseQuery<in out Op extends Single> extends QueryState<Op>, Pick<QueryHandle<Op>, "refresh"> {}

/**
 * Asks, and renders the answer; asks again when something that it depends on has happened, and when the connection came back.
 *
 * **When to use**
 *
 * Use with an operation that only reads. Input and options are compared by their content: they may be written inline.
 *
 * @category hooks
 * @since 0.1.0
 */
export const useQuery = <Op extends Single>(
  operation: Op,
  input: Op["input"]["Type"],
  options: UseQueryOptions = {}
): UseQuery<Op> => {
  const bus = useBus()
  const { actor, enabled = true, headers, keepPrevious, refreshOn } = options
  const asked = useStable({ input, options: { actor, headers, refreshOn } })
  const query = useMemo(() => bus.query(operation, asked.input, asked.options), [bus, operation, asked])
  const state = useObservable(enabled ? query : (disabled as unknown as QueryHandle<Op>))
  const previous = useRef<{ readonly operation: Op; readonly data: Op["output"]["Type"] }>(undefined)
  useEffect(() => {
    if (state.data !== undefined) previous.current = { operation, data: state.data }
  }, [operation, state.data])
  const { refresh } = query
  const kept = keepPrevious === true && state.loading ? previous.current : undefined
  return kept?.operation === operation
    ? { ...state, data: kept.data, loading: false, refreshing: true, refresh }
    : { ...state, refresh }
}

const resting: QueryState<Single> = { data: undefined, error: undefined, loading: false, refreshing: false }
const disabled = { value: resting, initial: resting, subscribe: () => () => {} }
