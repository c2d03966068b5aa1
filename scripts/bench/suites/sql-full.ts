import { recordingPlan } from "../harness/sql.ts"
import type { Suite } from "../harness/suite.ts"

export default {
  group: "sql",
  title: "recording with SqlHistoryStore, synchronous = FULL",
  about:
    "Each invoke waits for its entry. Raw: the same row into the same table, with its two indexes, one by one. Time of the clock on the wall: that of the disk above all.",
  clock: "wall",
  batchMillis: 50,
  warmupMillis: 2_000,
  plan: () => recordingPlan("FULL")
} satisfies Suite
