import * as Layer from "effect/Layer"
import { HistoryStore, HistoryTracker } from "../../../src/history/index.ts"
import { historyApp, roomFor } from "../harness/history.ts"
import { inFiber } from "../harness/loop.ts"
import { Complete, taskApp } from "../harness/operations.ts"
import { atMost, bytes, type Suite, time } from "../harness/suite.ts"

/** With as many entries as there is room for: every new one drops the oldest. */
const full = async (depth: number) => {
  const app = await historyApp({ limits: roomFor(depth) })
  await app.fill(depth + 1)
  return inFiber(app.context, (task) => app.invoke(Complete, task))
}

const stored = async (depth: number) => {
  const limits = roomFor(depth)
  const tracker = HistoryTracker.layerStoreWith({ limits }).pipe(Layer.provide(HistoryStore.layerMemory))
  const app = await historyApp({ limits }, tracker)
  await app.fill(depth + 1)
  return inFiber(app.context, (task) => app.invoke(Complete, task))
}

export default {
  group: "history",
  title: "recording in memory",
  about: "A history that is full: every new entry drops the oldest. layerStore: through `HistoryStore.layerMemory`.",
  plan: async () => {
    const { context, invoke } = await taskApp()
    return {
      cases: [
        { name: "invoke, no history", run: inFiber(context, (task) => invoke(Complete, task)) },
        { name: "recorded, depth 100", run: await full(100) },
        { name: "recorded, depth 100,000", run: await full(100_000) },
        { name: "recorded, depth 100, layerStore", run: await stored(100) },
        { name: "recorded, depth 100,000, layerStore", run: await stored(100_000) }
      ],
      comparisons: [
        time("recorded, depth 100", "invoke, no history"),
        time("recorded, depth 100,000", "invoke, no history", atMost(2.5)),
        time("recorded, depth 100,000, layerStore", "invoke, no history", atMost(2.5)),
        bytes("recorded, depth 100,000", "invoke, no history")
      ]
    }
  }
} satisfies Suite
