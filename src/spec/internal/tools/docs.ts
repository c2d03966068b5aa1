import type { AnyNode } from "./ast.ts"
import type { Module } from "./module.ts"

/** Reads the descriptions in `/** … *\/` comments. */
export const makeDocs = () => {
  const known = new WeakMap<Module, ReadonlyMap<number, string>>()
  return (module: Module, node: AnyNode, tags: "cut" | "keep" = "cut"): string | undefined => {
    let docs = known.get(module)
    if (docs === undefined) {
      docs = index(module)
      known.set(module, docs)
    }
    const text = docs.get(node.start)
    return text === undefined || tags === "keep" ? text : withoutTags(text)
  }
}

/** The comments of a file, by the offset of what follows them. */
const index = (module: Module): ReadonlyMap<number, string> => {
  const found = new Map<number, string>()
  const { comments, text } = module.source
  for (const { end, type, value } of comments) {
    if (type !== "Block" || !value.startsWith("*")) continue
    const next = /\S/g
    next.lastIndex = end
    const at = next.exec(text)?.index
    if (at !== undefined) found.set(at, clean(value.slice(1)))
  }
  return found
}

/** Without the stars. */
const clean = (comment: string): string =>
  comment.split("\n").map((line, index) => index === 0 ? line.trim() : line.replace(/^\s*\*? ?/, "").trimEnd()).join(
    "\n"
  )
    .trim().replaceAll("*\\/", "*/")

/** A description is the text before the first tag. */
const withoutTags = (text: string): string => {
  const lines = text.split("\n")
  const end = lines.findIndex((line) => /^@\w/.test(line))
  return end === -1 ? text : lines.slice(0, end).join("\n").trim()
}
