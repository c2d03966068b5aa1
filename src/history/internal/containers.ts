import * as Context from "effect/Context"
import { currentFrame, CurrentGroup, type GroupFrame, type InvocationFrame } from "../../operation/internal/frame.ts"
import { Step } from "./entry.ts"
import type { Joined } from "./join.ts"
import type { Mapping } from "./mapping.ts"

/** @internal */
export type Steps = Step | ReadonlyArray<Step>

/**
 * What an invocation or a group has gathered while it is open.
 *
 * @internal
 */
export class Collector {
  /** Where its entry will stand: when it started (H2). */
  readonly position: number
  steps: Array<Step> | undefined = undefined
  mapping: Mapping | undefined = undefined
  captured: unknown = undefined
  /** Why the capture failed. */
  failure: { readonly error: unknown } | undefined = undefined
  saved: string | undefined = undefined
  /** The transaction that the invocation shares with its entry. */
  joined: Joined | undefined = undefined

  constructor(position: number) {
    this.position = position
  }

  /** Children are ordered by their commits, whichever of them contained others (H2). */
  add(steps: Steps): void {
    const added = steps instanceof Step ? [steps] : steps
    const mine = this.steps ??= []
    const sorted = mine.length === 0 || mine[mine.length - 1]!.tick < added[0]!.tick
    for (let i = 0; i < added.length; i++) mine.push(added[i]!)
    if (!sorted) mine.sort((a, b) => a.tick - b.tick)
  }
}

/**
 * An open group or transaction.
 *
 * @internal
 */
export class Group extends Collector implements GroupFrame {
  readonly id: string
  readonly label: string
  readonly transaction: boolean
  readonly parent: GroupFrame | undefined
  readonly invocation: InvocationFrame | undefined
  readonly actor: string | undefined
  readonly recording: boolean
  /** A plain group inside another one, or inside a handler: what is done in it is done in that. */
  readonly joins: boolean
  ended = false

  constructor(
    id: string,
    label: string,
    transaction: boolean,
    position: number,
    parent: GroupFrame | undefined,
    invocation: InvocationFrame | undefined,
    actor: string | undefined
  ) {
    super(position)
    this.id = id
    this.label = label
    this.transaction = transaction
    this.parent = parent
    this.invocation = invocation
    this.actor = actor
    this.recording = invocation === undefined || invocation.recording
    this.joins = !transaction && openContainer(above(this)) !== undefined
  }
}

/** @internal */
export type Container = InvocationFrame | Group

/**
 * What directly contains an invocation or a group: the group opened around it, or the invocation that made it.
 *
 * @internal
 */
export const above = (self: InvocationFrame | Group): Container | undefined => {
  const [group, invocation] = self instanceof Group
    ? [self.parent, self.invocation]
    : [self.group, self.parent]
  return (group !== undefined && (invocation === undefined || group.invocation === invocation) ? group : invocation) as
    | Container
    | undefined
}

/**
 * The first container, from this one outward, that still gathers steps.
 *
 * @internal
 */
export const openContainer = (container: Container | undefined): Container | undefined => {
  let current = container
  while (current !== undefined && !isOpen(current)) current = above(current)
  return current
}

const isOpen = (container: Container): boolean =>
  !container.ended && (container instanceof Group
    ? !container.joins
    : typeof container.history === "number" || container.history instanceof Collector)

/** @internal */
export const openTransaction = (group: GroupFrame | undefined): Group | undefined => {
  let current = group as Group | undefined
  while (current !== undefined && (current.ended || !current.transaction)) current = current.parent as Group | undefined
  return current
}

/**
 * Whether undo and redo would have to wait for what runs in this context (H5).
 *
 * @internal
 */
export const isInside = (context: Context.Context<never>): boolean => {
  const frame = currentFrame(context)
  if (frame !== undefined && !frame.ended) return true
  for (let group = Context.get(context, CurrentGroup); group !== undefined; group = group.parent) {
    if (!group.ended) return true
  }
  return false
}
