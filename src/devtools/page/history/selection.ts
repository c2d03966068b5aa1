/**
 * Whose history is shown, and of which scope: kept in the address, so that it can be linked and Back works.
 */
import type { Actor, ActorGroup } from "./groups.ts"

export interface Selection {
  /** `undefined`: everybody. */
  readonly actor: Actor | undefined
  /** `undefined`: all scopes. */
  readonly scope: string | undefined
}

/** What an address says; without a word about it, the only actor there is, or everybody. */
export const chosenIn = (query: URLSearchParams, groups: ReadonlyArray<ActorGroup>): Selection => {
  const scope = query.get("scope") ?? undefined
  const who = query.get("who")
  const actor = who === "actor"
    ? query.get("actor") ?? ""
    : who === "none"
    ? null
    : who === null && groups.length === 1
    ? groups[0]!.actor
    : undefined
  return { actor, scope }
}

/** The part of an address that says it. */
export const queryOf = (actor: Actor | undefined, scope: string | undefined): Readonly<Record<string, string>> => ({
  ...(actor === undefined ? { who: "everybody" } : actor === null ? { who: "none" } : { who: "actor", actor }),
  ...(scope === undefined ? {} : { scope })
})
