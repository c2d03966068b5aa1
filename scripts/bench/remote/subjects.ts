/** What is called, by what, in the remote suites. The name is that of the case. */
export const httpSubjects = [
  "opbus",
  "opbus, fetch and routes",
  "effect/rpc",
  "effect/rpc, fetch",
  "effect/rpc, batched 1 ms",
  "tRPC",
  "tRPC, batched",
  "oRPC",
  "node:http, fetch",
  "node:http"
] as const

export const socketSubjects = ["opbus", "opbus, routes", "effect/rpc", "ws"] as const

export type HttpSubject = (typeof httpSubjects)[number]
export type SocketSubject = (typeof socketSubjects)[number]

/** What runs in a server process. */
export type ServerKind = "opbus" | "routes" | "effect" | "trpc" | "orpc" | "bare"

const kinds: ReadonlyMap<HttpSubject | SocketSubject, ServerKind> = new Map([
  ["opbus", "opbus"],
  ["opbus, routes", "routes"],
  ["opbus, fetch and routes", "routes"],
  ["effect/rpc", "effect"],
  ["effect/rpc, fetch", "effect"],
  ["effect/rpc, batched 1 ms", "effect"],
  ["tRPC", "trpc"],
  ["tRPC, batched", "trpc"],
  ["oRPC", "orpc"]
])

export const kindOf = (subject: HttpSubject | SocketSubject): ServerKind => kinds.get(subject) ?? "bare"
