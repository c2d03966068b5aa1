/**
 * How text is cut into terms; `native/core/src/modules/search/engine/terms.rs` does exactly the same.
 *
 * A term is a run of letters, digits and marks, in lower case and without accents. Characters of scripts that are written
 * without spaces between words (Han, Hiragana, Katakana) are terms of their own. A term ends after 63 characters; the rest
 * of such a word is left out.
 *
 * @since 0.1.0
 */
import * as tables from "./tables.ts"

/** No term has more characters than this. */
export const longestTerm = 63

const kinds = { separator: 0, word: 1, single: 2, ignored: 3 } as const

interface Runs {
  readonly from: Int32Array
  readonly to: Int32Array
  /** The class, or the step of a fold. */
  readonly kind: Int32Array
  readonly delta: Int32Array
}

const unpack = (text: string): Runs => {
  const rows = text.split(" ")
  const runs: Runs = {
    from: new Int32Array(rows.length),
    to: new Int32Array(rows.length),
    kind: new Int32Array(rows.length),
    delta: new Int32Array(rows.length)
  }
  let at = 0
  for (const [i, row] of rows.entries()) {
    const [distance = 0, length = 0, kind = 0, delta = 0] = row.split(",").map((n) => Number.parseInt(n, 36))
    runs.from[i] = at + distance
    runs.to[i] = at = at + distance + length
    runs.kind[i] = kind
    runs.delta[i] = delta
  }
  return runs
}

let unpacked: { readonly classes: Runs; readonly folds: Runs } | undefined
const runs = () => unpacked ??= { classes: unpack(tables.classes), folds: unpack(tables.folds) }

/** The number of the run that holds a character, or -1. */
const find = ({ from, to }: Runs, code: number): number => {
  let low = 0
  let high = from.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    if (code < from[middle]!) high = middle - 1
    else if (code > to[middle]!) low = middle + 1
    else return middle
  }
  return -1
}

const classOf = (code: number): number => {
  const { classes } = runs()
  const at = find(classes, code)
  return at < 0 ? kinds.separator : classes.kind[at]!
}

const fold = (code: number): number => {
  const { folds } = runs()
  const at = find(folds, code)
  return at < 0 || (code - folds.from[at]!) % folds.kind[at]! !== 0 ? code : code + folds.delta[at]!
}

/** For ASCII: 0 ends a term, 1 belongs to one as it is, 2 is a capital letter. */
const ascii = Uint8Array.from(
  { length: 128 },
  (_, code) => (code >= 48 && code <= 57) || (code >= 97 && code <= 122) ? 1 : code >= 65 && code <= 90 ? 2 : 0
)

/**
 * Calls `found` with each term of `text`, in order.
 *
 * @category terms
 * @since 0.1.0
 */
export const eachTerm = (text: string, found: (term: string) => void): void => {
  const { length } = text
  let at = 0
  while (at < length) {
    // Most words are ASCII: a slice of the text, in lower case.
    const start = at
    let kinds = 0
    let code = 0
    while (at < length && (code = text.charCodeAt(at)) < 128) {
      const kind = ascii[code]!
      if (kind === 0) break
      kinds |= kind
      at++
    }
    if (at === length || code < 128) {
      if (at > start) {
        const word = text.slice(start, Math.min(at, start + longestTerm))
        found(kinds >= 2 ? word.toLowerCase() : word)
      }
      at++
    } else {
      at = slowWord(text, start, found)
    }
  }
}

/** Reads the word that begins at `start` and says where it ends. */
const slowWord = (text: string, start: number, found: (term: string) => void): number => {
  let term = ""
  let count = 0
  let at = start
  while (at < text.length) {
    const code = text.codePointAt(at)!
    const kind = classOf(code)
    if (kind === kinds.separator) break
    at += code > 0xffff ? 2 : 1
    if (kind === kinds.ignored) continue
    if (kind === kinds.single) {
      if (count > 0) found(term)
      found(String.fromCodePoint(fold(code)))
      return at
    }
    if (count < longestTerm) term += String.fromCodePoint(fold(code))
    count++
  }
  if (count > 0) found(term)
  return at === start ? start + (text.codePointAt(start)! > 0xffff ? 2 : 1) : at
}

/**
 * The terms of `text`, in order, repeated ones as well.
 *
 * @category terms
 * @since 0.1.0
 */
export const termsOf = (text: string): Array<string> => {
  const all: Array<string> = []
  eachTerm(text, (term) => all.push(term))
  return all
}
