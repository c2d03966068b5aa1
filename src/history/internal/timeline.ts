import type { HistoryErrorReason } from "../HistoryError.ts"
import {
  eachName,
  type Entry,
  idOf,
  Live,
  type Names,
  namesOf,
  Removed,
  type Step,
  ticksPerMilli,
  Undone
} from "./entry.ts"
import { Stack } from "./stack.ts"

/** @internal */
export type Direction = "undo" | "redo"

/**
 * How much is kept. `count` and `bytes` hold for each actor and scope.
 *
 * @internal
 */
export interface Limits {
  readonly count: number
  readonly bytes: number
  readonly entryBytes: number
  readonly totalCount: number
  readonly totalBytes: number
}

/**
 * The entries of one actor in one scope: those that can be undone in the order of their starts, those that can be redone
 * in the order in which they were undone.
 *
 * @internal
 */
export class Shelf {
  readonly live = new Stack<Entry>(byPosition)
  readonly undone = new Stack<Entry>(byUndoneAt)
  bytes = 0
  /** The position of the last new action here. */
  recordedAt = 0

  get count(): number {
    return this.live.length + this.undone.length
  }

  stack(direction: Direction): Stack<Entry> {
    return direction === "undo" ? this.live : this.undone
  }
}

const byPosition = (entry: Entry): number => entry.position
const byUndoneAt = (entry: Entry): number => entry.rest!.undoneAt!

/**
 * All entries of one actor, and the same by scope.
 *
 * @internal
 */
export class Book extends Shelf {
  readonly actor: string | undefined
  readonly scopes = new Map<string, Shelf>()
  /** The position of the actor's last undo: an action that started before it does not clear redo (H8). */
  lastUndo = 0
  /** Whatever the last action left for coalescing; owned by the recorder. */
  coalescing: unknown = undefined

  constructor(actor: string | undefined) {
    super()
    this.actor = actor
  }

  shelf(scope: string): Shelf {
    let shelf = this.scopes.get(scope)
    if (shelf === undefined) this.scopes.set(scope, shelf = new Shelf())
    return shelf
  }
}

/**
 * Where entries stand.
 *
 *     actor "ann"   scope "A"   live  a1 a2 a4   ◄─ top: the next undo     undone  a6 a5  ◄─ top: the next redo
 *                   scope "B"   live  a3 a4
 *     actor "bob"   scope "A"   live  b1
 *     resource "A/title"        live  a1 b1
 *
 * An entry is live, undone or removed; live and undone ones stand in the book of their actor, in one shelf for each of
 * their scopes, and (live ones) in one stack for each resource they touch.
 *
 * 1. Live entries stand in the order in which their root actions started; a redo is a new start (H2).
 * 2. Undone entries stand in the order in which they were undone; the last one is redone first.
 * 3. A new entry clears redo in its scopes, and what would be redone after that in its other scopes; unless its action
 *    had started before the actor's last undo (H8).
 * 4. What an actor undoes is the top of all its shelves (H13), and nothing later of another actor touches the same
 *    resources (H14). What cannot be read is passed over, with everything older that touches the same resources (H12).
 * 5. Beyond the limits the oldest goes first (H9).
 *
 * Without `scope` an entry stands in the scope `""`. Without `touches` it touches what its `scope` names, and nothing when
 * there is no `scope`: the shared default scope is no resource, else any two actors would always be in conflict.
 *
 * @internal
 */
export class Timeline {
  readonly limits: Limits
  readonly books = new Map<string | undefined, Book>()
  readonly resources = new Map<string, Stack<Entry>>()
  count = 0
  bytes = 0
  evicted = 0
  /** Told of every entry that went for good. */
  onRemove: ((entry: Entry, evicted: boolean) => void) | undefined
  private readonly epoch: string
  private last = 0

  constructor(epoch: string, limits: Limits) {
    this.epoch = epoch
    this.limits = limits
  }

  /** A position later than all before it, and comparable with those of other processes. */
  tick(millis: number): number {
    const now = millis * ticksPerMilli
    return this.last = now > this.last ? now : this.last + 1
  }

  /** Positions that were read from a store are in the past. */
  passed(position: number): void {
    if (position > this.last) this.last = position
  }

  book(actor: string | undefined): Book {
    let book = this.books.get(actor)
    if (book === undefined) this.books.set(actor, book = new Book(actor))
    return book
  }

  // -------------------------------------------------------------------------
  // changes
  // -------------------------------------------------------------------------

  /** Adds an entry where its state says, without touching others. */
  add(entry: Entry): void {
    const { book } = entry
    // It was given back when it was empty.
    if (book.count === 0) this.books.set(book.actor, book)
    this.place(entry)
    this.account(entry, 1)
  }

  /** A new entry of a new action. */
  record(entry: Entry): void {
    const { book, position, scopes } = entry
    this.clearRedo(book, position, scopes)
    this.add(entry)
    if (typeof scopes !== "object") book.shelf(scopes ?? "").recordedAt = position
    else for (const scope of scopes) book.shelf(scope).recordedAt = position
    this.limit(entry)
  }

