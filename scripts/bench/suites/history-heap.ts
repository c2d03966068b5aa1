import { historyApp, roomFor } from "../harness/history.ts"
import { inFiber, taskAt } from "../harness/loop.ts"
import { usedAfterCollection } from "../harness/measure.ts"
import { Complete } from "../harness/operations.ts"
import { atMost, type Suite } from "../harness/suite.ts"

const entries = 100_000

export default {
  group: "history",
  title: "heap per entry",
  about:
    `What the heap grows by for each of ${entries} entries. Payload: the JSON of the input and of the inverse's input.`,
  plan: async () => ({
    figures: async () => {
      const { context, invoke } = await historyApp({ limits: roomFor(2 * entries) })
      const record = inFiber(context, (task, i) => invoke(Complete, { ...task, id: `task-${i}` }))
      await record(1_000)
      const before = usedAfterCollection()
      await record(entries)
      const perEntry = (usedAfterCollection() - before) / entries
      let payload = 0
      for (let i = 0; i < entries; i++) {
        const id = `task-${i}`
        payload += JSON.stringify({ ...taskAt(i), id }).length + JSON.stringify({ id }).length
      }
      return [
        { label: "an entry", value: perEntry, unit: "bytes" },
        { label: "its payload", value: payload / entries, unit: "bytes" },
        { label: "beside its payload", value: perEntry - payload / entries, unit: "bytes", budget: atMost(250) }
      ]
    }
  })
} satisfies Suite
