import { registerHooks } from "node:module"

/** A change of one line of the sources: `find` has to match, or the line has moved. */
export interface Edit {
  readonly file: string
  readonly find: RegExp
  readonly replace: string
}

const sources = new URL("../../../src/", import.meta.url).href
const edits = new Map<string, ReadonlyArray<Edit>>()

const textOf = (source: unknown): string =>
  typeof source === "string" ? source : new TextDecoder().decode(source as Uint8Array)

const apply = (text: string, { file, find, replace }: Edit): string => {
  if (!find.test(text)) throw new Error(`${file} has no ${find}: adjust the edits of this benchmark.`)
  return text.replace(find, replace)
}

registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context)
    const variant = context.parentURL === undefined ? null : new URL(context.parentURL).searchParams.get("variant")
    if (variant === null || !resolved.url.startsWith(sources)) return resolved
    return { ...resolved, url: `${resolved.url}?variant=${variant}` }
  },
  load: (url, context, next) => {
    const loaded = next(url, context)
    const { href, searchParams } = new URL(url)
    const changes = (edits.get(searchParams.get("variant") ?? "") ?? []).filter(({ file }) =>
      href.startsWith(`${sources}${file}?`)
    )
    return changes.length === 0 ? loaded : { ...loaded, source: changes.reduce(apply, textOf(loaded.source)) }
  }
})

/** Loads a copy of opbus of its own, with some lines changed. */
export const loadVariant = (
  name: string,
  changes: ReadonlyArray<Edit>
): Promise<typeof import("../../../src/index.ts")> => {
  edits.set(name, changes)
  return import(`${sources}index.ts?variant=${name}`)
}
