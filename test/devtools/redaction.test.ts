import { assert, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { invoke } from "opbus"
import { DevtoolsOperations as Tools } from "opbus/devtools"
import type { Operation } from "opbus/operation"
import { RemoteFailure } from "opbus/operation/RemoteInvoker"
import { DeploymentRegistry, Outbox, RemoteInvocations, RemoteInvoker } from "opbus/remote"
import { app, Cells, connect, failureOf, follow, Hidden, serve, Write, WriteFailed } from "./support/kit.ts"

const secret = "s3cr3t-0f-th3-t3st"

/** The other side fails with what it is told. */
const elsewhere = Layer.succeed(
  RemoteInvoker.RemoteInvoker,
  {
    invoke: ({ key }: Operation.Any) => Effect.fail(new RemoteFailure({ key, error: { _tag: "WriteFailed", secret } })),
    invokeStream: () => Stream.empty,
    invokeKey: (key: string) => Effect.fail(new RemoteFailure({ key, error: { _tag: "WriteFailed", secret } }))
  } as never
)

it.live("I8: nothing sensitive reaches the page, in events, history, the outbox or dead letters", () =>
  Effect.gen(function*() {
    const server = yield* serve({
      app: Outbox.layer().pipe(
        Layer.provide(elsewhere),
        Layer.provideMerge(DeploymentRegistry.layerMemory),
        Layer.provideMerge(app)
      )
    })
    const bus = yield* connect(server.port, "app")
    const tools = yield* connect(server.port, "tools")
    const told: Array<unknown> = []
    const tell = (element: unknown) => Effect.sync(() => void told.push(element))
    yield* Effect.forkScoped(
      Stream.runForEach(RemoteInvocations.subscribe(), tell).pipe(
        Effect.provideService(RemoteInvoker.RemoteInvoker, bus)
      ),
      { startImmediately: true }
    )
    const history = yield* follow(tools, Tools.History)
    const remote = yield* follow(tools, Tools.Remote)
    const catalogue = yield* follow(tools, Tools.Catalogue)
    yield* Effect.all([history.first, remote.first, catalogue.first])

    yield* server.run(invoke(Hidden, { token: secret }))
    yield* server.run(invoke(Write, { name: "a/1", value: "1", token: secret }))
    const cells = yield* server.run(Cells)
    cells.failNext = new WriteFailed({ secret })
    yield* server.run(Effect.ignore(invoke(Write, { name: "a/2", value: "2", token: secret })))
    cells.failNext = new WriteFailed({ secret })
    const failed = yield* failureOf(tools.invoke(Tools.Undo, { actor: null }, {}))
    assert.strictEqual(failed.reason, "InverseFailed")
    assert.notInclude(failed.message, secret)
    const outbox = yield* server.run(Outbox)
    yield* outbox.enqueue(Write, { name: "q/1", value: "1", token: secret })
    const { dead } = yield* remote.until(({ dead }) => dead.length === 1, "the dead letter")
    assert.deepInclude(dead[0], {
      key: "cell.write",
      reason: { _tag: "Failed", error: "<redacted>" },
      why: "\"cell.write\" failed with WriteFailed"
    })
    yield* history.until(({ total }) => total === 1, "the entry")
    for (let i = 0; told.length < 7 && i < 200; i++) yield* Effect.sleep("10 millis")

    const everything = JSON.stringify([told, history.seen, remote.seen, catalogue.seen])
    assert.notInclude(everything, secret)
    // It was not just that nothing came.
    assert.isAtLeast(told.length, 7)
    assert.include(everything, "<redacted>")
  }).pipe(Effect.scoped))
