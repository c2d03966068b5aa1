import { atMost, cpu, type Suite, time } from "../harness/suite.ts"
import { socketCallers } from "../remote/callers.ts"
import { remotePlan } from "../remote/plan.ts"

export default {
  group: "remote",
  title: "remote calls over WebSocket, 1 in flight",
  about:
    "Client and servers are processes of their own, on the loopback interface; the same payload, validated in and out, as newline-delimited JSON. Time of the clock on the wall, per call. Tracing is off.",
  clock: "wall",
  batchMillis: 60,
  warmupMillis: 1_000,
  plan: () =>
    remotePlan(socketCallers, 1, [
      time("opbus", "effect/rpc", atMost(1 / 0.9)),
      cpu("opbus", "effect/rpc"),
      time("opbus, routes", "effect/rpc", atMost(1 / 0.9)),
      cpu("opbus, routes", "effect/rpc"),
      time("opbus", "ws"),
      cpu("opbus", "ws")
    ])
} satisfies Suite
