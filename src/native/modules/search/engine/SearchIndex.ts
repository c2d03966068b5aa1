/**
 * A full-text index: documents by their words, ranked by BM25+.
 *
 * `native/core/src/modules/search/engine/index.rs` does the same, operation by operation, so that both give the same scores
 * to the last bit.
 */
import * as cost from "./cost.ts"
import { Dictionary } from "./Dictionary.ts"
import { grown, type List, Pool } from "./Pool.ts"
import { eachTerm } from "./terms.ts"

/** No index has more fields than this. */
export const mostFields = 16

/** What a small index keeps though it does not need it is not worth the work. */
const small = 2 ** 20

/** A document, with its text by the number of the field. */
export interface Document {
  readonly id: string
  readonly texts: ReadonlyArray<string>
}

interface Term {
  readonly field: number
  readonly term: number
  count: number
}

/** Documents that have been read and can be put in. */
export interface Batch {
  readonly _tag: "Batch"
  readonly reads: ReadonlyArray<{
    readonly document: Document
    readonly terms: ReadonlyArray<Term>
    /** What the index will take more for it. */
    readonly bytes: number
  }>
  /** How long the dictionary was before. */
  readonly known: number
  /** What the index will take more. */
  readonly bytes: number
}

/** What a batch did not fit into. */
export interface TooLarge {
  readonly _tag: "TooLarge"
  readonly needed: number
}

export class SearchIndex {
  readonly fields: number
  #dictionary = new Dictionary()
  #pool = new Pool()
  #lists: Array<List> = []
  /** For each term and field: in how many documents it occurs. */
  #occurrences = new Uint32Array(0)
  /** By number; numbers grow in the order of addition. */
  #documents: Array<Document | undefined> = []
  /** For each document and field: how many different terms it has. */
  #lengths = new Uint32Array(0)
  #numbers = new Map<string, number>()
  /** For each field, over all documents. */
  #totalLengths: Array<number>
  #liveTerms = 0
  #postings = 0
  #bytes = 0
  /** The most that `#bytes` has been since everything was built. */
  #mostBytes = 0
  /** How often each term has been seen in what is being read; all zero between calls. */
  #counts = new Uint32Array(0)

  constructor(fields: number) {
    this.fields = fields
    this.#totalLengths = Array.from({ length: fields }, () => 0)
  }

  /** An index of documents whose names are different. */
  static of(fields: number, documents: Iterable<Document>): SearchIndex {
    const index = new SearchIndex(fields)
    for (const document of documents) {
      const batch = index.read([document], Infinity)
      if (batch._tag === "Batch") index.put(batch)
    }
    return index
  }

  /** How many documents there are. */
  get size(): number {
    return this.#numbers.size
  }
  get terms(): number {
    return this.#liveTerms
  }
  get postings(): number {
    return this.#postings
  }
  /** What the documents and the index take, by the figures of `cost`. */
  get bytes(): number {
    return this.#bytes
  }
  /** How many numbers have been given to documents. */
  get numbers(): number {
    return this.#documents.length
  }
  get dictionary(): Dictionary {
    return this.#dictionary
  }
  /** The document of a number. */
  at(number: number): Document | undefined {
    return this.#documents[number]
  }
  /** In the order of addition. */
  documents(): ReadonlyArray<Document> {
    return this.#documents.filter((document) => document !== undefined)
  }
  lengthOf(document: number, field: number): number {
    return this.#lengths[document * this.fields + field]!
  }
  averageLength(field: number): number {
    return this.#totalLengths[field]! / this.size
  }
  occurrences(term: number, field: number): number {
    return this.#occurrences[term * this.fields + field]!
  }
  listOf(term: number): List {
    return this.#lists[term]!
  }
  /** Where the postings of all lists are. */
  get words(): Uint32Array {
    return this.#pool.words
  }

