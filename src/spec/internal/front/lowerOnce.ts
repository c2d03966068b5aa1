import type * as CommandSpec from "../../CommandSpec.ts"
import type * as SpecIr from "../../SpecIr.ts"
import type { TypeSyntax } from "../../TypeGrammar.ts"
import { lower } from "./lower.ts"
import type { Report, Scope } from "./scope.ts"

type Name = Extract<TypeSyntax, { _tag: "Name" }>

interface Lowered {
  readonly source: string
  readonly command: SpecIr.Command
  /** The names that are looked up outside of the spec, and what they meant. */
  readonly answers: ReadonlyArray<readonly [name: Name, type: SpecIr.Type]>
}

const known = new WeakMap<CommandSpec.CommandSpec, Lowered>()

/**
 * Lowers a spec, or finds the command that it was before: the same object, as long as all names mean the same.
 *
 * @internal
 */
export const lowerOnce = (
  source: string,
  spec: CommandSpec.CommandSpec,
  scope: Scope,
  report: Report
): SpecIr.Command => {
  const before = known.get(spec)
  if (before?.source === source && before.answers.every(([name, type]) => isAnswer(scope.resolve(spec, name), type))) {
    return before.command
  }
  const answers: Array<readonly [name: Name, type: SpecIr.Type]> = []
  let clean = true
  const listening: Scope = {
    resolve: (spec, name) => {
      const found = scope.resolve(spec, name)
      if ("type" in found && !isLocal(found.type)) answers.push([name, found.type])
      return found
    }
  }
  const command = lower(source, spec, listening, (...problem) => {
    clean = false
    report(...problem)
  })
  if (clean) known.set(spec, { source, command, answers })
  return command
}

const isLocal = (type: SpecIr.Type): boolean =>
  type._tag === "Ref" && type.foreign === undefined && type.external === undefined

const isAnswer = (found: ReturnType<Scope["resolve"]>, type: SpecIr.Type): boolean =>
  "type" in found && found.type._tag === "Ref" && type._tag === "Ref" && found.type.name === type.name &&
  found.type.foreign === type.foreign && found.type.external === type.external
