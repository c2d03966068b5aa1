/**
 * A search service: the index, what waits for it, and how it gives way when memory is scarce.
 *
 * | level | adding | removing | queries |
 * | --- | --- | --- | --- |
 * | normal | indexes | yes | yes |
 * | warning | queues | yes | yes |
 * | high | refused | refused | only remembered ones |
 * | critical | refused | refused | refused |
 *
 * `native/core/src/modules/search/state.rs` does the same.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { HealthStatus } from "../../HealthStatus.ts"
import type { PressureLevel } from "../../PressureLevel.ts"
import * as cost from "./engine/cost.ts"
import { type Found, type Query, run, Scores } from "./engine/query.ts"
import { type Document, SearchIndex } from "./engine/SearchIndex.ts"
import { QueryCache } from "./QueryCache.ts"
import { budgetOf, set, type Settings } from "./settings.ts"

/** Why something was not done. */
export type Refusal =
  | { readonly _tag: "Paused"; readonly level: PressureLevel }
  | { readonly _tag: "Missing" }
  | { readonly _tag: "TooLarge"; readonly budget: number; readonly used: number; readonly needed: number }
  | { readonly _tag: "QueueFull"; readonly limit: number; readonly queued: number }

/** What came of adding. */
export interface Added {
  readonly indexed: number
  readonly replaced: number
  readonly queued: number
}

interface Waiting {
  readonly document: Document
  /** What the index will take for it. */
  readonly bytes: number
}

const isTight = (level: PressureLevel): boolean => level === "high" || level === "critical"

export class SearchState {
  #settings: Settings
  /** `undefined` after it was dropped; then there are only its documents. */
  #index: SearchIndex | undefined
  #dropped: ReadonlyArray<Document> = []
  #queue: ReadonlyArray<Waiting> = []
  #level: PressureLevel = "normal"
  #cache = new QueryCache()
  #scores = new Scores()

  constructor(settings: Settings) {
    this.#settings = settings
    this.#index = new SearchIndex(settings.fields.length)
  }

  get settings(): Settings {
    return this.#settings
  }

