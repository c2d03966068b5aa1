import type * as SpecIr from "../../SpecIr.ts"
import { byName } from "./names.ts"

/** The names of declarations of the same spec that a type speaks of. */
const localRefs = (type: SpecIr.Type, found: Set<string> = new Set()): Set<string> => {
  switch (type._tag) {
    case "Primitive":
      return found
    case "Array":
      return localRefs(type.item, found)
    case "Record":
      return localRefs(type.value, found)
    case "Nullable":
      return localRefs(type.inner, found)
    case "Ref":
      return type.foreign === undefined && type.external === undefined ? found.add(type.name) : found
  }
}

/** The types that a declaration is made of. @internal */
export const typesOf = (declaration: SpecIr.Declaration): ReadonlyArray<SpecIr.Type> => {
  switch (declaration._tag) {
    case "Struct":
      return declaration.fields.map((field) => field.type)
    case "Union":
      return declaration.variants.flatMap((variant) => variant.fields.map((field) => field.type))
    case "Alias":
      return [declaration.type]
    case "Enum":
      return []
  }
}

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
    const refs = new Set<string>()
    for (const type of typesOf(declaration)) localRefs(type, refs)
    edges.set(name, [...refs].filter((ref) => byKey.has(ref)))
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
