/**
 * Two changes of one text, put together. What was typed is never lost: where both changed the same place, what was typed
 * comes after what is there now.
 */

interface Change {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** What stands between `from` and `to` has become `text`; everything around it is the same. */
const changeOf = (before: string, after: string): Change => {
  const shorter = Math.min(before.length, after.length)
  let from = 0
  while (from < shorter && before[from] === after[from]) from++
  if (isHigh(before.charCodeAt(from - 1))) from--
  let tail = 0
  while (tail < shorter - from && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++
  if (tail > 0 && isLow(before.charCodeAt(before.length - tail))) tail--
  return { from, to: before.length - tail, text: after.slice(from, after.length - tail) }
}

// A character beyond the first 65,536 is two code units, which stay together.
const isHigh = (code: number) => code >= 0xd800 && code <= 0xdbff
const isLow = (code: number) => code >= 0xdc00 && code <= 0xdfff

/** `typed` and `theirs` were both made of `base`. */
export const merge = (base: string, typed: string, theirs: string): string => {
  if (typed === base || typed === theirs) return theirs
  if (theirs === base) return typed
  const mine = changeOf(base, typed)
  const other = changeOf(base, theirs)
  if (mine.to <= other.from && mine.from < other.from) {
    return base.slice(0, mine.from) + mine.text + base.slice(mine.to, other.from) + other.text + base.slice(other.to)
  }
  const between = base.slice(other.to, Math.max(mine.from, other.to))
  return base.slice(0, Math.min(mine.from, other.from)) + other.text + between + mine.text +
    base.slice(Math.max(mine.to, other.to))
}

/** Where a caret stands after the text around it has changed. */
export const follow = (caret: number, before: string, after: string): number => {
  const { from, text, to } = changeOf(before, after)
  if (caret <= from) return caret
  return caret >= to ? caret + text.length - (to - from) : Math.min(caret, from + text.length)
}
