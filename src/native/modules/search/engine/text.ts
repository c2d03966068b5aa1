/**
 * Lengths and order of strings as Rust has them: by characters, not by halves of them.
 */

/** How many bytes a text takes in UTF-8. */
export const utf8Length = (text: string): number => {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // Two surrogates are four bytes together.
    if (unit >= 0x80) bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}

const isHalf = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff

/** How many characters a text has. */
export const characters = (text: string): number => {
  let count = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) count--
  return count
}

/** Orders texts by their characters. */
export const compare = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    // Characters beyond the first 65536 come after all others, but their halves do not.
    if (x !== y) return (isHalf(x) ? x + 0x10000 : x) - (isHalf(y) ? y + 0x10000 : y)
  }
  return a.length - b.length
}
