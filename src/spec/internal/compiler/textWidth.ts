/** Texts without these are as wide as they are long. */
// oxlint-disable-next-line no-control-regex
const plain = /^[\x20-\u02ff]*$/

const wide =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{1f200}-\u{1f320}\u{20000}-\u{3fffd}]/u
const absent = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u

/**
 * The columns that a text takes: two for the wide characters of East Asia and for emoji, none for what combines.
 *
 * @internal
 */
export const textWidth = (text: string): number => {
  if (plain.test(text)) return text.length
  let width = 0
  for (const character of text) width += wide.test(character) ? 2 : absent.test(character) ? 0 : 1
  return width
}
