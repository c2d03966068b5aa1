/**
 * What callers of a command would notice when its spec changes.
 *
 * @since 0.1.0
 */
import { Comparison, type Difference } from "./internal/tools/breaking/compare.ts"
import { declarationsOf } from "./internal/tools/breaking/types.ts"
import type * as SpecIr from "./SpecIr.ts"

/**
 * A change that breaks callers.
 *
 * @category models
 * @since 0.1.0
 */
export interface BreakingChange {
  /** The name of the spec: `"gpu/stats"`. */
  readonly command: string
  /** The file of the spec; of a removed one, where it was. */
  readonly source: string
  /** The part of the spec: `"params.subsystem"`, or `""` for the command. */
  readonly path: string
  /** What has changed, in a few words that follow the path. */
  readonly message: string
}

/**
 * Compares two sets of specs, as callers that were compiled with the first and talk to the second.
 *
 * **When to use**
 *
 * Use to see whether a release can replace another while clients of the old one are around: browsers, agents, other
 * services.
 *
 * **Details**
 *
 * What goes in may become wider, what comes out narrower. A removed command, field, enum value, variant or error breaks, and
 * so does a new error or a new value of an answer, a type that holds less (or answers more), an optional parameter that
 * becomes required, a result that becomes optional, a constraint that becomes stricter, a permission that is new or another
 * one, a command that reads and comes to write, or is not idempotent any more. New commands, optional parameters and results
 * do not, nor does the name of a type.
 *
 * @category combinators
 * @since 0.1.0
 */
export const compare = (
  before: ReadonlyArray<SpecIr.Command>,
  after: ReadonlyArray<SpecIr.Command>
): ReadonlyArray<BreakingChange> => {
  const now = new Map(after.map((command) => [command.name, command]))
  const [then, later] = [declarationsOf(before), declarationsOf(after)]
  return before.flatMap((old) => {
    const command = now.get(old.name)
    const found: Array<Difference> = []
    if (command === undefined) found.push({ path: "", message: "the command was removed" })
    else {
      found.push(...attributes(old, command))
      const params = new Comparison(then, later, "in")
      params.fields("params", old.params.fields, command.params.fields, old.name, command.name)
      const results = new Comparison(then, later, "out")
      results.fields("results", old.result.fields, command.result.fields, old.name, command.name)
      found.push(...params.found, ...results.found, ...failures(old, command, results))
    }
    return found.map((difference) => ({
      command: old.name,
      source: (command ?? old).source,
      ...difference
    }))
  })
}

const failures = (
  old: SpecIr.Command,
  command: SpecIr.Command,
  results: Comparison
): ReadonlyArray<Difference> => {
  const from = results.found.length
  const found: Array<Difference> = []
  const names = new Set(old.failures.map(({ name }) => name))
  for (const failure of old.failures) {
    const next = command.failures.find(({ name }) => name === failure.name)
    if (next === undefined) found.push({ path: `errors.${failure.name}`, message: "was removed" })
    else results.fields(`errors.${failure.name}`, failure.fields, next.fields, old.name, command.name)
  }
  for (const { name } of command.failures) {
    if (!names.has(name)) found.push({ path: `errors.${name}`, message: "is new: callers do not expect it" })
  }
  return [...found, ...results.found.slice(from)]
}

const order = { read: 0, write: 1, irreversible: 2 } as const

const attributes = (old: SpecIr.Command, command: SpecIr.Command): ReadonlyArray<Difference> => {
  const found: Array<Difference> = []
  const add = (path: string, message: string) => found.push({ path, message })
  if (old.environment !== command.environment && command.environment !== "both") {
    add("environment", `was ${old.environment} and is ${command.environment}`)
  }
  if (command.accessLevel !== undefined && old.accessLevel !== command.accessLevel) {
    add(
      "accessLevel",
      old.accessLevel === undefined
        ? `needs the permission "${command.accessLevel}", and needed none`
        : `was "${old.accessLevel}" and is "${command.accessLevel}"`
    )
  }
  if (old.mode !== command.mode && !(old.mode === "async" && command.mode === "sync")) {
    add("mode", `was ${old.mode} and is ${command.mode}`)
  }
  if (old.idempotent && !command.idempotent) add("idempotent", "was true: callers may repeat a call")
  if (order[command.effects] > order[old.effects]) add("effects", `was ${old.effects} and is ${command.effects}`)
  return found
}