  /** Adds all documents or none; of several with one name, the last counts. */
  add(documents: ReadonlyArray<Document>): Result.Result<Added, Refusal> {
    if (isTight(this.#level)) return Result.fail({ _tag: "Paused", level: this.#level })
    const index = this.#index
    if (index === undefined) return Result.fail({ _tag: "Missing" })
    const used = this.#used()
    const budget = budgetOf(this.#settings)
    const last = new Map(documents.map((document, i) => [document.id, i]))
    const fresh = documents.filter(({ id }, i) => last.get(id) === i)
    const others = this.#queue.filter(({ document }) => !last.has(document.id))
    const isQueued = this.#level === "warning"
    const limit = this.#settings.maxQueued
    if (isQueued && others.length + fresh.length > limit) {
      return Result.fail({ _tag: "QueueFull", limit, queued: this.#queue.length })
    }
    const most = Math.max(0, budget - bytesOf(others))
    const batch = index.read(fresh, most)
    if (batch._tag === "TooLarge") return Result.fail({ _tag: "TooLarge", budget, used, needed: batch.needed })
    if (!isQueued) {
      const replaced = index.put(batch)
      this.#queue = others
      this.#cache.clear()
      return Result.succeed({ indexed: fresh.length, replaced, queued: 0 })
    }
    index.forget(batch)
    // What is replaced stays until then, and takes its room beside what replaces it.
    if (index.bytes + batch.bytes > most) {
      return Result.fail({ _tag: "TooLarge", budget, used, needed: batch.bytes })
    }
    this.#queue = [...others, ...batch.reads.map(({ bytes, document }) => ({ bytes, document }))]
    return Result.succeed({ indexed: 0, replaced: 0, queued: fresh.length })
  }

  /** Removes documents and says how many there were; the failure is the level that forbids it. */
  remove(ids: ReadonlyArray<string>): Result.Result<number, PressureLevel> {
    if (isTight(this.#level)) return Result.fail(this.#level)
    const named = new Set(ids)
    const removed = new Set<string>()
    const stays = ({ id }: Document): boolean => {
      if (named.has(id)) removed.add(id)
      return !named.has(id)
    }
    this.#queue = this.#queue.filter(({ document }) => stays(document))
    this.#dropped = this.#dropped.filter(stays)
    for (const id of named) if (this.#index?.remove(id) === true) removed.add(id)
    this.#cache.clear()
    return Result.succeed(removed.size)
  }

  /** Removes everything and says how many documents that were; the failure is the level that forbids it. */
  clear(): Result.Result<number, PressureLevel> {
    if (isTight(this.#level)) return Result.fail(this.#level)
    const removed = new Set(this.documents().map(({ document }) => document.id)).size
    this.#reset()
    return Result.succeed(removed)
  }

  /** What a query finds, and whether it was remembered. */
  query(
    query: Query
  ): Result.Result<
    { readonly found: Found; readonly cached: boolean },
    Extract<Refusal, { readonly _tag: "Paused" | "Missing" }>
  > {
    if (this.#level === "critical") return Result.fail({ _tag: "Paused", level: this.#level })
    const remembered = this.#cache.get(query)
    if (remembered !== undefined) return Result.succeed({ found: remembered, cached: true })
    if (this.#level === "high") return Result.fail({ _tag: "Paused", level: this.#level })
    if (this.#index === undefined) return Result.fail({ _tag: "Missing" })
    const found = run(this.#index, this.#settings, query, this.#scores)
    this.#cache.put(query, found, this.#settings.cachedQueries)
    return Result.succeed({ found, cached: false })
  }

  /** The name of a document that a query has found. */
  nameOf(document: number): string {
    return this.#index?.at(document)?.id ?? ""
  }

  /** All documents, those that wait last, each with whether it waits. */
  documents(): ReadonlyArray<{ readonly document: Document; readonly queued: boolean }> {
    return [
      ...(this.#index?.documents() ?? this.#dropped).map((document) => ({ document, queued: false })),
      ...this.#queue.map(({ document }) => ({ document, queued: true }))
    ]
  }

  health(): HealthStatus {
    if (this.#index === undefined) {
      return isTight(this.#level)
        ? { _tag: "Degraded", reason: "The index was dropped to free memory; its documents are kept." }
        : { _tag: "Unhealthy", reason: "The index was dropped and has to be built again." }
    }
    return this.#level === "normal" && this.#queue.length > 0
      ? { _tag: "Degraded", reason: `${this.#queue.length} documents wait to be indexed: the budget is used up.` }
      : { _tag: "Healthy" }
  }

  respond(level: PressureLevel): void {
    this.#level = level
    if (level === "normal") this.#indexQueued()
  }

  /** Drops what can be made again; the documents stay. */
  shed(): void {
    if (this.#index !== undefined) this.#dropped = this.#index.documents()
    this.#index = undefined
    this.#cache.clear()
    this.#scores = new Scores()
  }

  /** Builds the index again, unless memory is scarce. */
  heal(): boolean {
    if (isTight(this.#level)) return false
    this.#index = SearchIndex.of(this.#settings.fields.length, this.#index?.documents() ?? this.#dropped)
    this.#dropped = []
    this.#cache.clear()
    if (this.#level === "normal") this.#indexQueued()
    return true
  }

  /** Gives everything back. */
  end(): void {
    this.#reset()
    this.#level = "normal"
    this.#cache = new QueryCache()
  }

  set(name: string, value: Schema.Json): Result.Result<void, string> {
    return Result.map(set(this.#settings, name, value), (settings) => {
      this.#settings = settings
      if (name === "k" || name === "b" || name === "d") this.#cache.clear()
      this.#cache.shrink(settings.cachedQueries)
    })
  }

  /** What the service says of itself; the output of `search.stats`. */
  figures() {
    const index = this.#index
    return {
      documents: index?.size ?? this.#dropped.length,
      queued: this.#queue.length,
      terms: index?.terms ?? 0,
      postings: index?.postings ?? 0,
      usedBytes: this.#used(),
      budgetBytes: budgetOf(this.#settings),
      cachedQueries: this.#cache.size,
      cacheHits: this.#cache.hits,
      cacheMisses: this.#cache.misses,
      ready: index !== undefined,
      level: this.#level
    }
  }

  #used(): number {
    const content = this.#index?.bytes ??
      this.#dropped.reduce((sum, document) => sum + cost.ofDocument(document), 0)
    return content + bytesOf(this.#queue)
  }

  #reset(): void {
    this.#index = new SearchIndex(this.#settings.fields.length)
    this.#dropped = []
    this.#queue = []
    this.#cache.clear()
    this.#scores = new Scores()
  }

  /** Indexes what waits, as far as the budget goes. */
  #indexQueued(): void {
    const index = this.#index
    if (index === undefined || this.#queue.length === 0) return
    const budget = budgetOf(this.#settings)
    const still: Array<Waiting> = []
    let queued = bytesOf(this.#queue)
    for (const waiting of this.#queue) {
      queued -= waiting.bytes
      const batch = index.read([waiting.document], Math.max(0, budget - queued))
      if (batch._tag === "Batch") index.put(batch)
      else {
        queued += waiting.bytes
        still.push(waiting)
      }
    }
    this.#queue = still
    this.#cache.clear()
  }
}

const bytesOf = (waiting: ReadonlyArray<Waiting>): number => waiting.reduce((sum, { bytes }) => sum + bytes, 0)
