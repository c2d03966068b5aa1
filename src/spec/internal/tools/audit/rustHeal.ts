/**
 * Finds `fn heal` in Rust, and whether its body is a constant. Comments and strings are blanked first, so that braces in
 * them do not count.
 */
export const rustHeals = (text: string): ReadonlyArray<{ readonly line: number; readonly constant: boolean }> => {
  const code = blanked(text)
  const found: Array<{ readonly line: number; readonly constant: boolean }> = []
  const signature = /\bfn\s+heal\s*\(\s*&(?:'\w+\s+)?self\s*,?\s*\)\s*->\s*bool\s*\{/g
  for (let match = signature.exec(code); match !== null; match = signature.exec(code)) {
    const start = match.index + match[0].length
    const end = closing(code, start)
    const body = code.slice(start, end).trim()
    found.push({
      line: code.slice(0, match.index).split("\n").length,
      constant: /^(?:return\s+)?(?:true|false)\s*;?$/.test(body) ||
        /^(?:todo|unimplemented|unreachable|panic)!/.test(body)
    })
  }
  return found
}

const closing = (code: string, start: number): number => {
  let depth = 1
  for (let at = start; at < code.length; at++) {
    if (code[at] === "{") depth++
    else if (code[at] === "}" && --depth === 0) return at
  }
  return code.length
}

const token = /\/\/[^\n]*|\/\*|r(#*)"|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\\n])'/g

/** The text with spaces instead of comments and literals, in as many lines. */
const blanked = (text: string): string => {
  let result = ""
  let from = 0
  token.lastIndex = 0
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    let end = token.lastIndex
    if (match[0] === "/*") end = afterComment(text, end)
    else if (match[1] !== undefined) {
      const close = text.indexOf(`"${match[1]}`, end)
      end = close === -1 ? text.length : close + 1 + match[1].length
    }
    result += text.slice(from, match.index) + text.slice(match.index, end).replace(/[^\n]/g, " ")
    from = end
    token.lastIndex = end
  }
  return result + text.slice(from)
}

/** Block comments of Rust nest. */
const afterComment = (text: string, start: number): number => {
  const edge = /\/\*|\*\//g
  edge.lastIndex = start
  let depth = 1
  for (let match = edge.exec(text); match !== null; match = edge.exec(text)) {
    depth += match[0] === "/*" ? 1 : -1
    if (depth === 0) return edge.lastIndex
  }
  return text.length
}
