import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Operation, OperationError, OperationInvoker, OperationMiddleware } from "opbus/operation"
import { bus } from "../operation/support.ts"

const Delete = Operation.make({ meta: { key: "delete" } })
const Watch = Operation.make({ meta: { key: "watch" }, stream: true })
const denied = (key: string) => Effect.fail(new OperationError({ key, reason: { _tag: "Denied", why: "not today" } }))

it.effect("a handler that a middleware refuses is not called, also one that acts before it returns its effect", () => {
  const called: Array<string> = []
  const layer = Layer.mergeAll(
    Delete.toLayer(() => {
      called.push("delete")
      return Effect.void
    }),
    Watch.toLayer(() => {
      called.push("watch")
      return Stream.empty
    }),
    OperationMiddleware.layer({
      for: "all",
      effect: (_next, { operation }) => denied(operation.key),
      stream: (_next, { operation }) => Stream.fromEffect(denied(operation.key))
    })
  )
  return Effect.gen(function*() {
    const { invoke, invokeStream } = yield* OperationInvoker
    yield* Effect.flip(invoke(Delete, undefined))
    yield* Effect.flip(Stream.runDrain(invokeStream(Watch, undefined)))
    assert.deepStrictEqual(called, [])
  }).pipe(Effect.provide(bus(layer)))
})
