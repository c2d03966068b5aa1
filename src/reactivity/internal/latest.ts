import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Streaming } from "../../operation/OperationInvoker.ts"
import type { LatestOptions, LatestState } from "../LatestState.ts"
import { Cell } from "./cell.ts"
import type { Host } from "./host.ts"
import { failureOf } from "./operationHandle.ts"
import { isAway, returning } from "./returning.ts"

const nothing: LatestState<any> = { value: undefined, error: undefined, loading: true, ended: false }

/**
 * The newest element of a stream operation, followed while somebody looks.
 *
 * @internal
 */
export const latest = <Op extends Streaming>(
  host: Host,
  operation: Op,
  input: Op["input"]["Type"],
  options: LatestOptions
): Cell<LatestState<Op>> => {
  const cell: Cell<LatestState<Op>> = new Cell<LatestState<Op>>(nothing, () =>
    host.follow((client) => {
      let failures = 0
      const once = Stream.runForEach(client.invokeStream(operation, input, options), (value) =>
        Effect.sync(() => {
          failures = 0
          cell.set({ value, error: undefined, loading: false, ended: false })
        }))
      const follow: Effect.Effect<void> = Effect.matchCauseEffect(once, {
        onSuccess: () => Effect.sync(() => cell.update({ loading: false, ended: true })),
        onFailure: (cause) => {
          const error = failureOf(cause) as Error | undefined
          if (error === undefined) return Effect.interrupt
          cell.update({ error, loading: false })
          return isAway(error) ? Effect.andThen(returning(client.connection, failures++), follow) : Effect.void
        }
      })
      return follow
    }))
  return cell
}
