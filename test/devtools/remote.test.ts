import { assert, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { DevtoolsOperations as Tools } from "opbus/devtools"
import type { Operation } from "opbus/operation"
import { OperationError } from "opbus/operation/OperationError"
import { RemoteFailure } from "opbus/operation/RemoteInvoker"
import { DeploymentRegistry, Outbox, RemoteInvoker } from "opbus/remote"
import { app, connect, failureOf, follow, Hidden, serve, Write } from "./support/kit.ts"

const newElsewhere = () => {
  const state = { mode: "away" as "away" | "fails" | "answers" | "hangs", delivered: 0 }
  const answer = (key: string): Effect.Effect<unknown, unknown> =>
    Effect.suspend((): Effect.Effect<unknown, unknown> => {
      if (state.mode === "hangs") return Effect.never
      if (state.mode === "fails") {
        return Effect.fail(new RemoteFailure({ key, error: { _tag: "Nope", at: "__proto__" } }))
      }
      if (state.mode === "answers") {
        state.delivered++
        return Effect.succeed({ before: "" })
      }
      return Effect.fail(
        new OperationError({ key, reason: { _tag: "RemoteUnavailable", why: "it sleeps", sent: false } })
      )
    })
  const layer = Outbox.layer({ retry: undefined }).pipe(
    Layer.provide(Layer.succeed(
      RemoteInvoker.RemoteInvoker,
      {
        invoke: ({ key }: Operation.Any) => answer(key),
        invokeKey: answer,
        invokeStream: () => Stream.empty
      } as never
    )),
    Layer.provideMerge(DeploymentRegistry.layerMemory),
    Layer.provideMerge(app)
  )
  return { state, layer }
}

it.live("what waits is shown with its attempts and why; a call that cannot have arrived can be removed", () =>
  Effect.gen(function*() {
    const { layer } = newElsewhere()
    const server = yield* serve({ app: layer })
    const tools = yield* connect(server.port, "tools")
    const remote = yield* follow(tools, Tools.Remote)
    assert.deepStrictEqual(yield* remote.first, {
      hasDeployments: true,
      deployments: [],
      hasOutbox: true,
      pending: [],
      pendingTotal: 0,
      dead: [],
      deadTotal: 0,
      problems: []
    })
    const outbox = yield* server.run(Outbox)
    const { id } = yield* outbox.enqueue(Write, { name: "q/1", value: "1" })
    const waiting = yield* remote.until(({ pending }) => pending[0]?.lastError !== undefined, "why it waits")
    assert.deepInclude(waiting.pending[0], { id, key: "cell.write", lane: "cell.write" })
    assert.include(waiting.pending[0]!.lastError, "it sleeps")
    assert.notProperty(waiting.pending[0], "input")
    assert.strictEqual((yield* failureOf(tools.invoke(Tools.RetryDeadLetter, { id }, {}))).reason, "NotFound")
    yield* tools.invoke(Tools.RemoveCall, { id }, {})
    yield* remote.until(({ pending }) => pending.length === 0, "that it is gone")
    assert.strictEqual((yield* failureOf(tools.invoke(Tools.RemoveCall, { id: "__proto__" }, {}))).reason, "NotFound")
  }).pipe(Effect.scoped))

it.live("a dead letter is shown with its reason, delivered again, and forgotten", () =>
  Effect.gen(function*() {
    const { layer, state } = newElsewhere()
    state.mode = "fails"
    const server = yield* serve({ app: layer })
    const tools = yield* connect(server.port, "tools")
    const remote = yield* follow(tools, Tools.Remote)
    const outbox = yield* server.run(Outbox)
    const Plain = (yield* Effect.promise(() => import("opbus/operation"))).Operation.make({ meta: { key: "plain" } })
    const { id } = yield* outbox.enqueue(Plain, undefined)
    const { dead } = yield* remote.until(({ deadTotal }) => deadTotal === 1, "the dead letter")
    assert.deepInclude(dead[0], {
      id,
      key: "plain",
      reason: { _tag: "Failed", error: { _tag: "Nope", at: "__proto__" } },
      why: "\"plain\" failed with Nope"
    })
    state.mode = "answers"
    yield* tools.invoke(Tools.RetryDeadLetter, { id }, {})
    yield* remote.until(({ deadTotal, pendingTotal }) => deadTotal + pendingTotal === 0, "that it was delivered")
    assert.strictEqual(state.delivered, 1)
    state.mode = "fails"
    const second = yield* outbox.enqueue(Plain, undefined)
    yield* remote.until(({ deadTotal }) => deadTotal === 1, "the second one")
    yield* tools.invoke(Tools.RemoveCall, { id: second.id }, {})
    yield* remote.until(({ deadTotal }) => deadTotal === 0, "that it is forgotten")
  }).pipe(Effect.scoped))

it.live("a call that is on its way may have arrived, and stays", () =>
  Effect.gen(function*() {
    const { layer, state } = newElsewhere()
    state.mode = "hangs"
    const server = yield* serve({ app: layer })
    const tools = yield* connect(server.port, "tools")
    const remote = yield* follow(tools, Tools.Remote)
    const outbox = yield* server.run(Outbox)
    const { id } = yield* outbox.enqueue(Hidden, { token: "t" })
    yield* remote.until(({ pending }) => pending[0]?.delivering === true, "that it is on its way")
    const refused = yield* failureOf(tools.invoke(Tools.RemoveCall, { id }, {}))
    assert.strictEqual(refused.reason, "MayHaveArrived")
    assert.strictEqual(
      refused.message,
      `The call ${id} may have reached the other side already; invoke what takes it back instead.`
    )
  }).pipe(Effect.scoped))

it.live("deployments come and go", () =>
  Effect.gen(function*() {
    const { layer } = newElsewhere()
    const server = yield* serve({ app: layer })
    const tools = yield* connect(server.port, "tools")
    const remote = yield* follow(tools, Tools.Remote)
    yield* remote.first
    const registry = yield* server.run(DeploymentRegistry)
    yield* registry.put({
      key: "far.away",
      name: "Far away",
      version: 2,
      deployedFunctionId: "far.away@2-abc",
      endpoint: "https://edge.example/rpc",
      deployedAt: 1,
      services: ["app/Db"],
      input: {},
      output: {}
    })
    const { deployments } = yield* remote.until(({ deployments }) => deployments.length === 1, "the deployment")
    assert.deepInclude(deployments[0], {
      id: "far.away@2-abc",
      key: "far.away",
      version: 2,
      endpoint: "https://edge.example/rpc",
      services: ["app/Db"]
    })
    yield* registry.remove("far.away")
    yield* remote.until(({ deployments }) => deployments.length === 0, "that it is gone")
  }).pipe(Effect.scoped))
