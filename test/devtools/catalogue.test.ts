import { assert, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schema, Scope } from "effect"
import { Stream } from "effect"
import { readFileSync } from "node:fs"
import { invoke } from "opbus"
import { DevtoolsOperations as Tools } from "opbus/devtools"
import { Operation, OperationRegistry } from "opbus/operation"
import { RemoteInvocations, RemoteInvoker } from "opbus/remote"
import { version } from "../../src/internal/version.ts"
import { app, connect, follow, serve, Write } from "./support/kit.ts"

it("the version that the devtools show is that of the package", () => {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  assert.strictEqual(version, manifest.version)
})

it.live("the catalogue has every operation with its schemas, whether it is exposed, handled and undoable", () =>
  Effect.gen(function*() {
    const Later = Operation.make({ meta: { key: "later", description: "Comes later" }, input: Schema.Int })
    const Unhandled = Operation.make({ meta: { key: "unhandled" } })
    const Odd = Operation.make({
      meta: { key: "odd" },
      input: Schema.Struct({ [Symbol.for("odd")]: Schema.String }) as never as typeof Schema.Void
    })
    const odd = Odd.toLayer(() => Effect.void)
    const server = yield* serve({
      app: odd.pipe(Layer.provideMerge(app)),
      devtools: { expose: [Write, Unhandled, "later"], title: "<b>Cells</b>" }
    })
    const tools = yield* connect(server.port, "tools")
    const catalogue = yield* follow(tools, Tools.Catalogue)
    const { app: shown, operations } = yield* catalogue.first
    assert.deepInclude(shown, { title: "<b>Cells</b>", opbus: version, runtime: `Node ${process.versions.node}` })
    assert.isAtMost(Math.abs(Date.now() - shown.startedAt), 60_000)
    assert.deepStrictEqual(
      operations.map((
        { exposed, handled, inverse, json, undoable }
      ) => [json.key, exposed, handled, undoable, inverse]),
      [
        ["cell.hidden", false, true, false, undefined],
        ["cell.write", true, true, true, "cell.write"],
        ["odd", false, true, false, undefined],
        ["unhandled", true, false, false, undefined]
      ]
    )
    const write = operations[1]!.json
    assert.deepStrictEqual(write, Operation.toJson(Write) as never)
    // One whose schema has no JSON side hides none of the others.
    assert.match(operations[2]!.problem!, /odd/)

    const scope = yield* Scope.make()
    yield* server.run(
      Effect.flatMap(OperationRegistry, (registry) => registry.register(Later, () => Effect.void)).pipe(
        Scope.provide(scope)
      )
    )
    const more = yield* catalogue.until(({ operations }) => operations.length === 5, "the one that came later")
    assert.deepInclude(more.operations.find(({ json }) => json.key === "later"), { exposed: true, handled: true })
    yield* Scope.close(scope, Exit.void)
    yield* catalogue.until(({ operations }) => operations.length === 4, "that it has gone")
  }).pipe(Effect.scoped))

it.live("the devtools' own operations are in neither the application's catalogue, nor its timeline, nor its history", () =>
  Effect.gen(function*() {
    const server = yield* serve()
    const tools = yield* connect(server.port, "tools")
    const bus = yield* connect(server.port, "app")
    const events: Array<string> = []
    yield* Effect.forkScoped(
      Stream.runForEach(RemoteInvocations.subscribe(), ({ key }) => Effect.sync(() => void events.push(key))).pipe(
        Effect.provideService(RemoteInvoker.RemoteInvoker, bus)
      ),
      { startImmediately: true }
    )
    const history = yield* follow(tools, Tools.History)
    yield* history.first
    yield* server.run(invoke(Write, { name: "a/1", value: "1" }))
    yield* tools.invoke(Tools.Peek, { actor: null }, {})
    yield* tools.invoke(Tools.Undo, { actor: null }, {})
    const last = yield* history.until(({ entries }) => entries[0]?.status === "undone", "the undo")
    assert.deepStrictEqual(last.entries.map(({ key }) => key), ["cell.write"])
    assert.deepStrictEqual(Array.from(new Set(events)), ["cell.write"])
    const { operations } = yield* (yield* follow(tools, Tools.Catalogue)).first
    assert.isFalse(operations.some(({ json }) => json.key.startsWith("devtools.")))
  }).pipe(Effect.scoped))

it.live("a page that is opened later gets what was kept of before", () =>
  Effect.gen(function*() {
    const server = yield* serve({ devtools: { replay: 10 } })
    for (let i = 0; i < 20; i++) yield* server.run(invoke(Write, { name: "a/1", value: String(i) }))
    const bus = yield* connect(server.port, "app")
    const watch = (after: { readonly epoch: string; readonly sequence: number }, count: number) =>
      Effect.provideService(
        Stream.runCollect(Stream.take(RemoteInvocations.subscribe({ after }), count)),
        RemoteInvoker.RemoteInvoker,
        bus
      )
    // A place that nobody knows is answered with the oldest that there is.
    const gap: any = yield* Effect.flip(watch({ epoch: "", sequence: -1 }, 1))
    assert.strictEqual(gap._tag, "InvocationGap")
    const events = yield* watch({ epoch: gap.epoch, sequence: gap.oldest - 1 }, 10)
    assert.deepStrictEqual(events.map(({ input }) => (input as any).value), [
      "15",
      "15",
      "16",
      "16",
      "17",
      "17",
      "18",
      "18",
      "19",
      "19"
    ])
  }).pipe(Effect.scoped))