  undone(entry: Entry): void {
    this.unplace(entry)
    ;(entry.rest ??= {}).undoneAt = this.tick(0)
    entry.state = Undone
    this.place(entry)
  }

  redone(entry: Entry, position: number, steps: Step | ReadonlyArray<Step>): void {
    this.change(entry, steps, () => {
      entry.position = position
      entry.state = Live
    })
  }

  /** Replaces the steps of an entry, whose scopes and touches may change with them. */
  change(entry: Entry, steps: Step | ReadonlyArray<Step>, also?: () => void): void {
    this.unplace(entry)
    this.account(entry, -1)
    entry.hold(steps)
    also?.()
    this.account(entry, 1)
    this.place(entry)
  }

  remove(entry: Entry, evicted = false): void {
    if (entry.state === Removed) return
    const { book } = entry
    const direction: Direction = entry.state === Undone ? "redo" : "undo"
    const { scopes, touches } = entry
    this.account(entry, -1)
    entry.drop()
    book.stack(direction).removed()
    eachName(scopes, "", (scope) => book.shelf(scope).stack(direction).removed())
    if (direction === "undo") eachName(touches, undefined, (resource) => this.resources.get(resource)?.removed())
    this.onRemove?.(entry, evicted)
    this.tidy(book, scopes, touches)
  }

  /** H8. `everywhere`: nobody knows which scopes the action changed. */
  clearRedo(book: Book, position: number, scopes: Names, everywhere = false): void {
    if (book.undone.length === 0 || position < book.lastUndo) return
    const from = new Map<Shelf, number>()
    if (everywhere) from.set(book, Infinity)
    eachName(scopes, "", (scope) => {
      const shelf = book.scopes.get(scope)
      if (shelf !== undefined) from.set(shelf, Infinity)
    })
    this.cascade(book, from)
  }

  /** An undone entry goes, and with it what would be redone after it in its scopes. */
  removeUndone(entry: Entry): void {
    const { book } = entry
    const from = new Map<Shelf, number>()
    eachName(entry.scopes, "", (scope) => from.set(book.shelf(scope), entry.rest!.undoneAt!))
    this.remove(entry)
    this.cascade(book, from)
  }

  /** Removes what was undone before the given positions, and in the other scopes of that what was undone before it. */
  private cascade(book: Book, from: Map<Shelf, number>): void {
    const done = new Map<Shelf, number>()
    const cleared: Array<Entry> = []
    for (const [shelf, before] of from) {
      const already = done.get(shelf) ?? -1
      if (before <= already) continue
      done.set(shelf, before)
      shelf.undone.descend((entry) => {
        const undoneAt = entry.rest!.undoneAt!
        if (undoneAt >= before) return
        if (undoneAt < already) return true
        cleared.push(entry)
        eachName(entry.scopes, "", (scope) => {
          const other = book.shelf(scope)
          if (undoneAt <= (from.get(other) ?? -1)) return
          // Visited again at the end of the walk.
          from.delete(other)
          from.set(other, undoneAt)
        })
      })
    }
    for (const entry of cleared) this.remove(entry)
  }

  private place(entry: Entry): void {
    const { book, scopes, touches } = entry
    const direction: Direction = entry.state === Undone ? "redo" : "undo"
    book.stack(direction).insert(entry)
    if (typeof scopes !== "object") book.shelf(scopes ?? "").stack(direction).insert(entry)
    else for (const scope of scopes) book.shelf(scope).stack(direction).insert(entry)
    if (direction === "redo" || touches === undefined) return
    eachName(touches, undefined, (resource) => {
      let stack = this.resources.get(resource)
      if (stack === undefined) this.resources.set(resource, stack = new Stack(byPosition))
      stack.insert(entry)
    })
  }

  private unplace(entry: Entry): void {
    const { book, scopes, touches } = entry
    const direction: Direction = entry.state === Undone ? "redo" : "undo"
    book.stack(direction).take(entry)
    if (typeof scopes !== "object") book.shelf(scopes ?? "").stack(direction).take(entry)
    else for (const scope of scopes) book.shelf(scope).stack(direction).take(entry)
    if (direction === "redo" || touches === undefined) return
    eachName(touches, undefined, (resource) => this.resources.get(resource)?.take(entry))
  }

  private account(entry: Entry, sign: 1 | -1): void {
    const { book, scopes } = entry
    const bytes = sign * entry.size
    this.count += sign
    this.bytes += bytes
    book.bytes += bytes
    if (typeof scopes !== "object") book.shelf(scopes ?? "").bytes += bytes
    else for (const scope of scopes) book.shelf(scope).bytes += bytes
  }

