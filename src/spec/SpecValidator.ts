/**
 * What specs must fulfil besides their shape: everything that would not compile, or would break the rules of the system.
 *
 * @since 0.1.0
 */
import { checkConstraints } from "./internal/front/check/constraints.ts"
import { checkNames } from "./internal/front/check/names.ts"
import { checkRules } from "./internal/front/check/rules.ts"
import { checkSets } from "./internal/front/check/sets.ts"
import { checkExternal, checkForeign, checkTypes } from "./internal/front/check/types.ts"
import { makeCheckValues } from "./internal/front/check/values.ts"
import { makeWorld, type Subject } from "./internal/front/check/world.ts"
import { Memory } from "./internal/front/memory.ts"
import { Problems } from "./internal/front/problems.ts"
import type { SpecProblem } from "./SpecError.ts"
import type * as SpecIr from "./SpecIr.ts"
import type { SpecFile } from "./SpecReader.ts"

/**
 * What `check` looks at: specs, and the commands that they mean, in the same order.
 *
 * @category models
 * @since 0.1.0
 */
export interface Checkable {
  readonly files: ReadonlyArray<SpecFile>
  readonly commands: ReadonlyArray<SpecIr.Command>
}

/**
 * Finds everything that is wrong with a set of specs, in the order of files and lines.
 *
 * **When to use**
 *
 * Use `SpecReader.resolve`, which does this too; by itself it is for tools that make commands without reading files.
 *
 * **Details**
 *
 * - Names: how they are written, reserved ones, those that become one and the same in some language.
 * - Types: recursion that never ends, types that two specs take from each other.
 * - Constraints: those that mean nothing for their type, and those that nothing fulfils; patterns that some language does not
 *   know.
 * - Values: defaults and examples that do not fit.
 * - Rules: a service that owns resources is a `ManagedService`; adapter, environment, mode and transport fit together; all
 *   commands of a service say the same of it.
 *
 * @category validation
 * @since 0.1.0
 */
export const check = ({ commands, files }: Checkable): ReadonlyArray<SpecProblem> => {
  const problems = new Problems()
  const world = makeWorld(commands)
  const checkValues = makeCheckValues(world)
  const subjects = commands.map((command, i): Subject => {
    const file = files[i]!
    return { file, command, report: problems.reporter(file) }
  })
  const changed = subjects.filter(({ command }) => clean.get(command, world.reachable(command)) === undefined)
  for (const subject of changed) {
    checkRules(subject)
    checkNames(subject)
    checkTypes(subject)
    checkExternal(subject)
    checkConstraints(subject, world)
  }
  checkForeign(subjects, world)
  checkSets(subjects)
  // Values of types that make no sense would only be misunderstood.
  if (problems.isEmpty) { for (const subject of changed) checkValues(subject) }
  if (problems.isEmpty) { for (const { command } of changed) clean.set(command, world.reachable(command), true) }
  return problems.sorted()
}

/** Commands without a problem: what is said of them depends on the commands whose types they use, and on nothing else. */
const clean = new Memory<SpecIr.Command, true>()
