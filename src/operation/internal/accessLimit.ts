import * as Context from "effect/Context"
import type * as Operation from "../Operation.ts"
import { OperationError } from "../OperationError.ts"
import { Permission } from "./annotations.ts"

/**
 * The access levels that the current caller may use. Its key makes it the caller's in every handler, like the actor.
 *
 * @internal
 */
export const CurrentLimit = Context.Reference<ReadonlyArray<string> | undefined>(
  "opbus/operation/Invocation/AccessLimit",
  { defaultValue: () => undefined }
)

/**
 * Why a limit does not allow an operation; `undefined` when it does.
 *
 * @internal
 */
export const refusalOf = (
  limit: ReadonlyArray<string> | undefined,
  operation: Operation.Any
): OperationError | undefined => {
  if (limit === undefined) return undefined
  const level = Context.get(operation.annotations, Permission)
  if (level !== undefined && limit.includes(level)) return undefined
  const has = level === undefined ? "it has no access level" : `its access level is "${level}"`
  const may = limit.length === 0
    ? "this caller may invoke nothing"
    : `this caller may only invoke ${limit.map((level) => `"${level}"`).join(" and ")}`
  return new OperationError({ key: operation.key, reason: { _tag: "Denied", why: `${has}, and ${may}` } })
}
