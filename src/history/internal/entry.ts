import { invocationId } from "../../operation/internal/ids.ts"
import type { HistoryEntry } from "../HistoryEntry.ts"
import type { Book } from "./timeline.ts"

/**
 * Names of scopes or resources. Most entries have one, which is then not worth an array.
 *
 * @internal
 */
export type Names = undefined | string | ReadonlyArray<string>

/** @internal */
export const eachName = (names: Names, otherwise: string | undefined, visit: (name: string) => void): void => {
  if (typeof names === "string") visit(names)
  else if (names !== undefined) { for (let i = 0; i < names.length; i++) visit(names[i]!) }
  else if (otherwise !== undefined) visit(otherwise)
}

/** @internal */
export const namesOf = (names: Names, otherwise?: string): ReadonlyArray<string> =>
  typeof names === "string" ? [names] : names ?? (otherwise === undefined ? [] : [otherwise])

/**
 * An operation and what takes it back: one object for all steps that share it.
 *
 * @internal
 */
export interface Pair {
  readonly key: string
  readonly inverse: string
  /** Both are synchronous. */
  readonly sync: boolean
  /** It ran elsewhere, and so do its inverse and its redo. */
  readonly remote?: boolean | undefined
  /** A snapshot of it may hold sensitive fields: it stays in memory (I8). */
  readonly sensitive: boolean
  /** Its steps keep the output, for a mapping that chooses the input of a redo by it. */
  readonly withOutput: boolean
}

/**
 * One mapped invocation.
 *
 * Snapshots are JSON text (H9): `forward` that of the input, or of `[input, output]` when the pair keeps it; `backward`
 * that of the inverse's input.
 *
 * @internal
 */
export class Step {
  pair: Pair
  forward: string
  backward: string
  /** The order of commits: inverses run in its reverse (H2). */
  tick: number
  scopes: Names
  touches: Names
  message: string | undefined

  constructor(
    pair: Pair,
    forward: string,
    backward: string,
    tick: number,
    scopes: Names,
    touches: Names,
    message: string | undefined
  ) {
    this.pair = pair
    this.forward = forward
    this.backward = backward
    this.tick = tick
    this.scopes = scopes
    this.touches = touches
    this.message = message
  }
}

/** What a step runs with, encoded. @internal */
export const inputOf = (step: Step, direction: "undo" | "redo"): unknown => {
  if (direction === "undo") return JSON.parse(step.backward)
  const forward: unknown = JSON.parse(step.forward)
  return step.pair.withOutput ? (forward as ReadonlyArray<unknown>)[0] : forward
}

/** @internal */
export const Live = 1
/** @internal */
export const Undone = 2
/** For good: evicted, cleared, invalidated. @internal */
export const Removed = 4
/** @internal */
export const Partial = 8
/** @internal */
export const Uncertain = 16
/** Never written to a store. @internal */
export const Volatile = 32

const states = Live | Undone | Removed

/**
 * What few entries have.
 *
 * @internal
 */
export interface Rest {
  /** Of the root invocation, when that is not the operation of the only step; `""` for a group. */
  key?: string | undefined
  label?: string | undefined
  groupId?: string | undefined
  causedBy?: string | undefined
  startedAt?: number | undefined
  /** The position at which it was undone: the order of redo. */
  undoneAt?: number | undefined
  /** JSON of what the `save` hook gave: before the action, and before its undo. */
  savedForUndo?: string | undefined
  savedForRedo?: string | undefined
  /** The registration that could not decode it. */
  unreadable?: object | undefined
  /** Owned by the journal. */
  stored?: unknown
}

/**
 * One user action. There may be hundreds of thousands: every field counts, so an entry of one step is that step.
 *
 * An entry of several has them in `more`; its scopes and touches are those of all.
 *
 * @internal
 */
export class Entry extends Step {
  /** The order of the root invocation in this process, or the whole id. */
  readonly ref: number | string
  readonly book: Book
  /** The order of starts (H2). */
  position: number
  flags: number
  size: number
  more: ReadonlyArray<Step> | undefined
  rest: Rest | undefined

