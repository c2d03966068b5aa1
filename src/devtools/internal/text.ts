/**
 * A text as one line that is not too long.
 *
 * @internal
 */
export const oneLine = (text: string, length = 500): string => {
  const line = text.trim().split("\n", 1)[0]!
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`
}
