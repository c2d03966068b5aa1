import type { Suite } from "../harness/suite.ts"
import { queryPlan } from "../native/search/plan.ts"

export default {
  group: "native",
  title: "full-text search, a query",
  about:
    "The notebook's text, the same terms and ranking, 200 queries of each kind in turn; the service answers the best ten, none remembered; minisearch has no limit.",
  plan: queryPlan
} satisfies Suite
