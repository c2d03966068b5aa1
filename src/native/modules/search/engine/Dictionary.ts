/**
 * The terms of an index: which number each has, and which are like a given one.
 */
import { longestTerm } from "./terms.ts"
import { characters, compare, inCommon } from "./text.ts"

export class Dictionary {
  readonly #numbers = new Map<string, number>()
  readonly #terms: Array<string> = []
  /** How many characters each term has. */
  readonly #lengths: Array<number> = []
  /** Numbers of terms by their text; those after its end are not sorted in yet. */
  #sorted: Array<number> = []
  /** How many characters each has in common with the one before. */
  #common = new Uint8Array(0)

  get size(): number {
    return this.#terms.length
  }

  term(number: number): string {
    return this.#terms[number]!
  }

  /** How many characters a term has. */
  lengthOf(number: number): number {
    return this.#lengths[number]!
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
    this.#lengths.push(characters(term))
    return number
  }

  /** Forgets all terms from a number on. */
  truncate(size: number): void {
    for (const term of this.#terms.splice(size)) this.#numbers.delete(term)
    this.#lengths.length = size
    if (this.#sorted.length > size) this.#sorted = []
  }

  /** Sorts in what has come since the last time; `beginningWith` and `like` need it. */
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
    this.#common = Uint8Array.from(
      merged,
      (number, i) => i === 0 ? 0 : inCommon(terms[number]!, terms[merged[i - 1]!]!)
    )
    this.#sorted = merged
  }

  /** The terms that begin with another, which may be one of them, by their text. */
  beginningWith(prefix: string): ReadonlyArray<number> {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compare(this.term(this.#sorted[middle]!), prefix) < 0) low = middle + 1
      else high = middle
    }
    if (low === this.#sorted.length || !this.term(this.#sorted[low]!).startsWith(prefix)) return []
    const length = characters(prefix)
    let end = low + 1
    while (end < this.#sorted.length && this.#common[end]! >= length) end++
    return this.#sorted.slice(low, end)
  }

  /** The terms that differ from another by at most so many edits, by their text, with how many. */
  like(term: string, most: number): ReadonlyArray<readonly [number: number, edits: number]> {
    const wanted = codes(term)
    const width = wanted.length + 2
    // Row r: edits between the first r characters of a term and those of the wanted one.
    const rows = new Uint8Array((longestTerm + 1) * width).fill(most + 1)
    for (let column = 0; column <= Math.min(most, wanted.length); column++) rows[column] = column
    const found: Array<readonly [number, number]> = []
    // How many rows fit the term before; a term has those in common with it that `#common` says.
    let known = 0
    let at = 0
    while (at < this.#sorted.length) {
      known = Math.min(known, this.#common[at]!)
      const number = this.#sorted[at]!
      at++
      const other = codes(this.term(number))
      let length = known
      let hopeless = false
      while (length < other.length && !hopeless) {
        const character = other[length]!
        length++
        hopeless = !nextRow(rows, width, length, character, wanted, most)
      }
      known = length
      if (hopeless) {
        while (at < this.#sorted.length && this.#common[at]! >= length) at++
      } else if (Math.abs(length - wanted.length) <= most) {
        const edits = rows[length * width + wanted.length]!
        if (edits <= most) found.push([number, edits])
      }
    }
    return found
  }
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

/** Fills one row of the table of edits, and says whether it holds something near enough. */
const nextRow = (
  rows: Uint8Array,
  width: number,
  row: number,
  character: number,
  wanted: ReadonlyArray<number>,
  most: number
): boolean => {
  const before = (row - 1) * width
  const current = row * width
  const far = most + 1
  const first = Math.max(1, row - most)
  const last = Math.min(wanted.length, row + most)
  let least = rows[current + first - 1] = first === 1 ? Math.min(far, row) : far
  for (let column = first; column <= last; column++) {
    const replaced = rows[before + column - 1]! + (wanted[column - 1] === character ? 0 : 1)
    const added = rows[before + column]! + 1
    const leftOut = rows[current + column - 1]! + 1
    const edits = Math.min(replaced, added, leftOut, far)
    rows[current + column] = edits
    if (edits < least) least = edits
  }
  if (last + 1 < width) rows[current + last + 1] = far
  return least <= most
}
