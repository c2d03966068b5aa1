import { lineOf, parseJson, placeOf } from "../../front/jsonText.ts"

/**
 * Where the text of a spec says what a path of a breaking change means, such as `params.subsystem`; where that is gone, the
 * nearest thing around it.
 *
 * @internal
 */
export const placeInSpec = (text: string, path: string): { readonly line: number; readonly column: number } => {
  const parsed = parseJson(text)
  if (parsed._tag !== "Value" || path === "") return { line: 1, column: 1 }
  const found: Array<string | number> = []
  let value: unknown = parsed.value
  for (const part of path.replaceAll(/\[[^\]]*\]/g, "").split(".")) {
    const step = stepTo(value, part)
    if (step === undefined) break
    for (const key of step) value = (value as Record<string | number, unknown>)[key]
    found.push(...step)
  }
  return lineOf(text, placeOf(parsed.places, found))
}

const stepTo = (value: unknown, name: string): ReadonlyArray<string | number> | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  if (Array.isArray(value)) {
    const at = value.findIndex((item) => (item as { readonly name?: unknown } | null)?.name === name)
    return at === -1 ? undefined : [at]
  }
  if (Object.hasOwn(value, name)) return [name]
  const fields = Object.hasOwn(value, "fields") ? (value as { readonly fields: unknown }).fields : undefined
  const inner = stepTo(fields, name)
  return inner === undefined ? undefined : ["fields", ...inner]
}
