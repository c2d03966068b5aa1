import type { Suite } from "../harness/suite.ts"
import { buildPlan } from "../native/search/plan.ts"

export default {
  group: "native",
  title: "full-text search, an index of the notebook's text",
  about: "All documents at once. Processor time of all threads.",
  processes: 2,
  plan: buildPlan
} satisfies Suite
