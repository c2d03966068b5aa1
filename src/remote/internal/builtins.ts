import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { observeBuiltin } from "./observing.ts"
import type { Builtin } from "./server.ts"
import * as wire from "./wire.ts"

/**
 * What a server answers besides operations.
 *
 * @internal
 */
export const builtinsOf = (
  invoker: (typeof OperationInvoker)["Service"],
  _context: Context.Context<never>,
  observe: boolean | { readonly replay?: number | undefined }
): Effect.Effect<ReadonlyMap<string, Builtin>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const builtins = new Map<string, Builtin>()
    if (observe !== false) {
      const replay = observe === true ? undefined : observe.replay
      builtins.set(wire.builtin.invocations, yield* observeBuiltin(invoker, replay ?? 1024))
    }
    return builtins
  })
