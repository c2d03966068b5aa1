/**
 * The terms of an index: which number each has, and which are like a given one.
 */
import { grown } from "./Pool.ts"
import { longestTerm } from "./terms.ts"
import { characters, compare } from "./text.ts"

export class Dictionary {
  readonly #numbers = new Map<string, number>()
  readonly #terms: Array<string> = []
  /** What each term looks like, see `shapeOf`. */
  #shapes = new Uint32Array(0)
  /** Numbers of terms by their text; those after its end are not sorted in yet. */
  #sorted: Array<number> = []

  get size(): number {
    return this.#terms.length
  }

  term(number: number): string {
    return this.#terms[number]!
  }

  /** How many characters a term has. */
  lengthOf(number: number): number {
    return this.#shapes[number]! >>> lengthShift
  }

  /** The number of a term. */
  find(term: string): number | undefined {
    return this.#numbers.get(term)
  }

  /** The number of a term, which is a new one when there was none. */
  number(term: string): number {
    const known = this.#numbers.get(term)
    if (known !== undefined) return known
    const number = this.#terms.length
    // A copy: engines keep the whole text alive for a piece of it.
    const own = ` ${term}`.slice(1)
    this.#numbers.set(own, number)
    this.#terms.push(own)
    this.#shapes = grown(this.#shapes, number + 1)
    this.#shapes[number] = shapeOf(term)
    return number
  }

  /** Forgets all terms from a number on. */
  truncate(size: number): void {
    for (const term of this.#terms.splice(size)) this.#numbers.delete(term)
    if (this.#sorted.length > size) this.#sorted = []
  }

  /** Sorts in what has come since the last time; `beginningWith` needs it. */
  sort(): void {
    const known = this.#sorted.length
    if (known === this.size) return
    const terms = this.#terms
    const fresh = Array.from({ length: this.size - known }, (_, i) => known + i)
      .sort((a, b) => compare(terms[a]!, terms[b]!))
    const merged: Array<number> = []
    let old = 0
    for (const number of fresh) {
      while (old < known && compare(terms[this.#sorted[old]!]!, terms[number]!) < 0) merged.push(this.#sorted[old++]!)
      merged.push(number)
    }
    while (old < known) merged.push(this.#sorted[old++]!)
    this.#sorted = merged
  }

  /** The terms that begin with another, which may be one of them, by their text. */
  beginningWith(prefix: string): ReadonlyArray<number> {
    const first = this.#firstThat((term) => compare(term, prefix) >= 0, 0)
    return this.#sorted.slice(first, this.#firstThat((term) => !term.startsWith(prefix), first))
  }

  /** The position of the first sorted term from `low` on for which something holds that holds for all after it. */
  #firstThat(holds: (term: string) => boolean, low: number): number {
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (holds(this.term(this.#sorted[middle]!))) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The terms that differ from another by at most so many edits, by their text, with how many. */
  like(term: string, most: number): ReadonlyArray<readonly [number: number, edits: number]> {
    const shape = shapeOf(term)
    const length = shape >>> lengthShift
    const wanted = codes(term)
    const found: Array<readonly [number, number]> = []
    const shapes = this.#shapes
    const { size } = this
    for (let number = 0; number < size; number++) {
      const other = shapes[number]!
      const longer = (other >>> lengthShift) - length
      if (longer > most || longer < -most) continue
      // An edit takes away at most one character and brings at most one.
      let lost = shape & ~other & characterMask
      let won = other & ~shape & characterMask
      for (let i = 0; i < most; i++) {
        lost &= lost - 1
        won &= won - 1
      }
      if ((lost | won) !== 0) continue
      const edits = editsBetween(wanted, this.term(number), most)
      if (edits <= most) found.push([number, edits])
    }
    return found.sort(([a], [b]) => compare(this.term(a), this.term(b)))
  }
}

const lengthShift = 26
const characterMask = 2 ** lengthShift - 1

/**
 * How long a term is, and which characters it has: a bit for each, shared by several characters. That is enough to pass over
 * nearly all terms which are not like a given one.
 */
const shapeOf = (term: string): number => {
  let bits = 0
  for (const code of codes(term)) bits |= 1 << (code % lengthShift)
  return bits + characters(term) * 2 ** lengthShift
}

const codes = (text: string): Array<number> => {
  const all: Array<number> = []
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!
    if (code > 0xffff) i++
    all.push(code)
  }
  return all
}

/** Edits between the characters of a term so far and the first ones of the wanted term. */
const row = new Uint8Array(longestTerm + 1)

/** How many edits lead from one term to another, or more than `most` if it is more than that. */
const editsBetween = (wanted: ReadonlyArray<number>, term: string, most: number): number => {
  const far = most + 1
  row.fill(far)
  for (let column = 0; column <= Math.min(most, wanted.length); column++) row[column] = column
  let before = 0
  for (let at = 0; at < term.length; at++) {
    const character = term.codePointAt(at)!
    if (character > 0xffff) at++
    before++
    // Further from the diagonal than `most`, everything is too far.
    if (before > wanted.length + most) return far
    const first = Math.max(1, before - most)
    const last = Math.min(wanted.length, before + most)
    let corner = row[first - 1]!
    let least = row[first - 1] = first === 1 ? Math.min(far, before) : far
    for (let column = first; column <= last; column++) {
      const replaced = corner + (wanted[column - 1] === character ? 0 : 1)
      corner = row[column]!
      const edits = Math.min(replaced, corner + 1, row[column - 1]! + 1, far)
      row[column] = edits
      if (edits < least) least = edits
    }
    if (least === far) return far
  }
  return row[wanted.length]!
}