  /** Sessions, documents and resources come and go: what is empty is given back. */
  private tidy(book: Book, scopes: Names, touches: Names): void {
    eachName(touches, undefined, (resource) => {
      if (this.resources.get(resource)?.length === 0) this.resources.delete(resource)
    })
    eachName(scopes, "", (scope) => {
      if (book.scopes.get(scope)?.count === 0) book.scopes.delete(scope)
    })
    if (book.count === 0 && this.books.get(book.actor) === book) this.books.delete(book.actor)
  }

  // -------------------------------------------------------------------------
  // limits (H9)
  // -------------------------------------------------------------------------

  /** Applies the limits of the shelves that an entry stands in, and those of the whole. */
  limit(entry: Entry): void {
    const { limits } = this
    const { book, scopes } = entry
    if (typeof scopes !== "object") this.limitShelf(book.scopes.get(scopes ?? ""))
    else for (const scope of scopes) this.limitShelf(book.scopes.get(scope))
    while (this.count > limits.totalCount || this.bytes > limits.totalBytes) {
      let oldest: Shelf | undefined
      let position = Infinity
      for (const book of this.books.values()) {
        const bottom = book.live.bottom() ?? book.undone.bottom()
        if (bottom !== undefined && bottom.position < position) {
          oldest = book
          position = bottom.position
        }
      }
      if (oldest === undefined || !this.evict(oldest)) return
    }
  }

  private limitShelf(shelf: Shelf | undefined): void {
    const { bytes, count } = this.limits
    while (shelf !== undefined && (shelf.count > count || shelf.bytes > bytes) && this.evict(shelf));
  }

  private evict(shelf: Shelf): boolean {
    const entry = shelf.live.bottom() ?? shelf.undone.bottom()
    if (entry === undefined) return false
    this.evicted++
    if (entry.state === Undone) this.removeUndone(entry)
    else this.remove(entry, true)
    return true
  }

  // -------------------------------------------------------------------------
  // choosing
  // -------------------------------------------------------------------------

  /**
   * What the next undo or redo of an actor takes, or why it cannot. `unreadable` tells what must be passed over (H12).
   */
  select(
    direction: Direction,
    actor: string | undefined,
    scope: string | undefined,
    unreadable: (entry: Entry) => HistoryErrorReason | undefined
  ): Entry | HistoryErrorReason {
    const book = this.books.get(actor)
    const shelf = scope === undefined ? book : book?.scopes.get(scope)
    let passedOver: HistoryErrorReason | undefined
    let blocked: Set<string> | undefined
    const found = shelf?.stack(direction).descend((entry): Entry | HistoryErrorReason | undefined => {
      const { touches } = entry
      let reason = unreadable(entry)
      if (reason === undefined && blocked !== undefined) {
        eachName(touches, undefined, (resource) => {
          if (blocked!.has(resource)) reason = passedOver
        })
      }
      if (reason === undefined) {
        return this.notOnTop(direction, entry, unreadable) ??
          (direction === "undo" ? this.conflict(entry, touches) : undefined) ?? entry
      }
      passedOver ??= reason
      const names = blocked ??= new Set()
      eachName(touches, undefined, (resource) => names.add(resource))
    })
    return found ?? passedOver ?? (direction === "undo" ? nothingToUndo : nothingToRedo)
  }

  /** H13 */
  private notOnTop(
    direction: Direction,
    entry: Entry,
    unreadable: (entry: Entry) => HistoryErrorReason | undefined
  ): HistoryErrorReason | undefined {
    const { book, scopes } = entry
    if (typeof scopes !== "object" && book.scopes.get(scopes ?? "")!.stack(direction).top() === entry) return undefined
    let inTheWay: Array<string> | undefined
    eachName(scopes, "", (scope) => {
      const shelf = book.scopes.get(scope)!
      const top = shelf.stack(direction).top() === entry
        ? entry
        : shelf.stack(direction).descend((other) =>
          other === entry || unreadable(other) === undefined ? other : undefined
        )
      if (top !== entry) (inTheWay ??= []).push(scope)
    })
    return inTheWay === undefined ? undefined : { _tag: "Blocked", scopes: inTheWay }
  }

  /** H14 */
  conflict(entry: Entry, touches: Names = entry.touches): HistoryErrorReason | undefined {
    let by: Entry | undefined
    eachName(touches, undefined, (resource) => {
      by ??= this.resources.get(resource)?.descend((other) =>
        other.position <= entry.position ? entry : other.book === entry.book ? undefined : other
      )
      if (by === entry) by = undefined
    })
    if (by === undefined) return undefined
    const mine = new Set(namesOf(touches))
    return {
      _tag: "Conflict",
      by: {
        entryId: idOf(this.epoch, by.ref),
        actor: by.book.actor,
        message: by.title,
        touches: namesOf(by.touches).filter((resource) => mine.has(resource))
      }
    }
  }
}

const nothingToUndo: HistoryErrorReason = { _tag: "NothingToUndo" }
const nothingToRedo: HistoryErrorReason = { _tag: "NothingToRedo" }
