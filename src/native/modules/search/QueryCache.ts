/**
 * What queries have found, until something changes.
 */
import type { Found, Query } from "./engine/query.ts"

/** More hits than this are not kept. */
const mostHits = 1000

// Adding zero makes one of the two zeros.
const keyOf = ({ all, boosts, fuzzy, limit, prefix, text }: Query): string =>
  JSON.stringify([text, limit, all, prefix, fuzzy + 0, boosts])

export class QueryCache {
  /** The one that was asked for last comes last. */
  readonly #entries = new Map<string, Found>()
  hits = 0
  misses = 0

  get size(): number {
    return this.#entries.size
  }

  get(query: Query): Found | undefined {
    // Making a key copies the query.
    const key = this.#entries.size === 0 ? undefined : keyOf(query)
    const found = key === undefined ? undefined : this.#entries.get(key)
    if (key === undefined || found === undefined) {
      this.misses++
      return undefined
    }
    this.hits++
    this.#entries.delete(key)
    this.#entries.set(key, found)
    return found
  }

  /** Keeps what a query has found, if there is to be room for it. */
  put(query: Query, found: Found, most: number): void {
    if (most === 0 || found.documents.length > mostHits) return
    this.#entries.set(keyOf(query), found)
    this.shrink(most)
  }

  /** Keeps at most so many. */
  shrink(most: number): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= most) return
      this.#entries.delete(key)
    }
  }

  /** Forgets everything that was found: it may not be so any more. */
  clear(): void {
    this.#entries.clear()
  }
}
