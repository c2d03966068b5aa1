import type { InvocationRow } from "../../../reactivity/InvocationTable.ts"

/** Who or what asked for an invocation, in a word. */
export const originWords: { readonly [O in InvocationRow["origin"]]: string } = {
  user: "user",
  remote: "remote",
  undo: "undo",
  redo: "redo",
  followup: "follow-up",
  trigger: "trigger",
  agent: "agent"
}

/** The length of a bar: ten times as long a time is a fifth longer. From a tenth of a millisecond to ten seconds. */
export const barLength = (millis: number): number =>
  Math.min(1, Math.max(0.03, (Math.log10(Math.max(millis, 0.1)) + 1) / 5))
