/**
 * What the lists of an outbox say of a call.
 */
import type * as messages from "../../DevtoolsMessages.ts"

type QueuedCall = typeof messages.QueuedCall.Type
type DeadLetter = typeof messages.DeadLetter.Type

/** A call that waits, and for what. */
export interface WaitingRow {
  readonly call: QueuedCall
  /** Only where it is not the operation's own. */
  readonly lane: string | undefined
  readonly state: "on its way" | "tried in vain" | "next in its lane" | "behind others"
  /** Why it was not delivered, or what is before it. */
  readonly why: string | undefined
}

/** The calls in the order of acceptance. A lane delivers one at a time, so all but its first wait for those before them. */
export const waitingRows = (calls: ReadonlyArray<QueuedCall>): ReadonlyArray<WaitingRow> => {
  const lanes = new Map<string, number>()
  return calls.map((call): WaitingRow => {
    const ahead = lanes.get(call.lane) ?? 0
    lanes.set(call.lane, ahead + 1)
    const state = call.delivering
      ? "on its way"
      : call.attempts > 0
      ? "tried in vain"
      : ahead === 0
      ? "next in its lane"
      : "behind others"
    return {
      call,
      lane: laneOf(call),
      state,
      why: call.lastError ?? (state !== "behind others"
        ? undefined
        : ahead === 1
        ? "One call of its lane is before it."
        : `${ahead} calls of its lane are before it.`)
    }
  })
}

/** The lane, where it says more than the key. */
export const laneOf = ({ key, lane }: { readonly key: string; readonly lane: string }): string | undefined =>
  lane === key ? undefined : lane

/** How often something was tried. */
export const times = (count: number): string => count === 0 ? "not yet" : count === 1 ? "once" : `${count} times`

const reasons: { readonly [R in DeadLetter["reason"]["_tag"]]: string } = {
  Failed: "the operation failed",
  Refused: "refused",
  Defect: "ended unexpectedly",
  Exhausted: "tried too long",
  Poison: "ended the process",
  Unreadable: "cannot be read"
}

/** Why a call was given up, in a few words. */
export const reasonOf = ({ reason }: DeadLetter): string => reasons[reason._tag]

/** What can be shown beside the one line: the error of the operation, or why it was refused. */
export const detailOf = ({ reason }: DeadLetter): unknown =>
  reason._tag === "Failed" ? reason.error : "reason" in reason ? reason.reason : undefined

/** Tells whether it can be expected to go better the next time, or what has to change first. */
export const retryAdvice = ({ reason }: DeadLetter): string => {
  switch (reason._tag) {
    case "Exhausted":
      return "It could not be delivered. Retry when the other side can be reached."
    case "Failed":
      return "The other side ran it, and it failed. Retry when the cause is gone."
    case "Refused":
      return "The other side does not accept it as it is. Retry when that has changed."
    case "Defect":
    case "Poison":
      return "Something in it breaks the other side, or this one. Find the cause in its logs before you retry."
    case "Unreadable":
      return "It was stored in a form that this release cannot read."
  }
}
