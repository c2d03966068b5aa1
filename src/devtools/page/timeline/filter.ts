import type { InvocationRow, InvocationStatus } from "../../../reactivity/InvocationTable.ts"

export const kinds = ["changes", "reads"] as const

/** What may change something, or what only reads. */
export type Kind = (typeof kinds)[number]

/** What of the timeline to show. */
export interface Filter {
  /** Words that all occur; "in quotes" as a whole, with a dash in front not at all. */
  readonly text: string
  /** Whether the operation only reads. */
  readonly kind: Kind | undefined
  readonly status: InvocationStatus | undefined
  readonly origin: InvocationRow["origin"] | undefined
  /** The key of an operation. */
  readonly operation: string | undefined
  /** What was caused by this invocation, and it itself. */
  readonly root: string | undefined
}

export const statuses: ReadonlyArray<InvocationStatus> = ["running", "succeeded", "failed", "refused", "interrupted"]

export const origins: ReadonlyArray<InvocationRow["origin"]> = [
  "user",
  "remote",
  "undo",
  "redo",
  "followup",
  "trigger",
  "agent"
]

/** The filter in the query of an address. */
export const readFilter = (query: URLSearchParams): Filter => ({
  text: (query.get("q") ?? "").slice(0, 1_000),
  kind: kinds.find((kind) => kind === query.get("kind")),
  status: statuses.find((status) => status === query.get("status")),
  origin: origins.find((origin) => origin === query.get("origin")),
  operation: query.get("operation") ?? undefined,
  root: query.get("root") ?? undefined
})

/** The query of a filter. */
export const writeFilter = ({ kind, operation, origin, root, status, text }: Filter): Record<string, string> => ({
  ...(text === "" ? {} : { q: text }),
  ...(kind === undefined ? {} : { kind }),
  ...(status === undefined ? {} : { status }),
  ...(origin === undefined ? {} : { origin }),
  ...(operation === undefined ? {} : { operation }),
  ...(root === undefined ? {} : { root })
})

export const isEmpty = (filter: Filter): boolean => Object.keys(writeFilter(filter)).length === 0

/** One word of a search. */
export interface Term {
  readonly text: string
  readonly not: boolean
}

/** The words of a search, in small letters. */
export const termsOf = (text: string): ReadonlyArray<Term> =>
  Array.from(text.toLowerCase().matchAll(/(-?)(?:"([^"]*)"?|(\S+))/g), ([, dash, quoted, word]): Term => ({
    text: quoted ?? word ?? "",
    not: dash === "-"
  })).filter((term) => term.text !== "")

/** How much of an input, an output and a cause is searched. */
export const searchedLength = 4_000

/** What is searched of an invocation, in small letters, and about how many characters all of it has. */
export interface Searched {
  readonly text: string
  readonly size: number
}

/** Made once per message. */
export const searchedOf = ({ actor, cause, id, input, key, output, progress }: InvocationRow): Searched => {
  const parts = [key, actor ?? "", id]
  let size = 200
  for (const value of [input, output, cause, progress]) {
    if (value === undefined || value === null) continue
    const text = typeof value === "string" ? value : JSON.stringify(value) ?? ""
    size += text.length
    parts.push(text.length <= searchedLength ? text : text.slice(0, searchedLength))
  }
  return { text: parts.join("\n").toLowerCase(), size }
}

/** The predicate of a filter; `undefined` when everything is shown. `labels`: what operations are called, by key. */
export const predicateOf = (
  filter: Filter,
  labels: ReadonlyMap<string, string>
): ((row: InvocationRow, text: string) => boolean) | undefined => {
  if (isEmpty(filter)) return undefined
  const { kind, operation, origin, root, status } = filter
  const terms = termsOf(filter.text).map(({ not, text }) => ({
    not,
    text,
    keys: new Set(
      Array.from(labels).filter(([, label]) => label.toLowerCase().includes(text)).map(([key]) => key)
    )
  }))
  return (row, text) =>
    (kind === undefined || (row.readonly === true) === (kind === "reads")) &&
    (status === undefined || row.status === status) &&
    (origin === undefined || row.origin === origin) &&
    (operation === undefined || row.key === operation) &&
    (root === undefined || row.rootId === root || row.id === root) &&
    terms.every((term) => (term.keys.has(row.key) || text.includes(term.text)) !== term.not)
}
