import type { ParseResult } from "oxc-parser"

/** @internal */
export type Language = "ts" | "tsx" | "js" | "jsx"

/** @internal */
export const languageOf = (file: string): Language => {
  const [, kind, x] = /\.[cm]?([jt]s)(x?)$/.exec(file) ?? [undefined, "js", ""]
  return `${kind as "ts" | "js"}${x as "x" | ""}`
}

type Parse = (file: string, source: string, options: { readonly lang: Language }) => ParseResult

/**
 * Marks the definitions of a module as free of side effects, so that a bundler leaves out those that nobody uses.
 *
 * `const Note = Operation.make(…)` is a call, and a bundler keeps calls: a file with ten definitions would bring all ten.
 * What a top-level name is made of by Effect and by opbus is therefore wrapped as a pure function that is called at once;
 * the bundler unwraps what is used.
 *
 * Invariant: only calls of imports from Effect and opbus count, and none that runs something.
 *
 * @internal
 */
export const markPure = (parse: Parse, file: string, source: string): string => {
  const { errors, program } = parse(file, source, { lang: languageOf(file) })
  // The bundler says it better.
  if (errors.length > 0) return source
  const body = program.body as unknown as ReadonlyArray<Node>
  const known = importsOf(body, file)
  const edits: Array<{ readonly at: number; readonly text: string }> = []
  const wrap = (node: Node | null | undefined) => {
    if (node === null || node === undefined || !isPure(node, known)) return
    edits.push({ at: node.start, text: "(/* @__PURE__ */ (() => (" }, { at: node.end, text: "))())" })
  }
  for (const statement of body) {
    const declaration = statement.type === "ExportNamedDeclaration" || statement.type === "ExportDefaultDeclaration"
      ? statement["declaration"] as Node | null
      : statement
    if (declaration?.type === "VariableDeclaration") {
      for (const { id, init } of declaration["declarations"] as ReadonlyArray<{ id: Node; init: Node | null }>) {
        if (id.type === "Identifier") wrap(init)
      }
    } else if (declaration?.type === "ClassDeclaration") {
      wrap(declaration["superClass"] as Node | null)
      for (const member of (declaration["body"] as { readonly body: ReadonlyArray<Node> }).body) {
        if (member.type === "PropertyDefinition" && member["static"] === true) wrap(member["value"] as Node | null)
      }
    } else if (statement.type === "ExportDefaultDeclaration") {
      wrap(declaration)
    }
  }
  return edits.reduceRight((text, { at, text: inserted }) => text.slice(0, at) + inserted + text.slice(at), source)
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

/** The names that a module imports from Effect and from opbus; inside opbus, from its own files. */
const importsOf = (body: ReadonlyArray<Node>, file: string): ReadonlySet<string> => {
  const names = new Set<string>()
  const own = /\/opbus\/|\/src\/(?:operation|remote|protocol|history|internal|sql)\//.test(file)
  for (const statement of body) {
    if (statement.type !== "ImportDeclaration") continue
    const { value } = statement["source"] as { readonly value: string }
    if (!/^(?:effect|opbus|@effect\/[\w-]+)(?:\/|$)/.test(value) && !own) continue
    for (const { local } of statement["specifiers"] as ReadonlyArray<{ readonly local: { readonly name: string } }>) {
      names.add(local.name)
    }
  }
  return names
}

const methods = new Set(["annotate", "annotateMerge", "check", "pipe", "toLayer", "toLayerLazy"])

const isPure = (node: Node, known: ReadonlySet<string>): boolean => {
  switch (node.type) {
    case "ParenthesizedExpression":
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
    case "TSInstantiationExpression":
      return isPure(node["expression"] as Node, known)
    case "CallExpression":
      return isPureCallee(node["callee"] as Node, known) && !waits(node)
    default:
      return false
  }
}

const isPureCallee = (callee: Node, known: ReadonlySet<string>): boolean => {
  switch (callee.type) {
    case "Identifier":
      return known.has(callee["name"] as string)
    // `Context.Service<…>()("…")`
    case "CallExpression":
      return isPure(callee, known)
    case "MemberExpression": {
      const property = callee["property"] as Node
      const name = property["name"]
      if (callee["computed"] === true || typeof name !== "string" || /^run|Unsafe$/.test(name)) return false
      const object = callee["object"] as Node
      if (methods.has(name)) return true
      return object.type === "Identifier" ? known.has(object["name"] as string) : isPure(object, known)
    }
    default:
      return false
  }
}

/** Whether something at this level waits: it cannot be moved into a function. */
const waits = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false
  if (Array.isArray(value)) return value.some(waits)
  const { type } = value as Node
  if (type === "AwaitExpression" || type === "YieldExpression") return true
  if (typeof type === "string" && /Function/.test(type)) return false
  return Object.values(value).some(waits)
}