  constructor(
    ref: number | string,
    book: Book,
    position: number,
    flags: number,
    steps: Step | ReadonlyArray<Step>,
    rest: Rest | undefined
  ) {
    const first = steps instanceof Step ? steps : steps[0]!
    super(first.pair, first.forward, first.backward, first.tick, first.scopes, first.touches, first.message)
    this.ref = ref
    this.book = book
    this.position = position
    this.flags = flags
    this.size = sizeOf(steps)
    this.more = undefined
    this.rest = rest
    if (!(steps instanceof Step) && steps.length > 1) this.hold(steps)
  }

  /** Takes other steps. */
  hold(steps: Step | ReadonlyArray<Step>): void {
    const first = steps instanceof Step ? steps : steps[0]!
    const several = !(steps instanceof Step) && steps.length > 1 ? steps : undefined
    this.pair = first.pair
    this.tick = first.tick
    this.message = first.message
    this.forward = several === undefined ? first.forward : ""
    this.backward = several === undefined ? first.backward : ""
    this.scopes = several === undefined ? first.scopes : union(several, (step) => namesOf(step.scopes, ""))
    this.touches = several === undefined ? first.touches : union(several, (step) => namesOf(step.touches))
    this.more = several
    this.size = sizeOf(steps)
  }

  /** For good: the shell may wait for its stacks to be compacted, its payload need not. */
  drop(): void {
    this.state = Removed
    this.forward = ""
    this.backward = ""
    this.more = undefined
  }

  get state(): number {
    return this.flags & states
  }

  set state(state: number) {
    this.flags = this.flags & ~states | state
  }

  get list(): ReadonlyArray<Step> {
    return this.more ?? [this]
  }

  get key(): string | undefined {
    const key = this.rest?.key
    return key === undefined ? this.pair.key : key === "" ? undefined : key
  }

  get title(): string {
    return this.rest?.label ?? this.message ?? this.pair.key
  }

  get sync(): boolean {
    return this.more === undefined ? this.pair.sync : this.more.every((step) => step.pair.sync)
  }
}

const union = (steps: ReadonlyArray<Step>, of: (step: Step) => ReadonlyArray<string>): ReadonlyArray<string> => {
  const names = new Set<string>()
  for (const step of steps) for (const name of of(step)) names.add(name)
  return Array.from(names)
}

/** About what V8 needs for an entry and a step beside their text. */
const overhead = 200

const textOf = (step: Step): number => step.forward.length + step.backward.length

/** @internal */
export const sizeOf = (steps: Step | ReadonlyArray<Step>): number => {
  if (steps instanceof Step) return overhead + textOf(steps)
  let size = overhead
  for (const step of steps) size += 100 + textOf(step)
  return size
}

/** Positions are milliseconds since the epoch times this, so that those of different processes can be compared. */
export const ticksPerMilli = 2048

/** The id of the invocation that was the `order`th of a process. @internal */
export const idOf = (epoch: string, ref: number | string): string =>
  typeof ref === "string" ? ref : invocationId(epoch, ref)

/** @internal */
export const toModel = (epoch: string, entry: Entry): HistoryEntry => {
  const rest = entry.rest
  return {
    id: idOf(epoch, entry.ref),
    status: entry.state === Undone ? "undone" : "live",
    message: entry.title,
    key: entry.key,
    actor: entry.book.actor,
    scopes: namesOf(entry.scopes, ""),
    touches: namesOf(entry.touches),
    startedAt: rest?.startedAt ?? Math.floor(entry.position / ticksPerMilli),
    groupId: rest?.groupId,
    causedBy: rest?.causedBy,
    partial: (entry.flags & Partial) !== 0,
    uncertain: (entry.flags & Uncertain) !== 0,
    size: entry.size,
    steps: entry.list.map(({ pair: { inverse, key, remote } }) =>
      remote === true ? { key, inverse, remote } : { key, inverse }
    )
  }
}
