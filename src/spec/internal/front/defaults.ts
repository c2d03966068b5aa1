import type { Command } from "../../SpecIr.ts"

/** Where the commands of each built-in adapter run, unless the spec says so itself. */
const environments = new Map<string, Command["environment"]>([["browser-only", "browser"], ["full-stack", "both"]])

/** @internal */
export const environmentOf = (adapter: string): Command["environment"] => environments.get(adapter) ?? "server"

/** Adapters whose calls never leave JSON; to the others a value goes the fast way unless the spec says otherwise. */
const overJson = new Set([
  "sidecar",
  "server-only",
  "browser-only",
  "full-stack",
  "trait-only",
  "json-schema",
  "c-header",
  "python"
])

/** @internal */
export const transportOf = (adapter: string): Command["transport"] => overJson.has(adapter) ? "json" : "positional"
