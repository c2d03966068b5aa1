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
  /** A snapshot of it may hold sensitive fields: it stays in memory (I8). */
  readonly sensitive: boolean
}

/**
 * One mapped invocation.
 *
 * `text` is the JSON of `[input, inverseInput]` or `[input, inverseInput, output]`, all encoded (H9): one string for
 * what is needed together.
 *
 * @internal
 */
export class Step {
  readonly pair: Pair
  text: string
  /** The order of commits: inverses run in its reverse (H2). */
  readonly tick: number
  readonly scopes: Names
  readonly touches: Names
  readonly message: string | undefined

  constructor(
    pair: Pair,
    text: string,
    tick: number,
    scopes: Names,
    touches: Names,
    message: string | undefined
  ) {
    this.pair = pair
    this.text = text
    this.tick = tick
    this.scopes = scopes
    this.touches = touches
    this.message = message
  }
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
 * One user action. There may be hundreds of thousands: every field counts.
 *
 * @internal
 */
export class Entry {
  /** The order of the root invocation in this process, or the whole id. */
  readonly ref: number | string
  readonly book: Book
  /** The order of starts (H2). */
  position: number
  flags: number
  size: number
  steps: Step | ReadonlyArray<Step>
  rest: Rest | undefined

  constructor(
    ref: number | string,
    book: Book,
    position: number,
    flags: number,
    steps: Step | ReadonlyArray<Step>,
    rest: Rest | undefined
  ) {
    this.ref = ref
    this.book = book
    this.position = position
    this.flags = flags
    this.size = sizeOf(steps)
    this.steps = steps
    this.rest = rest
  }

  get state(): number {
    return this.flags & states
  }

  set state(state: number) {
    this.flags = this.flags & ~states | state
  }

  get list(): ReadonlyArray<Step> {
    return this.steps instanceof Step ? [this.steps] : this.steps
  }

  get scopes(): Names {
    return this.steps instanceof Step ? this.steps.scopes : union(this.steps, (step) => namesOf(step.scopes, ""))
  }

  get touches(): Names {
    return this.steps instanceof Step ? this.steps.touches : union(this.steps, (step) => namesOf(step.touches))
  }

  get first(): Step {
    return this.steps instanceof Step ? this.steps : this.steps[0]!
  }

  get key(): string | undefined {
    const key = this.rest?.key
    return key === undefined ? this.first.pair.key : key === "" ? undefined : key
  }

  get message(): string {
    return this.rest?.label ?? this.first.message ?? this.first.pair.key
  }

  get sync(): boolean {
    return this.steps instanceof Step ? this.steps.pair.sync : this.steps.every((step) => step.pair.sync)
  }
}

const union = (steps: ReadonlyArray<Step>, of: (step: Step) => ReadonlyArray<string>): ReadonlyArray<string> => {
  const names = new Set<string>()
  for (const step of steps) for (const name of of(step)) names.add(name)
  return Array.from(names)
}

/** About what V8 needs for an entry and a step beside their text. */
const overhead = 200

/** @internal */
export const sizeOf = (steps: Step | ReadonlyArray<Step>): number => {
  if (steps instanceof Step) return overhead + steps.text.length
  let size = overhead
  for (const step of steps) size += 100 + step.text.length
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
    message: entry.message,
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
    steps: entry.list.map(({ pair }) => ({ key: pair.key, inverse: pair.inverse }))
  }
}
