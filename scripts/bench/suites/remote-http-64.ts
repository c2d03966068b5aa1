import { atLeast, atMost, cpu, type Suite, time } from "../harness/suite.ts"
import { httpCallers } from "../remote/callers.ts"
import { remotePlan } from "../remote/plan.ts"

export default {
  group: "remote",
  title: "remote calls over HTTP, 64 in flight",
  about:
    "As with 1 in flight. opbus and tRPC's batched link send together what is called in one turn of the event loop.",
  clock: "wall",
  batchMillis: 60,
  warmupMillis: 1_000,
  plan: () =>
    remotePlan(httpCallers, 64, [
      time("opbus", "effect/rpc", atMost(1 / 0.9)),
      cpu("opbus", "effect/rpc"),
      time("opbus, fetch and routes", "effect/rpc, fetch", atMost(1 / 0.9)),
      cpu("opbus, fetch and routes", "effect/rpc, fetch"),
      time("opbus", "effect/rpc, batched 1 ms"),
      time("tRPC, batched", "opbus", atLeast(1.5)),
      cpu("tRPC, batched", "opbus"),
      time("tRPC, batched", "opbus, fetch and routes", atLeast(1.5)),
      time("oRPC", "opbus"),
      time("opbus", "node:http, fetch"),
      time("opbus", "node:http")
    ])
} satisfies Suite
