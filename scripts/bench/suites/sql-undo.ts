import { undoPlan } from "../harness/sql.ts"
import type { Suite } from "../harness/suite.ts"

export default {
  group: "sql",
  title: "undo with SqlHistoryStore, synchronous = NORMAL",
  about:
    "An undo writes its intent, and then the outcome. At its limit a history drops its oldest entries. Processor time.",
  batchMillis: 50,
  warmupMillis: 2_000,
  plan: () => undoPlan("NORMAL")
} satisfies Suite
