/**
 * Invocations as rows: what the messages about them come to.
 *
 * @since 0.1.0
 */
import type { CauseMessage } from "../protocol/CauseMessage.ts"
import type { InvocationMessage } from "../protocol/InvocationMessage.ts"

/**
 * Messages are missing.
 *
 * @category models
 * @since 0.1.0
 */
export interface InvocationGapMessage {
  readonly _tag: "Gap"
  /**
   * The process was restarted, it no longer keeps what was missed, this side reads too slowly, or the server does not let
   * itself be watched: then nothing else comes.
   */
  readonly why: "restarted" | "forgotten" | "slow" | "refused"
  /** One line. */
  readonly message: string
}

/**
 * How an invocation stands. `"refused"`: it failed before its handler ran.
 *
 * @category models
 * @since 0.1.0
 */
export type InvocationStatus = "running" | "succeeded" | "failed" | "interrupted" | "refused"

/**
 * One invocation. A row never changes: what has changed is another row with the same id.
 *
 * @category models
 * @since 0.1.0
 */
export interface InvocationRow {
  readonly id: string
  readonly key: string
  readonly parentId?: string
  readonly rootId: string
  readonly groupId?: string
  readonly causedBy?: string
  readonly actor?: string
  readonly origin: InvocationMessage["origin"]
  /** It runs elsewhere: this is the caller's view of it. */
  readonly remote?: boolean
  /** The operation changes nothing. */
  readonly readonly?: boolean
  readonly startedAt: number
  readonly durationMillis?: number
  readonly status: InvocationStatus
  readonly input: unknown
  readonly output?: unknown
  readonly cause?: CauseMessage
  /** What the handler reported last. */
  readonly progress?: unknown
  /** Of the newest message. */
  readonly sequence: number
}

/**
 * Which invocations to show.
 *
 * @category models
 * @since 0.1.0
 */
export interface InvocationFilter {
  /** Of these operations. */
  readonly keys?: ReadonlyArray<string> | undefined
  /** What was caused by this invocation, and it itself. */
  readonly rootId?: string | undefined
  readonly origins?: ReadonlyArray<InvocationRow["origin"]> | undefined
  readonly actor?: string | undefined
  readonly status?: InvocationStatus | ReadonlyArray<InvocationStatus> | undefined
  /** Occurs in the key, the actor, the input, the output or the cause, in small or large letters. */
  readonly text?: string | undefined
  /** Of this process, or of the server. Default: of the server, if it lets itself be watched. */
  readonly side?: "here" | "server" | undefined
  /** How many rows are kept; the oldest go first. Default 1,000. */
  readonly limit?: number | undefined
}

const defaultLimit = 1_000

/**
 * Folds messages into rows, in the order in which the invocations started.
 *
 * **When to use**
 *
 * Use where `Bus.invocations` does not fit: to fold messages from a file, or with a filter that changes often.
 *
 * **Details**
 *
 * A message costs the same however many rows there are. `rows` is made when it is asked for, and stays the same array until
 * a row has changed.
 *
 * @category models
 * @since 0.1.0
 */
export class InvocationTable {
  /** How often messages were missing. */
  gaps = 0
  /** Rows that went because of the limit. */
  dropped = 0
  /** Changes with every change of the rows. */
  version = 0
  readonly limit: number
  private byId = new Map<string, InvocationRow>()
  private readonly running = new Set<string>()
  private epoch: string | undefined
  private newest = -Infinity
  /** Of the newest row that was dropped: what is older is not taken up again. */
  private horizon = -Infinity
  private ordered = true
  private made: ReadonlyArray<InvocationRow> | undefined = []

  constructor(limit: number = defaultLimit) {
    this.limit = Math.max(1, limit)
  }

  get size(): number {
    return this.byId.size
  }

  get(id: string): InvocationRow | undefined {
    return this.byId.get(id)
  }

