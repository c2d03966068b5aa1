import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { HistoryTracker } from "../../history/HistoryTracker.ts"
import { internalsOf } from "../../operation/internal/invoker.ts"
import type { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { historyBuiltins } from "./historyBuiltins.ts"
import { observeBuiltin } from "./observing.ts"
import type { Builtin } from "./server.ts"
import * as wire from "./wire.ts"

/** By its key: a server without a history, on an edge worker for example, need not contain one. */
const TrackerKey = Context.Service<HistoryTracker, (typeof HistoryTracker)["Service"]>("opbus/history/HistoryTracker")

/**
 * What a server answers besides operations.
 *
 * @internal
 */
export const builtinsOf = (
  invoker: (typeof OperationInvoker)["Service"],
  context: Context.Context<never>,
  observe: boolean | { readonly replay?: number | undefined }
): Effect.Effect<ReadonlyMap<string, Builtin>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const builtins = new Map<string, Builtin>(
      historyBuiltins(Context.getOrUndefined(context, TrackerKey), internalsOf(invoker).lookup)
    )
    if (observe !== false) {
      const replay = observe === true ? undefined : observe.replay
      builtins.set(
        wire.builtin.invocations,
        yield* observeBuiltin(invoker, { events: replay ?? 1024, bytes: 16 * 1024 * 1024 })
      )
    }
    return builtins
  })
