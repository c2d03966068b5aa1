/**
 * The newest element of a stream operation, in a component.
 *
 * @since 0.1.0
 */
import { useMemo } from "react"
import type { Streaming } from "../operation/OperationInvoker.ts"
import type { LatestOptions, LatestState } from "../reactivity/LatestState.ts"
import { useObservable } from "./internal/useObservable.ts"
import { useStable } from "./internal/useStable.ts"
import { useBus } from "./OpbusProvider.ts"

/**
 * Follows a stream operation, and renders its newest element; follows it anew when the connection comes back.
 *
 * **When to use**
 *
 * Use for what a server tells of itself: a status, a price, who is there. Input and options are compared by their content.
 *
 * @category hooks
 * @since 0.1.0
 */
export const useLatest = <Op extends Streaming>(
  operation: Op,
  input: Op["input"]["Type"],
  options: LatestOptions = {}
): LatestState<Op> => {
  const bus = useBus()
  const asked = useStable({ input, options })
  return useObservable(useMemo(() => bus.latest(operation, asked.input, asked.options), [bus, operation, asked]))
}
