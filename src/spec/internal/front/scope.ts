import { suggest } from "../../../operation/internal/suggest.ts"
import type * as CommandSpec from "../../CommandSpec.ts"
import type * as SpecIr from "../../SpecIr.ts"
import type { TypeSyntax } from "../../TypeGrammar.ts"
import type { TypeRegistry } from "../../TypeRegistry.ts"
import { byName } from "./names.ts"

/** Takes what is wrong with one spec. `column` counts within the string at the path. @internal */
export type Report = (
  path: ReadonlyArray<string | number>,
  message: string,
  suggestions?: ReadonlyArray<string>,
  column?: number
) => void

type Name = Extract<TypeSyntax, { _tag: "Name" }>

/** Finds out what names of types mean. @internal */
export interface Scope {
  readonly resolve: (
    spec: CommandSpec.CommandSpec,
    name: Name
  ) => { readonly type: SpecIr.Type } | { readonly message: string; readonly suggestions: ReadonlyArray<string> }
}

/**
 * The names of a set of specs. A name without a spec means, in this order: a type of the spec itself, of another spec of the
 * same service, of the registry.
 *
 * @internal
 */
export const makeScope = (specs: ReadonlyArray<CommandSpec.CommandSpec>, registry: TypeRegistry): Scope => {
  const sorted = [...specs].sort((a, b) => byName(a.name, b.name))
  const byCommand = new Map(sorted.map((spec) => [spec.name, spec]))
  /** For each service, the first spec that declares a name. */
  const shared = new Map<string, Map<string, string>>()
  /** The specs that declare a name, to guess what was meant. */
  const declaredBy = new Map<string, string>()
  for (const spec of sorted) {
    const path = pathOf(spec)
    const names = path === undefined ? undefined : shared.get(path) ?? new Map<string, string>()
    if (path !== undefined) shared.set(path, names!)
    for (const name of Object.keys(spec.types ?? {})) {
      if (names?.has(name) === false) names.set(name, spec.name)
      if (!declaredBy.has(name)) declaredBy.set(name, spec.name)
    }
  }
  const declares = (spec: CommandSpec.CommandSpec, name: string) =>
    spec.types !== undefined && Object.hasOwn(spec.types, name)

  const qualified = (spec: CommandSpec.CommandSpec, { name, spec: from = "" }: Name): ReturnType<Scope["resolve"]> => {
    const other = byCommand.get(from)
    if (other === undefined) {
      return { message: `there is no spec named ${JSON.stringify(from)}`, suggestions: suggest(from, byCommand.keys()) }
    }
    if (!declares(other, name)) {
      const names = Object.keys(other.types ?? {})
      return {
        message: `${from} declares no type named ${JSON.stringify(name)}`,
        suggestions: suggest(name, names).map((near) => `${from}.${near}`)
      }
    }
    return { type: { _tag: "Ref", name, ...(other === spec ? {} : { foreign: from }) } }
  }

  return {
    resolve: (spec, syntax) => {
      const { name } = syntax
      if (syntax.spec !== undefined) return qualified(spec, syntax)
      if (declares(spec, name)) return { type: { _tag: "Ref", name } }
      const sibling = shared.get(pathOf(spec) ?? "")?.get(name)
      if (sibling !== undefined) return { type: { _tag: "Ref", name, foreign: sibling } }
      const external = registry.get(name)
      if (external !== undefined) return { type: { _tag: "Ref", name, external } }
      const elsewhere = declaredBy.get(name)
      const suggestions = elsewhere === undefined
        ? registry.suggest(name, [
          ...Object.keys(spec.types ?? {}),
          ...shared.get(pathOf(spec) ?? "")?.keys() ?? []
        ])
        : [`${elsewhere}.${name}`]
      const wayOut = suggestions.length > 0
        ? ""
        : ": declare it in \"types\", or name it in \"types\" of opbus.config.json when existing code has it"
      return { message: `there is no type named ${JSON.stringify(name)}${wayOut}`, suggestions }
    }
  }
}

const pathOf = (spec: CommandSpec.CommandSpec): string | undefined => (spec.rust ?? spec.service)?.module
