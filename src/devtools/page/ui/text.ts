/** What text from outside may do to a page: nothing. Characters that are not seen, or that turn what is around them, are named. */

/** A piece of text, or the name of a character that cannot be shown as itself. */
export type Piece = { readonly text: string } | { readonly mark: string }

/** Control and format characters, but for the ones that make lines and columns. */
const unseen = /(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/u

const names = new Map<number, string>([
  [0x00, "NUL"],
  [0x07, "BEL"],
  [0x08, "BS"],
  [0x0d, "CR"],
  [0x1b, "ESC"],
  [0x7f, "DEL"],
  [0x061c, "ALM"],
  [0x200b, "ZWSP"],
  [0x200c, "ZWNJ"],
  [0x200d, "ZWJ"],
  [0x200e, "LRM"],
  [0x200f, "RLM"],
  [0x2028, "LS"],
  [0x2029, "PS"],
  [0x202a, "LRE"],
  [0x202b, "RLE"],
  [0x202c, "PDF"],
  [0x202d, "LRO"],
  [0x202e, "RLO"],
  [0x2066, "LRI"],
  [0x2067, "RLI"],
  [0x2068, "FSI"],
  [0x2069, "PDI"],
  [0xfeff, "BOM"]
])

const nameOf = (code: number): string => names.get(code) ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`

/** The pieces of a text. Most texts are one piece. */
export const piecesOf = (text: string): ReadonlyArray<Piece> => {
  if (!unseen.test(text)) return [{ text }]
  const pieces: Array<Piece> = []
  let seen = ""
  let last = ""
  for (const character of text) {
    // A joiner or a selector inside of an emoji is part of it.
    if (
      !unseen.test(character) || (character === "\u200d" && /\p{Extended_Pictographic}|\ufe0f|\p{EMod}/u.test(last))
    ) {
      seen += character
    } else {
      if (seen !== "") pieces.push({ text: seen })
      pieces.push({ mark: nameOf(character.codePointAt(0)!) })
      seen = ""
    }
    last = character
  }
  if (seen !== "") pieces.push({ text: seen })
  return pieces
}

/** The same for places that take nothing but a string: titles, labels. */
export const plain = (text: string, limit = 200): string =>
  piecesOf(shorten(text, limit)).map((piece) => "text" in piece ? piece.text : `⟨${piece.mark}⟩`).join("")

/** At most so many characters; what is left out is said. Never cuts a character in two. */
export const shorten = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  const cut = text.slice(0, limit - 1)
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}
