import type { CatalogueEntry } from "../../DevtoolsMessages.ts"

/** The operations of a search, grouped by the first part of their key. Every word has to occur. */
export const searchOperations = (
  operations: ReadonlyArray<CatalogueEntry>,
  text: string
): ReadonlyArray<{ readonly group: string; readonly operations: ReadonlyArray<CatalogueEntry> }> => {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "")
  const groups = new Map<string, Array<CatalogueEntry>>()
  for (const entry of operations) {
    if (words.length > 0) {
      const searched = textOf(entry)
      if (!words.every((word) => searched.includes(word))) continue
    }
    const dot = entry.json.key.lastIndexOf(".")
    const group = dot === -1 ? "" : entry.json.key.slice(0, dot)
    const members = groups.get(group)
    if (members === undefined) groups.set(group, [entry])
    else members.push(entry)
  }
  return Array.from(groups, ([group, operations]) => ({ group, operations }))
}

const textOf = ({ exposed, json, undoable }: CatalogueEntry): string =>
  [
    json.key,
    json.label ?? "",
    json.description ?? "",
    json.executionMode,
    json.stream ? "stream" : "",
    json.annotations.readonly === true ? "readonly" : "",
    undoable ? "undoable" : "",
    exposed ? "exposed" : "not exposed"
  ].join(" ").toLowerCase()
