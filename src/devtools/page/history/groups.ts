/**
 * Who has a history, and where: what the history panel offers to choose from.
 */
import type { HistoryEntryMessage } from "../../../protocol/HistoryEntryMessage.ts"

/** Of whom entries are shown: `null` is the application's own user. */
export type Actor = string | null

/** The entries of one scope. */
export interface ScopeGroup {
  readonly scope: string
  readonly live: number
  readonly undone: number
}

/** The entries of one actor. */
export interface ActorGroup {
  readonly actor: Actor
  readonly live: number
  readonly undone: number
  /** In the order of their first entries. */
  readonly scopes: ReadonlyArray<ScopeGroup>
}

/** What the server counted for an actor; entries may have been left out of the list. */
export interface ActorCount {
  readonly actor: Actor
  readonly undoCount: number
  readonly redoCount: number
}

export const actorOf = (entry: HistoryEntryMessage): Actor => entry.actor ?? null

interface Tally {
  live: number
  undone: number
}

const count = <K>(tallies: Map<K, Tally>, key: K, { status }: HistoryEntryMessage): void => {
  const tally = tallies.get(key) ?? { live: 0, undone: 0 }
  tally[status]++
  tallies.set(key, tally)
}

/** The scopes that entries stand in. */
export const scopesOf = (entries: ReadonlyArray<HistoryEntryMessage>): ReadonlyArray<ScopeGroup> => {
  const tallies = new Map<string, Tally>()
  for (const entry of entries) for (const scope of entry.scopes) count(tallies, scope, entry)
  return Array.from(tallies, ([scope, tally]) => ({ scope, ...tally }))
}

/** Everybody who has entries, in the order of their names; who has none that could be shown comes from `counts`. */
export const groupsOf = (
  entries: ReadonlyArray<HistoryEntryMessage>,
  counts: ReadonlyArray<ActorCount> = []
): ReadonlyArray<ActorGroup> => {
  const byActor = new Map<Actor, Array<HistoryEntryMessage>>()
  for (const { actor } of counts) byActor.set(actor, [])
  for (const entry of entries) {
    const actor = actorOf(entry)
    const own = byActor.get(actor)
    if (own === undefined) byActor.set(actor, [entry])
    else own.push(entry)
  }
  const counted = new Map(counts.map((count) => [count.actor, count]))
  return Array.from(byActor, ([actor, own]): ActorGroup => {
    const known = counted.get(actor)
    const live = own.filter(({ status }) => status === "live").length
    return {
      actor,
      live: known?.undoCount ?? live,
      undone: known?.redoCount ?? own.length - live,
      scopes: scopesOf(own)
    }
  }).sort((a, b) => a.actor === null ? 1 : b.actor === null ? -1 : a.actor < b.actor ? -1 : 1)
}

/** The entries of an actor (`undefined`: of everybody) in a scope (`undefined`: in all), oldest first. */
export const select = (
  entries: ReadonlyArray<HistoryEntryMessage>,
  actor: Actor | undefined,
  scope: string | undefined
): ReadonlyArray<HistoryEntryMessage> =>
  entries.filter((entry) =>
    (actor === undefined || actorOf(entry) === actor) && (scope === undefined || entry.scopes.includes(scope))
  )

export const actorName = (actor: Actor): string => actor === null ? "No actor" : actor

export const scopeName = (scope: string): string => scope === "" ? "Default scope" : scope
