/**
 * Where postings live: one piece of memory for the lists of all terms.
 *
 * A list lies in one block, whose size is the power of two that holds it. A list that outgrows its block moves to one of the
 * next size, and leaves the old one to others.
 *
 * A posting is two numbers: the document; the field and how often the term occurs in it.
 */

const nothing = 0xffffffff
const fieldShift = 27

/** More often than this, a term does not count. */
const mostCount = 2 ** fieldShift - 1

export const fieldOf = (fieldAndCount: number): number => fieldAndCount >>> fieldShift
export const countOf = (fieldAndCount: number): number => fieldAndCount & mostCount

/** The postings of one term, ordered by document and field: where they begin, and how many there are. */
export interface List {
  start: number
  length: number
}

const isPowerOfTwo = (n: number): boolean => (n & (n - 1)) === 0
const log2 = (n: number): number => 31 - Math.clz32(n)

export class Pool {
  /** Two numbers for each posting. */
  words = new Uint32Array(0)
  #length = 0
  /** The first unused block of each size; its first number says which the next one is. */
  readonly #unused = new Uint32Array(32).fill(nothing)

  /** Adds a posting to the end of a list. */
  push(list: List, document: number, field: number, count: number): void {
    const { length } = list
    if (length === 0) list.start = this.#take(0)
    else if (isPowerOfTwo(length)) this.#resize(list, log2(length), log2(length) + 1)
    const at = 2 * (list.start + length)
    this.words[at] = document
    this.words[at + 1] = field * 2 ** fieldShift + Math.min(count, mostCount)
    list.length = length + 1
  }

  /** Removes a posting from a list and says whether it was there. */
  remove(list: List, document: number, field: number): boolean {
    let low = list.start
    let high = list.start + list.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.words[2 * middle]!
      if (other < document || (other === document && fieldOf(this.words[2 * middle + 1]!) < field)) low = middle + 1
      else high = middle
    }
    const end = list.start + list.length
    if (low === end || this.words[2 * low] !== document || fieldOf(this.words[2 * low + 1]!) !== field) return false
    this.words.copyWithin(2 * low, 2 * (low + 1), 2 * end)
    list.length--
    if (list.length === 0) this.#giveBack(list.start, 0)
    else if (isPowerOfTwo(list.length)) this.#resize(list, log2(list.length) + 1, log2(list.length))
    return true
  }

  #resize(list: List, from: number, to: number): void {
    const start = this.#take(to)
    this.words.copyWithin(2 * start, 2 * list.start, 2 * (list.start + list.length))
    this.#giveBack(list.start, from)
    list.start = start
  }

  #take(size: number): number {
    const block = this.#unused[size]!
    if (block !== nothing) {
      this.#unused[size] = this.words[2 * block]!
      return block
    }
    const start = this.#length
    this.#length = start + 2 ** size
    this.words = grown(this.words, 2 * this.#length)
    return start
  }

  #giveBack(block: number, size: number): void {
    this.words[2 * block] = this.#unused[size]!
    this.#unused[size] = block
  }
}

/** The same numbers, with room for `needed`. */
export const grown = (numbers: Uint32Array<ArrayBuffer>, needed: number): Uint32Array<ArrayBuffer> => {
  if (needed <= numbers.length) return numbers
  const larger = new Uint32Array(Math.max(needed, numbers.length + (numbers.length >> 2) + 16))
  larger.set(numbers)
  return larger
}