  /**
   * Reads documents, whose names have to be different, as long as what the index will take stays below `most`. The batch has
   * to be put in or forgotten before anything else happens.
   */
  read(documents: ReadonlyArray<Document>, most: number): Batch | TooLarge {
    const known = this.#dictionary.size
    const reads: Array<Batch["reads"][number]> = []
    const fresh = new Set<number>()
    let all = 0
    let freed = 0
    for (const document of documents) {
      let bytes = cost.ofDocument(document)
      const before = this.#numbers.get(document.id)
      if (before !== undefined) freed += this.#costOf(before)
      const terms = this.#readTerms(document)
      for (const { term } of terms) {
        if ((this.#lists[term]?.length ?? 0) > 0 || fresh.has(term)) continue
        fresh.add(term)
        bytes += cost.ofTerm(this.#dictionary.term(term), this.fields)
      }
      bytes += cost.ofPostings(terms.length)
      all += bytes
      reads.push({ document, terms, bytes })
      if (this.#bytes + all - freed > most) {
        this.#dictionary.truncate(known)
        return { _tag: "TooLarge", needed: all }
      }
    }
    return { _tag: "Batch", reads, known, bytes: all }
  }

  /** Undoes `read`. */
  forget(batch: Batch): void {
    this.#dictionary.truncate(batch.known)
  }

  /** Puts a batch in, and says how many documents took the place of others. */
  put(batch: Batch): number {
    let replaced = 0
    // All of them first: tidying up gives terms other numbers, and these are in the batch.
    for (const { document } of batch.reads) if (this.#takeOut(document.id)) replaced++
    while (this.#lists.length < this.#dictionary.size) this.#lists.push({ start: 0, length: 0 })
    this.#occurrences = grown(this.#occurrences, this.#dictionary.size * this.fields)
    for (const { document, terms } of batch.reads) this.#putOne(document, terms)
    this.#tidyUp()
    return replaced
  }

  #putOne(document: Document, terms: ReadonlyArray<Term>): void {
    const { fields } = this
    const number = this.#documents.length
    this.#bytes += cost.ofDocument(document) + cost.ofPostings(terms.length)
    this.#postings += terms.length
    this.#lengths = grown(this.#lengths, (number + 1) * fields)
    for (const { count, field, term } of terms) {
      const list = this.#lists[term]!
      if (list.length === 0) {
        this.#liveTerms++
        this.#bytes += cost.ofTerm(this.#dictionary.term(term), fields)
      }
      this.#pool.push(list, number, field, count)
      this.#occurrences[term * fields + field]! += 1
      this.#lengths[number * fields + field]! += 1
      this.#totalLengths[field]! += 1
    }
    this.#numbers.set(document.id, number)
    this.#documents.push(document)
  }

  /** Removes a document and says whether it was there. */
  remove(id: string): boolean {
    const removed = this.#takeOut(id)
    this.#tidyUp()
    return removed
  }

  #takeOut(id: string): boolean {
    const { fields } = this
    const number = this.#numbers.get(id)
    const document = number === undefined ? undefined : this.#documents[number]
    if (number === undefined || document === undefined) return false
    this.#numbers.delete(id)
    this.#documents[number] = undefined
    const terms = this.#readTerms(document)
    this.#bytes -= cost.ofDocument(document) + cost.ofPostings(terms.length)
    this.#postings -= terms.length
    for (const { field, term } of terms) {
      const list = this.#lists[term]!
      this.#pool.remove(list, number, field)
      this.#occurrences[term * fields + field]! -= 1
      this.#totalLengths[field]! -= 1
      if (list.length === 0) {
        this.#liveTerms--
        this.#bytes -= cost.ofTerm(this.#dictionary.term(term), fields)
      }
    }
    return true
  }

  /** Builds the index anew when much of it belongs to what is no longer there. */
  #tidyUp(): void {
    const deadTerms = this.#dictionary.size - this.#liveTerms
    const deadDocuments = this.#documents.length - this.size
    this.#mostBytes = Math.max(this.#mostBytes, this.#bytes)
    if (
      deadTerms > 256 + Math.floor(this.#liveTerms / 4) || deadDocuments > 256 + this.size ||
      this.#mostBytes > small + 2 * this.#bytes
    ) this.rebuild()
  }

  /** Builds everything again from the documents. */
  rebuild(): void {
    const other = SearchIndex.of(this.fields, this.documents())
    this.#dictionary = other.#dictionary
    this.#pool = other.#pool
    this.#lists = other.#lists
    this.#occurrences = other.#occurrences
    this.#documents = other.#documents
    this.#lengths = other.#lengths
    this.#numbers = other.#numbers
    this.#totalLengths = other.#totalLengths
    this.#liveTerms = other.#liveTerms
    this.#postings = other.#postings
    this.#bytes = other.#bytes
    this.#mostBytes = other.#mostBytes
    this.#counts = other.#counts
  }

  /** What removing a document frees at least. */
  #costOf(number: number): number {
    let postings = 0
    for (let field = 0; field < this.fields; field++) postings += this.lengthOf(number, field)
    return cost.ofDocument(this.#documents[number]!) + cost.ofPostings(postings)
  }

  /** The different terms of a document, by field, each with how often it occurs. */
  #readTerms(document: Document): ReadonlyArray<Term> {
    const terms: Array<Term> = []
    for (const [field, text] of document.texts.entries()) {
      const first = terms.length
      eachTerm(text, (term) => {
        const number = this.#dictionary.number(term)
        if (number >= this.#counts.length) this.#counts = grown(this.#counts, number + 1)
        if (this.#counts[number] === 0) terms.push({ field, term: number, count: 0 })
        this.#counts[number]! += 1
      })
      for (let i = first; i < terms.length; i++) {
        const term = terms[i]!
        term.count = this.#counts[term.term]!
        this.#counts[term.term] = 0
      }
    }
    return terms
  }
}
