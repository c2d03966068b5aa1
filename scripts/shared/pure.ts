import { decode, encode } from "@jridgewell/sourcemap-codec"
import { parseSync, Visitor } from "oxc-parser"

const mark = "/*#__PURE__*/ "
const declarations = new Set<string>([
  "VariableDeclaration",
  "ClassDeclaration",
  "ExportNamedDeclaration",
  "ExportDefaultDeclaration"
])

/**
 * Marks every call that runs while the module loads, and whose value is kept, as free of side effects, so that bundlers
 * can drop what nobody uses. What `sideEffects: false` says of a module, this says of its declarations. A call that is a
 * statement of its own, or inside one, is there for its effect and stays unmarked.
 */
export const annotatePure = (
  file: string,
  code: string
): { readonly code: string; readonly offsets: Array<number> } => {
  const { program } = parseSync(file, code)
  const offsets = new Set<number>()
  let depth = 0
  const enter = () => void depth++
  const exit = () => void depth--
  const call = (node: { readonly start: number }) => void (depth === 0 && offsets.add(node.start))
  const visitor = new Visitor({
    FunctionDeclaration: enter,
    "FunctionDeclaration:exit": exit,
    FunctionExpression: enter,
    "FunctionExpression:exit": exit,
    ArrowFunctionExpression: enter,
    "ArrowFunctionExpression:exit": exit,
    StaticBlock: enter,
    "StaticBlock:exit": exit,
    CallExpression: call,
    NewExpression: call
  })
  visitor.visit({ ...program, body: program.body.filter((statement) => declarations.has(statement.type)) })
  const sorted = [...offsets].sort((a, b) => a - b)
  let out = ""
  let from = 0
  for (const offset of sorted) {
    out += code.slice(from, offset) + mark
    from = offset
  }
  return { code: out + code.slice(from), offsets: sorted }
}

/** Moves the columns of a source map by the marks that were put in front of them. */
export const shiftMap = (map: string, code: string, offsets: ReadonlyArray<number>): string => {
  const json = JSON.parse(map)
  const lines = decode(json.mappings)
  const marksOf = new Map<number, Array<number>>()
  for (const offset of offsets) {
    const before = code.slice(0, offset)
    const line = before.split("\n").length - 1
    marksOf.set(line, [...marksOf.get(line) ?? [], offset - before.lastIndexOf("\n") - 1])
  }
  for (const [line, columns] of marksOf) {
    for (const segment of lines[line] ?? []) {
      segment[0] += columns.filter((column) => column <= segment[0]).length * mark.length
    }
  }
  return JSON.stringify({ ...json, mappings: encode(lines) })
}
