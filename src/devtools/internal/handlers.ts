import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { HistoryTracker } from "../../history/HistoryTracker.ts"
import { UndoRegistry } from "../../history/UndoRegistry.ts"
import { version } from "../../internal/version.ts"
import { PressureDispatcher } from "../../native/PressureDispatcher.ts"
import { SelfHeal } from "../../native/SelfHeal.ts"
import { ServiceRegistry } from "../../native/ServiceRegistry.ts"
import { SystemEvents } from "../../native/SystemEvents.ts"
import { isOperation } from "../../operation/Operation.ts"
import type * as Operation from "../../operation/Operation.ts"
import { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { OperationRegistry } from "../../operation/OperationRegistry.ts"
import { DeploymentRegistry } from "../../remote/DeploymentRegistry.ts"
import { Outbox } from "../../remote/Outbox.ts"
import type { Options } from "../Devtools.ts"
import { Tools } from "../DevtoolsOperations.ts"
import { catalogue } from "./catalogue.ts"
import { history, historyTools } from "./history.ts"
import { outboxTools, remote } from "./remote.ts"
import { reopen, services } from "./services.ts"
import { makeTell } from "./tell.ts"

/**
 * The handlers of the devtools' own operations, over what the application has.
 *
 * @internal
 */
export const toolHandlers = (title: string, expose: Options["expose"]) =>
  Effect.gen(function*() {
    const context: Context.Context<never> = yield* Effect.context<never>()
    const invoker = yield* OperationInvoker
    const registry = yield* OperationRegistry
    const startedAt = yield* Clock.currentTimeMillis
    const has = <I, S>(key: Context.Key<I, S>): S | undefined => Context.getOrUndefined(context, key)

    const tracker = has(HistoryTracker)
    const outbox = has(Outbox)
    const undo = historyTools(tracker, context, makeTell(invoker))
    const calls = outboxTools(outbox)
    const definitions = definitionsOf(expose)

    return Tools.toLayer({
      "devtools.catalogue": () =>
        catalogue({
          app: { title, opbus: version, runtime: runtime(), startedAt },
          registry,
          mappings: has(UndoRegistry),
          exposed: new Set([
            ...expose.filter((item) => typeof item === "string"),
            ...definitions.map(({ key }) => key)
          ]),
          definitions
        }),
      "devtools.history": () => history(tracker),
      "devtools.undo": undo.undo,
      "devtools.redo": undo.redo,
      "devtools.undoTo": undo.undoTo,
      "devtools.peek": undo.peek,
      "devtools.remote": () => remote({ outbox, deployments: has(DeploymentRegistry) }),
      "devtools.outbox.retry": calls.retry,
      "devtools.outbox.deliver": calls.deliver,
      "devtools.outbox.remove": calls.remove,
      "devtools.services": () =>
        services({
          registry: has(ServiceRegistry),
          pressure: has(PressureDispatcher),
          events: has(SystemEvents),
          heal: has(SelfHeal)
        }),
      "devtools.reopen": reopen(has(SelfHeal))
    })
  })

const definitionsOf = (expose: Options["expose"]): ReadonlyArray<Operation.Any> =>
  expose.flatMap((item) =>
    typeof item === "string" ? [] : isOperation(item) ? [item] : Array.from(item.operations.values())
  )

/** What it runs on, as far as that says so. */
const runtime = (): string => {
  const { process } = globalThis as { readonly process?: { readonly versions?: { readonly [name: string]: string } } }
  const node = process?.versions?.["node"]
  return typeof node === "string" ? `Node ${node}` : ""
}
