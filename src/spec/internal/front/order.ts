import type * as SpecIr from "../../SpecIr.ts"
import { refsIn, typesOf } from "../references.ts"
import { byName } from "./names.ts"

/**
 * Sorts declarations so that each comes after those that it refers to, marks those that contain themselves, and is the same
 * however the spec sorts them.
 *
 * @internal
 */
export const order = (declarations: ReadonlyArray<SpecIr.Declaration>): ReadonlyArray<SpecIr.Declaration> => {
  const byKey = new Map<string, SpecIr.Declaration>()
  for (const declaration of declarations) if (!byKey.has(declaration.name)) byKey.set(declaration.name, declaration)
  const edges = new Map<string, ReadonlyArray<string>>()
  for (const [name, declaration] of byKey) {
    const local = typesOf(declaration).flatMap(refsIn).filter((ref) =>
      ref.foreign === undefined && ref.external === undefined
    )
    edges.set(name, [...new Set(local.map((ref) => ref.name))].filter((ref) => byKey.has(ref)))
  }
  const sorted: Array<SpecIr.Declaration> = []
  for (const component of components([...byKey.keys()].sort(byName), edges)) {
    const recursive = component.length > 1 || edges.get(component[0]!)!.includes(component[0]!)
    for (const name of component) {
      const declaration = byKey.get(name)!
      sorted.push(declaration._tag === "Enum" || !recursive ? declaration : { ...declaration, recursive: true })
    }
  }
  return sorted
}

/**
 * The strongly connected components of a graph, each after those that it points to (Tarjan's algorithm).
 *
 * @internal
 */
export const components = (
  names: ReadonlyArray<string>,
  edges: ReadonlyMap<string, ReadonlyArray<string>>
): ReadonlyArray<ReadonlyArray<string>> => {
  const found: Array<ReadonlyArray<string>> = []
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: Array<string> = []
  const open = new Set<string>()
  const visit = (name: string): void => {
    index.set(name, index.size)
    low.set(name, index.get(name)!)
    stack.push(name)
    open.add(name)
    for (const next of edges.get(name) ?? []) {
      if (!index.has(next)) visit(next)
      if (open.has(next)) low.set(name, Math.min(low.get(name)!, low.get(next)!))
    }
    if (low.get(name) !== index.get(name)) return
    const component = stack.splice(stack.indexOf(name))
    for (const member of component) open.delete(member)
    found.push(component)
  }
  for (const name of names) if (!index.has(name)) visit(name)
  return found
}
