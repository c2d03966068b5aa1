import type { Json } from "../../SpecIr.ts"
import { type AnyNode, argumentsOf, type Ast, bare, keyName, property, walk } from "./ast.ts"
import { constantOf, stringOf } from "./constants.ts"
import type { Module } from "./module.ts"
import { foreignOf, meaningOf } from "./names.ts"
import type { Project } from "./project.ts"

/** An operation as its definition in the code says. */
export interface FoundOperation {
  readonly module: Module
  /** The class or constant. */
  readonly name: string
  readonly key: string
  readonly node: AnyNode
  readonly statement: AnyNode
  readonly class: Ast.Class | undefined
  readonly props: Ast.ObjectExpression
  /** Annotations by their one name, for example `"opbus:Operation.Permission"`. */
  readonly annotations: ReadonlyMap<string, Ast.Expression>
  /** What is called on the definition besides `annotate`. */
  readonly others: ReadonlyArray<Ast.CallExpression>
  /** The value of the annotation that generated code carries. */
  readonly source: { readonly [key: string]: Json } | undefined
}

/** A definition whose key cannot be read. */
export interface UnreadableOperation {
  readonly module: Module
  readonly node: AnyNode
  readonly message: string
}

/** Finds all operations that a file defines at its top level, in the order of the text. */
export const findOperations = (project: Project, module: Module): {
  readonly operations: ReadonlyArray<FoundOperation>
  readonly unreadable: ReadonlyArray<UnreadableOperation>
} => {
  const operations: Array<FoundOperation> = []
  const unreadable: Array<UnreadableOperation> = []
  const seen = new Set<AnyNode>()
  for (const declaration of module.values.values()) {
    const written = declaration.init ?? declaration.class?.superClass ?? undefined
    const chain = written === undefined ? undefined : unwind(project, module, written)
    if (chain === undefined) continue
    seen.add(chain.make)
    const [argument] = argumentsOf(chain.make)
    const props = argument === undefined ? undefined : literal(project, module, argument)
    const key = props === undefined ? undefined : keyOf(project, module, props)
    if (props === undefined || key === undefined) {
      const message = "the key of this operation is computed; write it as a string"
      unreadable.push({ module, node: chain.make, message })
      continue
    }
    const noted = chain.annotations.get("opbus:SpecSource")
    const source = noted === undefined ? undefined : constantOf(project, module, noted)?.value
    operations.push({
      module,
      name: declaration.name,
      key,
      node: declaration.class?.id ?? chain.make,
      statement: declaration.statement,
      class: declaration.class,
      props,
      annotations: chain.annotations,
      others: chain.others,
      source: typeof source === "object" && source !== null && !Array.isArray(source)
        ? source as { readonly [key: string]: Json }
        : undefined
    })
  }
  walk(module.program, (node) => {
    if (node.type !== "CallExpression" || seen.has(node)) return
    if (!isMake(project, module, node as Ast.CallExpression)) return
    unreadable.push({ module, node, message: "this operation is not at the top level of its file" })
  })
  return { operations, unreadable }
}

const isMake = (project: Project, module: Module, call: Ast.CallExpression): boolean =>
  call.callee.type !== "Super" && foreignOf(project, module, call.callee) === "opbus:Operation.make"

interface Chain {
  readonly make: Ast.CallExpression
  readonly annotations: ReadonlyMap<string, Ast.Expression>
  readonly others: ReadonlyArray<Ast.CallExpression>
}

/** `Operation.make({ … }).annotate(a, 1).annotate(b, 2)` */
const unwind = (project: Project, module: Module, expression: Ast.Expression): Chain | undefined => {
  const annotations = new Map<string, Ast.Expression>()
  const others: Array<Ast.CallExpression> = []
  let node = bare(expression)
  while (node.type === "CallExpression" && node.callee.type !== "Super") {
    if (isMake(project, module, node)) return { make: node, annotations, others }
    const callee = bare(node.callee)
    if (callee.type !== "MemberExpression") return undefined
    const args = argumentsOf(node)
    const key = args[0] === undefined ? undefined : foreignOf(project, module, args[0])
    const isAnnotate = callee.property.type === "Identifier" && callee.property.name === "annotate"
    // The first one met is the last one called, and counts.
    if (isAnnotate && key !== undefined && args[1] !== undefined) {
      if (!annotations.has(key)) annotations.set(key, args[1])
    } else others.push(node)
    node = bare(callee.object)
  }
  return undefined
}

const literal = (project: Project, module: Module, expression: Ast.Expression): Ast.ObjectExpression | undefined => {
  const node = bare(expression)
  if (node.type === "ObjectExpression") return node
  const meaning = meaningOf(project, module, node)
  // Names inside it would mean something else in another file.
  if (meaning?._tag !== "Value" || meaning.module !== module || meaning.declaration.init === undefined) return undefined
  const init = bare(meaning.declaration.init)
  return init.type === "ObjectExpression" ? init : undefined
}

const keyOf = (project: Project, module: Module, props: Ast.ObjectExpression): string | undefined => {
  const meta = property(props, "meta")
  const node = meta === undefined ? undefined : literal(project, module, meta)
  return node === undefined ? undefined : stringOf(project, module, property(node, "key"))
}

/** The static member of an operation's class that invokes it. */
export const accessorOf = (operation: FoundOperation): Ast.MethodDefinition | Ast.PropertyDefinition | undefined => {
  for (const member of operation.class?.body.body ?? []) {
    if (member.type !== "MethodDefinition" && member.type !== "PropertyDefinition") continue
    if (!member.static) continue
    const name = keyName(member.key, member.computed)
    if (name === "invoke" || name === "invokeStream") return member
  }
  return undefined
}

/** Whether an accessor does invoke its own operation. */
export const accessorFits = (
  project: Project,
  operation: FoundOperation,
  accessor: Ast.MethodDefinition | Ast.PropertyDefinition
): boolean => {
  let fits = false
  walk(accessor, (node) => {
    if (fits) return false
    if (node.type !== "CallExpression") return
    const call = node as Ast.CallExpression
    if (call.callee.type === "Super") return
    const name = foreignOf(project, operation.module, call.callee)
    const [first] = argumentsOf(call)
    if (first === undefined || name === undefined) return
    const invokes = /^opbus:OperationInvoker\.(invoke|invokeStream|invokeRemote|invokeRemoteStream|schedule)$/.test(
      name
    )
    const target = bare(first)
    fits = invokes &&
      (target.type === "ThisExpression" || (target.type === "Identifier" && target.name === operation.name))
  })
  return fits
}