  /** Takes a message; `false` when it changes nothing. */
  add(message: InvocationMessage | InvocationGapMessage): boolean {
    if (message._tag === "Gap") {
      this.gaps++
      if (message.why === "restarted") this.lose()
      return this.touch()
    }
    if (message.epoch !== this.epoch) {
      // What ran in a process that is gone does not run any more.
      if (this.epoch !== undefined) this.lose()
      this.epoch = message.epoch
    }
    const known = this.byId.get(message.id)
    if (known === undefined) {
      if (message.startedAt < this.horizon) return false
      if (message.startedAt < this.newest) this.ordered = false
      else this.newest = message.startedAt
    } else if (message.sequence <= known.sequence && known.status !== "running") {
      return false
    }
    const row = rowOf(message, known)
    this.byId.set(message.id, row)
    if (row.status === "running") this.running.add(row.id)
    else this.running.delete(row.id)
    if (this.byId.size > this.limit) this.dropOldest()
    return this.touch()
  }

  /** Drops the rows that came first, for those who bound them by more than their number. Many at once cost less each. */
  dropOldest(count = 1): void {
    let left = count
    for (const { id, startedAt } of this.byId.values()) {
      if (left-- <= 0) break
      this.byId.delete(id)
      this.running.delete(id)
      this.horizon = startedAt
      this.dropped++
    }
    this.touch()
  }

  /** In the order in which they started. */
  get rows(): ReadonlyArray<InvocationRow> {
    if (this.made === undefined) {
      this.sort()
      this.made = Array.from(this.byId.values())
    }
    return this.made
  }

  clear(): void {
    this.byId.clear()
    this.running.clear()
    this.newest = this.horizon = -Infinity
    this.touch()
  }

  private touch(): true {
    this.made = undefined
    this.version++
    return true
  }

  private sort(): void {
    if (this.ordered) return
    this.byId = new Map(Array.from(this.byId).sort(([, a], [, b]) => a.startedAt - b.startedAt))
    this.ordered = true
  }

  /** Nobody will tell how these ended. */
  private lose(): void {
    for (const id of this.running) this.byId.set(id, { ...this.byId.get(id)!, status: "interrupted" })
    this.running.clear()
  }
}

const rowOf = (message: InvocationMessage, known: InvocationRow | undefined): InvocationRow => {
  const { _tag, attempt: _, epoch: __, joined: ___, trace: ____, v: _____, ...rest } = message as
    & InvocationMessage
    & { readonly refused?: boolean; readonly stopped?: boolean }
  const { refused, stopped: ______, ...fields } = rest
  // A message carries all that is known of its invocation, but for what was reported before.
  const progress = known !== undefined && "progress" in known ? { progress: known.progress } : {}
  return { ...progress, ...fields, status: refused === true ? "refused" : statuses[_tag] }
}

const statuses: { readonly [Tag in InvocationMessage["_tag"]]: InvocationStatus } = {
  Started: "running",
  Progress: "running",
  Succeeded: "succeeded",
  Failed: "failed",
  Interrupted: "interrupted"
}

const texts = new WeakMap<InvocationRow, string>()

/** Made once per row: a filter is applied to all of them with every letter that is typed. */
const textOf = (row: InvocationRow): string => {
  let text = texts.get(row)
  if (text === undefined) {
    const { actor, cause, input, key, output } = row
    text = `${key} ${actor ?? ""} ${JSON.stringify([input, output, cause])}`.toLowerCase()
    texts.set(row, text)
  }
  return text
}

/**
 * Makes the predicate of a filter.
 *
 * @category filtering
 * @since 0.1.0
 */
export const matching = (filter: InvocationFilter): (row: InvocationRow) => boolean => {
  const { actor, rootId } = filter
  const keys = filter.keys && new Set(filter.keys)
  const origins = filter.origins && new Set(filter.origins)
  const status = filter.status === undefined
    ? undefined
    : new Set(typeof filter.status === "string" ? [filter.status] : filter.status)
  const text = filter.text?.trim().toLowerCase() || undefined
  return (row) =>
    (keys === undefined || keys.has(row.key)) &&
    (rootId === undefined || row.rootId === rootId) &&
    (origins === undefined || origins.has(row.origin)) &&
    (actor === undefined || row.actor === actor) &&
    (status === undefined || status.has(row.status)) &&
    (text === undefined || textOf(row).includes(text))
}
