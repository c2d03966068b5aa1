/** How much of a value is looked at. */
const partsLimit = 6

const textLimit = 60

/** The beginning of a value on one line: `id: "n1", title: "Shopping"`. What is large is never looked at as a whole. */
export const previewText = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return scalar(value)
  if (Array.isArray(value)) return `[${listed(value.slice(0, partsLimit).map(inner), value.length)}]`
  const parts: Array<string> = []
  let count = 0
  for (const name in value) {
    if (count++ >= partsLimit) break
    parts.push(`${cut(name)}: ${inner((value as Record<string, unknown>)[name])}`)
  }
  return listed(parts, count)
}

const listed = (parts: ReadonlyArray<string>, count: number): string =>
  count > parts.length ? `${parts.join(", ")}, …` : parts.join(", ")

const inner = (value: unknown): string =>
  typeof value !== "object" || value === null ? scalar(value) : Array.isArray(value) ? `[${value.length}]` : "{…}"

const scalar = (value: unknown): string => typeof value === "string" ? `"${cut(value)}"` : String(value)

const cut = (text: string): string =>
  (text.length > textLimit ? `${text.slice(0, textLimit)}…` : text).replaceAll("\n", " ")
