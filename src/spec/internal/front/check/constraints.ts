import type * as SpecIr from "../../../SpecIr.ts"
import type { Report } from "../scope.ts"
import { patternProblem } from "./pattern.ts"
import { baseOf, fieldGroups, type Subject, type World } from "./world.ts"

/**
 * Constraints: that the type can have them, and that something fulfils them.
 *
 * @internal
 */
export const checkConstraints = ({ command, report }: Subject, world: World): void => {
  for (const group of fieldGroups(command)) {
    group.fields.forEach((field, i) => checkOf(field, group.pathOf(i)))
  }
  for (const declaration of command.declarations) {
    if (declaration._tag === "Alias") checkOf(declaration, ["types", declaration.name])
  }
  function checkOf(
    { constraints, type }: { readonly constraints: SpecIr.Constraints; readonly type: SpecIr.Type },
    path: ReadonlyArray<string | number>
  ): void {
    if (Object.keys(constraints).length === 0) return
    const base = baseOf(type, command, world)
    const kind = base._tag === "Primitive" ? base.name : base._tag
    for (const key of Object.keys(constraints)) {
      const allowed = kindsOf(key)
      if (allowed.includes(kind)) continue
      const wayOut = base._tag === "Array" && allowed !== lengths
        ? "; to constrain the items, declare a type with a name for them"
        : base._tag === "Array" && allowed === lengths
        ? "; write minItems and maxItems"
        : ""
      report([...path, key], `${key} means nothing for ${describe(base)}: it is for ${allowed.join(", ")}${wayOut}`)
      return
    }
    checkBounds(constraints, kind, path, report)
  }
}

const numbers = ["number", "integer", "int32", "uint32", "int64", "uint64"]
const lengths = ["string"]
const items = ["Array"]

const kindsOf = (key: string): ReadonlyArray<string> =>
  key === "minItems" || key === "maxItems" ? items : /Length$|^pattern$/.test(key) ? lengths : numbers

const describe = (type: SpecIr.Type): string =>
  type._tag === "Primitive"
    ? type.name
    : type._tag === "Ref"
    ? type.name
    : type._tag === "Array"
    ? "an array"
    : "a record"

// ---------------------------------------------------------------------------
// bounds
// ---------------------------------------------------------------------------

/** The least and the greatest value of the integers that fit into a double; those of 64 bits are bounded by it too. */
const ranges = new Map<string, readonly [least: number, most: number]>([
  ["integer", [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]],
  ["int32", [-(2 ** 31), 2 ** 31 - 1]],
  ["uint32", [0, 2 ** 32 - 1]],
  ["int64", [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]],
  ["uint64", [0, Number.MAX_SAFE_INTEGER]]
])

const numeric = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] as const

const checkBounds = (
  constraints: SpecIr.Constraints,
  kind: string,
  path: ReadonlyArray<string | number>,
  report: Report
): void => {
  const range = ranges.get(kind)
  for (const key of numeric) {
    const bound = constraints[key]
    if (bound === undefined || range === undefined) continue
    if (!Number.isInteger(bound)) report([...path, key], `a bound of ${kind} is an integer, and ${bound} is none`)
    else if (bound < range[0] || bound > range[1]) {
      report([...path, key], `${bound} is outside of what a bound of ${kind} can be, ${range[0]} to ${range[1]}`)
    }
  }
  for (const [one, other] of [["minimum", "exclusiveMinimum"], ["maximum", "exclusiveMaximum"]] as const) {
    if (constraints[one] !== undefined && constraints[other] !== undefined) {
      report([...path, other], `${one} and ${other} say the same thing twice: keep the stricter one`)
    }
  }
  const whole = range !== undefined
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = constraints
  const low = minimum ?? (exclusiveMinimum === undefined ? -Infinity : whole ? exclusiveMinimum + 1 : exclusiveMinimum)
  const high = maximum ?? (exclusiveMaximum === undefined ? Infinity : whole ? exclusiveMaximum - 1 : exclusiveMaximum)
  const open = !whole && (exclusiveMinimum !== undefined || exclusiveMaximum !== undefined)
  if (low > high || open && low === high) report(path, "no number lies between the bounds")
  for (const [least, most] of [["minLength", "maxLength"], ["minItems", "maxItems"]] as const) {
    const from = constraints[least]
    const to = constraints[most]
    if (from !== undefined && to !== undefined && from > to) {
      report([...path, least], `${least} is larger than ${most}, so that nothing fits`)
    }
  }
  for (const key of ["minLength", "maxLength", "minItems", "maxItems"] as const) {
    if ((constraints[key] ?? 0) > 2 ** 31 - 1) {
      report([...path, key], `${constraints[key]} is more than anything can hold`)
    }
  }
  if (constraints.pattern !== undefined) {
    const problem = patternProblem(constraints.pattern)
    if (problem !== undefined) report([...path, "pattern"], problem)
  }
}
