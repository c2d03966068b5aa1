import { atLeast, atMost, cpu, type Suite, time } from "../harness/suite.ts"
import { httpCallers } from "../remote/callers.ts"
import { remotePlan } from "../remote/plan.ts"

export default {
  group: "remote",
  title: "remote calls over HTTP, 1 in flight",
  about:
    "Client and servers are processes of their own, on the loopback interface; the same payload, validated in and out. opbus: OperationHttpServer and NodeHttpTransport; effect/rpc: its routes and NodeHttpClient.layerNodeHttp; the peers use the platform's fetch. Time of the clock on the wall, per call. Tracing is off.",
  clock: "wall",
  batchMillis: 60,
  warmupMillis: 1_000,
  plan: () =>
    remotePlan(httpCallers, 1, [
      time("opbus", "effect/rpc", atMost(1 / 0.9)),
      cpu("opbus", "effect/rpc"),
      time("opbus, fetch and routes", "effect/rpc, fetch", atMost(1 / 0.9)),
      cpu("opbus, fetch and routes", "effect/rpc, fetch"),
      time("tRPC", "opbus", atLeast(1)),
      cpu("tRPC", "opbus"),
      time("tRPC", "opbus, fetch and routes", atLeast(1)),
      time("oRPC", "opbus"),
      time("opbus", "node:http, fetch"),
      time("opbus", "node:http")
    ])
} satisfies Suite
