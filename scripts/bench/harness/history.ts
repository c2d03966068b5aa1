import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import {
  type HistoryLimits,
  type HistoryOptions,
  HistoryTracker,
  UndoMapping,
  UndoRegistry
} from "../../../src/history/index.ts"
import { Operation, OperationInvoker } from "../../../src/index.ts"
import { Counter, handler } from "../limit.ts"
import { appLayer, type Base, build, observed } from "./app.ts"
import { inFiber } from "./loop.ts"
import { Complete, CompleteSync } from "./operations.ts"

/** What takes `Complete` back. */
const Reopen = Operation.make({
  meta: { key: "task.reopen" },
  input: Schema.Struct({ id: Schema.String }),
  executionMode: "sync"
})

const reopen = () => Effect.flatMap(Counter, (counter) => Effect.sync(() => void counter.value--))

const mappings = [Complete, CompleteSync].map((operation) =>
  UndoMapping.make({ operation, inverse: Reopen, deriveContext: (task) => ({ id: task.id }) }).toLayer
)

const handlers = Layer.mergeAll(Complete.toLayer(handler), CompleteSync.toLayer(handler), Reopen.toLayer(reopen))

/** Room for so many entries, whatever their size. */
export const roomFor = (count: number): HistoryLimits => ({
  count,
  totalCount: count,
  bytes: 2 ** 31,
  totalBytes: 2 ** 31
})

/** The application of the benchmark with a history. */
export const historyApp = async <E = never>(
  options: HistoryOptions,
  tracker: Layer.Layer<HistoryTracker, E, Base | UndoRegistry> = HistoryTracker.layerWith(options)
) => {
  const context = await build(
    Layer.mergeAll(...mappings as [typeof mappings[0]]).pipe(
      Layer.provideMerge(tracker),
      Layer.provideMerge(UndoRegistry.layer),
      Layer.provideMerge(appLayer(handlers))
    )
  )
  await observed(context)
  const { invoke } = Context.get(context, OperationInvoker)
  return {
    context,
    invoke,
    history: Context.get(context, HistoryTracker),
    /** Makes entries. */
    fill: inFiber(context, (task) => invoke(Complete, task))
  }
}
