/** In JSON there is a minus zero; `JSON.stringify` alone makes it a plain one. */
const rawJSON = (JSON as { readonly rawJSON?: (text: string) => unknown }).rawJSON

const hasMinusZero = (value: unknown): boolean => {
  if (typeof value === "number") return Object.is(value, -0)
  if (typeof value !== "object" || value === null) return false
  return Array.isArray(value) ? value.some(hasMinusZero) : Object.values(value).some(hasMinusZero)
}

/**
 * JSON data as text, without losing the sign of zero.
 *
 * @internal
 */
export const toText = (value: unknown): string =>
  rawJSON !== undefined && hasMinusZero(value)
    ? JSON.stringify(value, (_, item) => Object.is(item, -0) ? rawJSON("-0") : item)
    : JSON.stringify(value) ?? "null"
