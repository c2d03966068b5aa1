/**
 * What an undo will take back, in which order, and what will stop it: told before somebody says yes.
 *
 * It follows the rules of the tracker (H13, H14) on the entries that are shown. The tracker has the last word: it also
 * knows entries that cannot be read, or must not run again.
 */
import type { HistoryEntryMessage } from "../../../protocol/HistoryEntryMessage.ts"
import { actorName, actorOf, scopeName } from "./groups.ts"

type Entry = HistoryEntryMessage

/** Why it will stop before an entry. */
export type Obstacle =
  /** The entry also stands in other scopes, and something newer of the same actor stands above it there. */
  | {
    readonly _tag: "Blocked"
    readonly entry: Entry
    readonly scopes: ReadonlyArray<string>
    readonly by: ReadonlyArray<Entry>
  }
  /** Somebody else changed the same thing later. */
  | { readonly _tag: "Conflict"; readonly entry: Entry; readonly touches: ReadonlyArray<string>; readonly by: Entry }

export interface Plan {
  /** In the order in which they are taken back: the newest first. */
  readonly takesBack: ReadonlyArray<Entry>
  readonly stopsAt: Obstacle | undefined
}

/**
 * What undoing up to and including `target` will do; without a target, what the next undo will do. `undefined`: there is
 * nothing that it could undo.
 */
export const planUndo = (
  entries: ReadonlyArray<Entry>,
  scope: string | undefined,
  target: Entry
): Plan | undefined => {
  const actor = actorOf(target)
  const mine = entries.filter((entry) => entry.status === "live" && actorOf(entry) === actor)
  const inScope = scope === undefined ? mine : mine.filter(({ scopes }) => scopes.includes(scope))
  const last = inScope.findIndex(({ id }) => id === target.id)
  if (last === -1) return undefined

  const stacks = new Map<string, Array<Entry>>()
  for (const entry of mine) {
    for (const scope of entry.scopes) {
      const stack = stacks.get(scope)
      if (stack === undefined) stacks.set(scope, [entry])
      else stack.push(entry)
    }
  }
  const foreign = laterOfOthers(entries, actor)

  const takesBack: Array<Entry> = []
  for (let at = inScope.length - 1; at >= last; at--) {
    const entry = inScope[at]!
    const blocking = entry.scopes.filter((scope) => stacks.get(scope)?.at(-1) !== entry)
    if (blocking.length > 0) {
      const by = new Set(blocking.map((scope) => stacks.get(scope)!.at(-1)!))
      return { takesBack, stopsAt: { _tag: "Blocked", entry, scopes: blocking, by: Array.from(by) } }
    }
    const conflict = foreign(entry)
    if (conflict !== undefined) return { takesBack, stopsAt: conflict }
    for (const scope of entry.scopes) stacks.get(scope)!.pop()
    takesBack.push(entry)
  }
  return { takesBack, stopsAt: undefined }
}

/** Finds the newest entry of somebody else that stands after an entry and touches the same. */
const laterOfOthers = (entries: ReadonlyArray<Entry>, actor: string | null) => {
  const newest = new Map<string, { readonly entry: Entry; readonly position: number }>()
  const positions = new Map<string, number>()
  entries.forEach((entry, position) => {
    positions.set(entry.id, position)
    if (entry.status !== "live" || actorOf(entry) === actor) return
    for (const resource of entry.touches) newest.set(resource, { entry, position })
  })
  return (entry: Entry): Obstacle | undefined => {
    const position = positions.get(entry.id)!
    for (const resource of entry.touches) {
      const later = newest.get(resource)
      if (later === undefined || later.position <= position) continue
      const touches = later.entry.touches.filter((name) => entry.touches.includes(name))
      return { _tag: "Conflict", entry, touches, by: later.entry }
    }
  }
}

const quoted = (names: ReadonlyArray<string>): string => names.map((name) => `“${name}”`).join(", ")

/** An obstacle in one or two sentences: what is in the way, and what to do about it. */
export const explain = (obstacle: Obstacle): string => {
  const what = `“${obstacle.entry.message}”`
  if (obstacle._tag === "Conflict") {
    const { actor, message } = obstacle.by
    return `${what} cannot be taken back: “${message}” by ${actor === undefined ? "somebody else" : actor} changed ${
      quoted(obstacle.touches)
    } later. It has to be undone first.`
  }
  const scopes = quoted(obstacle.scopes.map(scopeName))
  return `${what} cannot be taken back from here: it also changed ${scopes}, where ${
    quoted(obstacle.by.map(({ message }) => message))
  } stands above it. Undo that first, or undo in all scopes.`
}

/** What helps after a refusal, beside its message. */
export const adviceFor = (reason: string, actor: string | null): string | undefined => {
  switch (reason) {
    case "Blocked":
      return "Choose “All scopes” to undo in the order in which things were done, or undo the newer entry in that scope."
    case "Conflict":
      return `Let the other one undo first: choose their name above, undo there, then come back to ${actorName(actor)}.`
    case "InverseFailed":
      return "The timeline shows the invocation that failed, with its cause."
    case "UndoInProgress":
      return "Wait until the application is idle, then try again."
    default:
      return undefined
  }
}

export const entriesCount = (count: number): string => count === 1 ? "1 entry" : `${count} entries`
