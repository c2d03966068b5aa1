/**
 * What things take, in bytes: estimates that do not depend on what happened before, and are the same in both languages.
 * They are made for Rust; here, in TypeScript, the same things take somewhat more.
 */
import type { Document } from "./SearchIndex.ts"
import { utf8Length } from "./text.ts"

const perDocument = 200
const perField = 20
const perTerm = 36
const perTermAndField = 5
const perPosting = 18

/** A document, without what the index takes for it. */
export const ofDocument = (document: Document): number => {
  let bytes = perDocument + perField * document.texts.length + utf8Length(document.id)
  for (const text of document.texts) bytes += utf8Length(text)
  return bytes
}

/** A term that occurs somewhere. */
export const ofTerm = (term: string, fields: number): number => perTerm + perTermAndField * fields + utf8Length(term)

/** Occurrences of terms in fields of documents. */
export const ofPostings = (count: number): number => perPosting * count
