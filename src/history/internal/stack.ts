import { Removed } from "./entry.ts"

/**
 * What a stack holds. Holes stand where something was taken out of the middle.
 *
 * @internal
 */
export interface Slot {
  readonly position: number
  readonly flags: number
}

/**
 * Slots in ascending order of rank, with cheap ends.
 *
 * Invariants: ranks ascend; a slot whose `flags` have `Removed` counts as absent; `head` slots at the front and all
 * removed ones at the end are given back; of the rest at most half are removed, so everything is O(1) amortised or
 * O(log n), whatever is removed where.
 *
 * @internal
 */
export class Stack<A extends Slot> {
  private items: Array<Slot> = []
  private head = 0
  private dead = 0
  private readonly rankOf: (slot: A) => number

  constructor(rankOf: (slot: A) => number) {
    this.rankOf = rankOf
  }

  /** How many are there. */
  get length(): number {
    return this.items.length - this.head - this.dead
  }

  insert(slot: A): void {
    const items = this.items
    const rank = this.rankOf(slot)
    let at = items.length
    while (at > this.head && this.rankAt(at - 1) > rank) at--
    if (at === items.length) items.push(slot)
    else items.splice(at, 0, slot)
  }

  top(): A | undefined {
    this.trim()
    return this.items.length > this.head ? this.items[this.items.length - 1] as A : undefined
  }

  bottom(): A | undefined {
    this.trim()
    return this.items.length > this.head ? this.items[this.head] as A : undefined
  }

  /** Takes a slot out, which may come back with another rank. */
  take(slot: A): void {
    const items = this.items
    const rank = this.rankOf(slot)
    let low = this.head
    let high = items.length - 1
    if (items[high] === slot) {
      items.pop()
      return
    }
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.rankAt(middle) < rank) low = middle + 1
      else high = middle
    }
    while (items[low] !== slot && low < items.length) low++
    if (low === items.length) return
    items[low] = new Hole(rank)
    this.dead++
    this.compact()
  }

  /** One of the slots has got `Removed`. */
  removed(): void {
    this.dead++
    this.compact()
  }

  /** From the top down, until `visit` returns something. */
  descend<B>(visit: (slot: A) => B | undefined): B | undefined {
    for (let i = this.items.length - 1; i >= this.head; i--) {
      const slot = this.items[i]!
      if ((slot.flags & Removed) !== 0) continue
      const found = visit(slot as A)
      if (found !== undefined) return found
    }
  }

  private rankAt(index: number): number {
    const slot = this.items[index]!
    return slot instanceof Hole ? slot.position : this.rankOf(slot as A)
  }

  private trim(): void {
    const items = this.items
    while (items.length > this.head && (items[items.length - 1]!.flags & Removed) !== 0) {
      items.pop()
      this.dead--
    }
    while (this.head < items.length && (items[this.head]!.flags & Removed) !== 0) {
      ;(items as Array<unknown>)[this.head++] = undefined
      this.dead--
    }
    if (this.head > 32 && this.head * 2 > items.length) {
      this.items = items.slice(this.head)
      this.head = 0
    }
  }

  private compact(): void {
    this.trim()
    if (this.dead > 32 && this.dead * 2 > this.items.length - this.head) {
      this.items = this.items.slice(this.head).filter((slot) => (slot.flags & Removed) === 0)
      this.head = 0
      this.dead = 0
    }
  }
}

class Hole implements Slot {
  readonly position: number
  readonly flags = Removed

  constructor(position: number) {
    this.position = position
  }
}
