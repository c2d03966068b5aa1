import * as Effect from "effect/Effect"
import {
  type Change,
  Dead,
  Done,
  type NewCall,
  type OutboxStore,
  Removed,
  sizeOf,
  type StoredCall,
  Waiting
} from "./outboxStore.ts"

/**
 * A queue that ends with the process.
 *
 * @internal
 */
export const makeMemoryOutbox = (): OutboxStore => {
  /** By position, ascending. */
  const calls = new Map<number, StoredCall>()
  const positions = new Map<string, number>()
  let last = 0

  const put = (call: StoredCall): number => {
    calls.set(call.position, call)
    positions.set(call.id, call.position)
    return call.position
  }

  const accept = (call: NewCall): number => {
    const position = ++last
    return put({
      ...call,
      id: String(position),
      position,
      state: Waiting,
      attempts: 0,
      crashes: 0,
      maybe: false,
      outcome: undefined,
      endedAt: undefined
    })
  }

  const apply = (change: Change): number => {
    switch (change._tag) {
      case "Accept":
        return accept(change.call)
      case "Retry": {
        const { call } = change
        if (calls.get(call.position)?.state !== Dead) return 0
        calls.delete(call.position)
        return put({ ...call, position: ++last })
      }
      case "End": {
        const call = calls.get(change.position)
        if (call?.state !== Waiting) return 0
        const { at, attempts, outcome } = change
        const state = outcome._tag === "Dead" ? Dead : Done
        put({ ...call, state, outcome, attempts, endedAt: at, input: state === Done ? "" : call.input })
        return 1
      }
      case "Tried": {
        const call = calls.get(change.position)
        if (call?.state !== Waiting) return 0
        const { attempts, crashes, maybe } = change
        put({ ...call, attempts, crashes, maybe })
        return 1
      }
      case "Remove": {
        const call = calls.get(change.position)
        if (call?.state !== change.from) return 0
        put({ ...call, state: Removed, input: "", endedAt: change.at })
        return 1
      }
    }
  }

  const listed = (state: number) => Array.from(calls.values()).filter((call) => call.state === state)

  return {
    durable: false,
    shared: false,
    write: (changes) => Effect.sync(() => changes.map(apply)),
    writeInside: () => Effect.undefined,
    waiting: (after, limit) =>
      Effect.sync(() => listed(Waiting).filter(({ position }) => position > after).slice(0, limit)),
    dead: Effect.sync(() => listed(Dead)),
    get: (id) => Effect.sync(() => calls.get(positions.get(id) ?? -1)),
    totals: Effect.sync(() => {
      const waiting = listed(Waiting)
      return { count: waiting.length, bytes: waiting.reduce((sum, call) => sum + sizeOf(call), 0) }
    }),
    lease: () => Effect.succeed({ mine: true, until: Infinity, changed: false, crashed: false }),
    release: Effect.void,
    prune: (endedBefore, keepDone, keepDead) =>
      Effect.sync(() => {
        const forget = (call: StoredCall) => {
          calls.delete(call.position)
          positions.delete(call.id)
        }
        const ended = Array.from(calls.values()).filter(({ state }) => state === Done || state === Removed)
        ended.forEach((call, i) => {
          if (call.endedAt! <= endedBefore || i < ended.length - keepDone) forget(call)
        })
        const dead = listed(Dead)
        dead.slice(0, Math.max(0, dead.length - keepDead)).forEach(forget)
      })
  }
}
