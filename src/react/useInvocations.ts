/**
 * What happens, in a component.
 *
 * @since 0.1.0
 */
import { useMemo } from "react"
import type { InvocationFilter, InvocationRow } from "../reactivity/InvocationTable.ts"
import { useObservable } from "./internal/useObservable.ts"
import { useStable } from "./internal/useStable.ts"
import { useBus } from "./OpbusProvider.ts"

/**
 * Renders what happens from now on, in the order in which it started.
 *
 * **When to use**
 *
 * Use for an activity list or a progress bar. The filter is compared by its content: it may be written inline.
 *
 * @category hooks
 * @since 0.1.0
 */
export const useInvocations = (filter: InvocationFilter = {}): ReadonlyArray<InvocationRow> => {
  const bus = useBus()
  const same = useStable(filter)
  return useObservable(useMemo(() => bus.invocations(same), [bus, same]))
}
