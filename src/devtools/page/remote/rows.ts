/**
 * What the lists of an outbox say of a call.
 */
import { ageText } from "./age.ts"

/** A call that waits, as the server tells it. */
export interface Waiting {
  readonly id: string
  readonly key: string
  readonly lane: string
  readonly acceptedAt: number
  readonly attempts: number
  readonly delivering: boolean
  readonly lastError?: string | undefined
}

export interface WaitingRow {
  readonly id: string
  readonly key: string
  /** Shown only where it says more than the key. */
  readonly lane: string | undefined
  readonly age: string
  readonly attempts: string
  /** What it waits for, in words. */
  readonly state: "On its way" | "Tried in vain" | "First of its lane" | "Behind others"
  readonly why: string
}

const times = (count: number): string => count === 0 ? "not yet" : count === 1 ? "once" : `${count} times`

/** The calls in the order of acceptance; a lane delivers one at a time, so all but its first wait for those before them. */
export const waitingRows = (calls: ReadonlyArray<Waiting>, now: number): ReadonlyArray<WaitingRow> => {
  const before = new Map<string, number>()
  return calls.map(({ acceptedAt, attempts, delivering, id, key, lane, lastError }): WaitingRow => {
    const ahead = before.get(lane) ?? 0
    before.set(lane, ahead + 1)
    const state = delivering
      ? "On its way"
      : attempts > 0
      ? "Tried in vain"
      : ahead === 0
      ? "First of its lane"
      : "Behind others"
    return {
      id,
      key,
      lane: lane === key ? undefined : lane,
      age: ageText(now - acceptedAt),
      attempts: times(attempts),
      state,
      why: lastError ??
        (state === "Behind others"
          ? `${ahead} ${ahead === 1 ? "call of its lane is" : "calls of its lane are"} before it`
          : "")
    }
  })
}

/** A call that was given up, as the server tells it. */
export interface Dead {
  readonly id: string
  readonly key: string
  readonly lane: string
  readonly acceptedAt: number
  readonly deadAt: number
  readonly attempts: number
  readonly reason: string
  readonly why: string
  readonly notTakenBack?: string | undefined
}

/** Why a call was given up, in a word or two. */
export const reasonName = (reason: string): string => {
  switch (reason) {
    case "Failed":
      return "The operation failed"
    case "Refused":
      return "Refused"
    case "Defect":
      return "Ended unexpectedly"
    case "Exhausted":
      return "Tried too long"
    case "Poison":
      return "Ended the process"
    case "Unreadable":
      return "Cannot be read"
    default:
      return reason
  }
}
