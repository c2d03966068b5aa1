import type { Suite } from "../harness/suite.ts"
import { outboxPlan } from "../remote/outbox.ts"

export default {
  group: "remote",
  title: "outbox, synchronous = NORMAL",
  about:
    "Accepting a call durably, and carrying it through: accepted, delivered to a server in the process whose handler writes a row in the transaction of its result, acknowledged. Raw: the same rows by hand. Time of the clock on the wall: that of the disk above all.",
  clock: "wall",
  batchMillis: 200,
  warmupMillis: 2_000,
  plan: () => outboxPlan("NORMAL")
} satisfies Suite
