import type { Group } from "./harness/suite.ts"

/** The modules of `suites/`, by group, in the order in which they run and are printed. */
export const suites: { readonly [G in Group]: ReadonlyArray<string> } = {
  invoke: [
    "invoke-fiber",
    "invoke-alone",
    "invoke-sync",
    "invoke-promise",
    "invoke-ladder",
    "invoke-context",
    "invoke-registry",
    "invoke-nested",
    "invoke-tracing",
    "invoke-tracer"
  ],
  peers: ["peers-promise", "peers-rpc"],
  history: ["history-memory", "history-sync", "history-heap"],
  sql: ["sql-normal", "sql-full", "sql-undo"],
  undo: ["undo"],
  remote: [
    "remote-http-1",
    "remote-http-64",
    "remote-ws-1",
    "remote-ws-64",
    "remote-outbox-full",
    "remote-outbox-normal",
    "remote-edge"
  ],
  native: ["native-call", "native-invoke", "native-generate", "native-search-query", "native-search-build"],
  startup: ["startup"],
  size: ["size"]
}
