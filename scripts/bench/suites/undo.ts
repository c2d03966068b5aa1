import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Y from "yjs"
import { temporal } from "zundo"
import { createStore } from "zustand/vanilla"
import { HistoryTracker, UndoMapping, UndoRegistry } from "../../../src/history/index.ts"
import { Operation, OperationInvoker } from "../../../src/index.ts"
import { appLayer, build } from "../harness/app.ts"
import { roomFor } from "../harness/history.ts"
import { inFiber, inLoop } from "../harness/loop.ts"
import { added, atMost, type Case, type Suite } from "../harness/suite.ts"

/** How many entries there are when undo begins; closures need more to be timed at all. */
const batch = 1_000
const batchOfClosures = 20_000

/** What all of them do: rename one of 64 things. */
const idAt = (i: number): string => `task-${i & 63}`
const titleAt = (i: number): string => `title-${i % 100}`

/** An undo needs something to undo, and a redo something undone: both are made ready outside of the time. */
const undoAndRedo = (
  name: string,
  act: Case["run"],
  undo: Case["run"],
  redo: Case["run"],
  clear: () => unknown,
  maxBatch = batch
): ReadonlyArray<Case> => [
  {
    name: `undo, ${name}`,
    maxBatch,
    before: async (count) => {
      await clear()
      await act(count)
    },
    run: undo
  },
  {
    name: `redo, ${name}`,
    maxBatch,
    before: async (count) => {
      await clear()
      await act(count)
      await undo(count)
    },
    run: redo
  }
]

const opbus = async (name: string, executionMode: "sync" | "async") => {
  const titles = new Map<string, string>()
  const Rename = Operation.make({
    meta: { key: "task.rename" },
    input: Schema.Struct({ id: Schema.String, title: Schema.String }),
    output: Schema.Struct({ previous: Schema.String }),
    executionMode
  })
  const handlers = Rename.toLayer(({ id, title }) =>
    Effect.sync(() => {
      const previous = titles.get(id) ?? ""
      titles.set(id, title)
      return { previous }
    })
  )
  const mapping = UndoMapping.make({
    operation: Rename,
    inverse: Rename,
    deriveContext: ({ id }, { previous }) => ({ id, title: previous })
  })
  const context = await build(mapping.toLayer.pipe(
    Layer.provideMerge(HistoryTracker.layerWith({ limits: roomFor(100_000) })),
    Layer.provideMerge(UndoRegistry.layer),
    Layer.provideMerge(appLayer(handlers))
  ))
  const { clear, redo, undo } = Context.get(context, HistoryTracker)
  const { invoke } = Context.get(context, OperationInvoker)
  const rename = (i: number) => invoke(Rename, { id: idAt(i), title: titleAt(i) })
  const unrecorded = Context.get(await build(appLayer(handlers)), OperationInvoker)
  const inverse = (i: number) => unrecorded.invoke(Rename, { id: idAt(i), title: titleAt(i) })
  const each = executionMode === "async"
    ? (body: (i: number) => Effect.Effect<unknown, unknown>) => inFiber(context, (_, i) => body(i))
    : (body: (i: number) => Effect.Effect<unknown, unknown>) => inLoop((_, i) => Effect.runSync(body(i)))
  return [
    { name: `inverse, ${name}`, run: each(inverse), maxBatch: batch },
    ...undoAndRedo(name, each(rename), each(() => undo), each(() => redo), () => Effect.runPromise(clear))
  ]
}

const inverseList = () => {
  const titles = new Map<string, string>()
  const done: Array<{ readonly undo: () => void; readonly redo: () => void }> = []
  const undone: typeof done = []
  const rename = (i: number) => {
    const [id, title, previous] = [idAt(i), titleAt(i), titles.get(idAt(i)) ?? ""]
    titles.set(id, title)
    done.push({ undo: () => titles.set(id, previous), redo: () => titles.set(id, title) })
    undone.length = 0
  }
  const step = (from: typeof done, to: typeof done, way: "undo" | "redo") => {
    const entry = from.pop()!
    entry[way]()
    to.push(entry)
  }
  const clear = () => void (done.length = undone.length = 0)
  return undoAndRedo(
    "a list of closures",
    inLoop((_, i) => rename(i)),
    inLoop(() => step(done, undone, "undo")),
    inLoop(() => step(undone, done, "redo")),
    clear,
    batchOfClosures
  )
}

const zundo = () => {
  const store = createStore(temporal<{ readonly titles: Readonly<Record<string, string>> }>(() => ({ titles: {} })))
  const { clear, redo, undo } = store.temporal.getState()
  return undoAndRedo(
    "zundo",
    inLoop((_, i) => store.setState(({ titles }) => ({ titles: { ...titles, [idAt(i)]: titleAt(i) } }))),
    inLoop(() => undo()),
    inLoop(() => redo()),
    clear
  )
}

const yjs = () => {
  const titles = new Y.Doc().getMap<string>("titles")
  const manager = new Y.UndoManager(titles, { captureTimeout: 0 })
  return undoAndRedo(
    "yjs UndoManager",
    inLoop((_, i) => titles.set(idAt(i), titleAt(i))),
    inLoop(() => manager.undo()),
    inLoop(() => manager.redo()),
    () => manager.clear()
  )
}

export default {
  group: "undo",
  warmupMillis: 1_000,
  title: "undo and redo",
  about: "Of renames of 64 things. Inverse: the same operation invoked in an application without a history.",
  plan: async () => ({
    cases: [
      ...await opbus("opbus in a fiber", "async"),
      ...await opbus("opbus with runSync", "sync"),
      ...inverseList(),
      ...zundo(),
      ...yjs()
    ],
    comparisons: [
      added("undo, opbus in a fiber", "inverse, opbus in a fiber", atMost(3_000)),
      added("redo, opbus in a fiber", "inverse, opbus in a fiber", atMost(3_000)),
      added("undo, opbus with runSync", "inverse, opbus with runSync", atMost(3_000)),
      added("redo, opbus with runSync", "inverse, opbus with runSync", atMost(3_000))
    ]
  })
} satisfies Suite
