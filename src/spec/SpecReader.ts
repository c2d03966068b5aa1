/**
 * The front end of the spec compiler: from the text of specs to the intermediate representation.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as CommandSpec from "./CommandSpec.ts"
import * as canonicalForm from "./internal/front/canonical.ts"
import { lowerOnce } from "./internal/front/lowerOnce.ts"
import { modulesOf } from "./internal/front/modules.ts"
import { byName } from "./internal/front/names.ts"
import { Problems } from "./internal/front/problems.ts"
import { readSpec } from "./internal/front/read.ts"
import { makeScope } from "./internal/front/scope.ts"
import * as inverse from "./internal/front/toSpec.ts"
import { SpecError } from "./SpecError.ts"
import type * as SpecIr from "./SpecIr.ts"
import * as SpecValidator from "./SpecValidator.ts"
import type { TypeRegistry } from "./TypeRegistry.ts"

/**
 * A spec and the file that it is in.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpecFile {
  /** Relative to the project's root, with forward slashes. */
  readonly source: string
  readonly spec: CommandSpec.CommandSpec
}

/**
 * What a set of specs means.
 *
 * @category models
 * @since 0.1.0
 */
export interface Resolved {
  /** In the order of their names. */
  readonly commands: ReadonlyArray<SpecIr.Command>
  /** In the order of their paths. */
  readonly modules: ReadonlyArray<SpecIr.Module>
}

/**
 * Reads the text of one spec; version 1 is migrated.
 *
 * **When to use**
 *
 * Use before `resolve`. A text needs to be read only once, however often the set around it changes: the result depends on
 * nothing else.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (source: string, text: string): Result.Result<CommandSpec.CommandSpec, SpecError> =>
  readSpec(source, text)

/**
 * Looks up every name of a set of specs, and checks the set as a whole.
 *
 * **When to use**
 *
 * Use with all specs of a project at once: names may belong to other specs, and services consist of several commands.
 *
 * **Details**
 *
 * A spec that was resolved before, and whose names still mean the same, gives the same command object; likewise for services.
 * So it pays to keep the results of `parse`, and to compare commands by identity.
 *
 * @category resolving
 * @since 0.1.0
 */
export const resolve = (specs: ReadonlyArray<SpecFile>, registry: TypeRegistry): Result.Result<Resolved, SpecError> => {
  const files = [...specs].sort((a, b) => byName(a.spec.name, b.spec.name) || byName(a.source, b.source))
  const problems = new Problems()
  const scope = makeScope(files.map(({ spec }) => spec), registry)
  const commands = files.map((file) => lowerOnce(file.source, file.spec, scope, problems.reporter(file)))
  // What follows from a name that means nothing would only hide it.
  const found = problems.isEmpty ? SpecValidator.check({ files, commands }) : problems.sorted()
  return found.length === 0
    ? Result.succeed({ commands, modules: modulesOf(commands) })
    : Result.fail(new SpecError({ problems: found }))
}

/**
 * The spec that says what a command says: the inverse of `resolve`, in canonical form.
 *
 * @category resolving
 * @since 0.1.0
 */
export const toSpec = (command: SpecIr.Command): CommandSpec.CommandSpec => inverse.toSpec(command)

/**
 * Writes a spec in the one form that all specs with its meaning share.
 *
 * **When to use**
 *
 * Use to compare specs, and to write them: keys come in one order, what is a default is left out, types are written one way,
 * declarations and errors are sorted by name.
 *
 * @category formatting
 * @since 0.1.0
 */
export const canonical = (spec: CommandSpec.CommandSpec): CommandSpec.CommandSpec => canonicalForm.canonical(spec)
