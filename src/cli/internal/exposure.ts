import * as Effect from "effect/Effect"
import type { Exports } from "../../node/NodeModule.ts"
import { isOperation } from "../../operation/Operation.ts"
import { isOperationGroup } from "../../operation/OperationGroup.ts"
import { OperationRegistry } from "../../operation/OperationRegistry.ts"
import type { Options } from "../../remote/OperationServer.ts"
import { type CliFailure, usage } from "./failure.ts"
import { findOperation } from "./operations.ts"
import { remark } from "./output.ts"

/**
 * What of an application is served, and who decides about calls: what the flags name, else what the module exports as
 * `expose`, and its `authorize`.
 *
 * Invariant (R1): what nobody has named is not among the keys.
 *
 * @internal
 */
export const exposure = (module: string, exports: Exports, flags: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const named = flags.flatMap((keys) => keys.split(",")).map((key) => key.trim()).filter((key) => key !== "")
    for (const key of named) yield* findOperation(key)
    const keys = new Set(named.length > 0 ? named : yield* exported(module, exports["expose"]))
    if (keys.size === 0) {
      return yield* usage(
        "NothingExposed",
        `nothing would be served; name operations with --expose <keys>, or export \`expose\` from ${module}`
      )
    }
    const registry = yield* OperationRegistry
    for (const key of keys) {
      if (registry.lookup(key) === undefined) {
        yield* remark("Warning", `"${key}" is exposed, but nothing handles it yet`, { reason: "HandlerNotFound", key })
      }
    }
    const { authorize } = exports
    if (authorize !== undefined && typeof authorize !== "function") {
      return yield* usage(
        "InvalidApp",
        `the export \`authorize\` of ${module} is no function; export a function of the call that returns an Effect`
      )
    }
    return { keys: Array.from(keys), authorize: authorize as Options["authorize"] }
  })

const exported = (module: string, expose: unknown): Effect.Effect<ReadonlyArray<string>, CliFailure> => {
  const items = Array.isArray(expose) ? expose as ReadonlyArray<unknown> : expose === undefined ? [] : [expose]
  const keys: Array<string> = []
  for (const item of items) {
    if (typeof item === "string") keys.push(item)
    else if (isOperation(item)) keys.push(item.key)
    else if (isOperationGroup(item)) keys.push(...item.operations.keys())
    else {
      return Effect.fail(usage(
        "InvalidApp",
        `the export \`expose\` of ${module} is no list of operations, groups or keys; write: export const expose = [CreateNote]`
      ))
    }
  }
  return Effect.succeed(keys)
}
