import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Queue, Schedule, Stream } from "effect"
import * as path from "node:path"
import { CurrentActor, HistoryTracker, invoke, invokeRemote } from "opbus"
import type { HistoryError } from "opbus/history"
import { DeploymentRegistry, RemoteHistory, RemoteInvoker } from "opbus/remote"
import type { RemoteCall } from "opbus/remote/OperationServer"
import { breakNext, Create, Erase, Write } from "../../history/kit.ts"
import { reasonOf as operationReason } from "../../operation/support.ts"
import { connect, folder, newWorld, remoteStacks, serve, storeIn, transports, WhoAmI, write } from "./kit.ts"

const reasonOf = <A, R>(effect: Effect.Effect<A, unknown, R>) =>
  Effect.map(Effect.flip(effect), (error) => (error as HistoryError).reason)

for (const transport of transports) {
  describe(`RemoteHistory over ${transport}`, () => {
    it.live("undoes and redoes on the server what this client did, and shows it", () =>
      Effect.gen(function*() {
        const server = yield* serve()
        const client = yield* connect(server, { transport })
        yield* client.run(Effect.gen(function*() {
          const history = yield* RemoteHistory
          assert.isFalse(yield* history.canUndo)
          assert.deepStrictEqual(yield* reasonOf(history.undo), { _tag: "NothingToUndo" })
          assert.deepStrictEqual(yield* reasonOf(history.redo), { _tag: "NothingToRedo" })
          yield* write("a/1", "1")
          yield* write("a/1", "2")
          yield* write("b/1", "1")
          assert.deepStrictEqual((yield* history.peek).message, "b/1=1")
          const undone = yield* history.undo
          assert.deepStrictEqual(
            [undone.status, undone.message, undone.key, undone.scopes, undone.touches, undone.steps],
            ["undone", "b/1=1", "cell.write", ["b"], ["b/1"], [{ key: "cell.write", inverse: "cell.write" }]]
          )
          assert.deepStrictEqual(server.cells(), { "a/1": "2" })
          const state = yield* history.state
          assert.deepStrictEqual(
            [state.canUndo, state.canRedo, state.undoMessage, state.redoMessage, state.undoCount, state.redoCount],
            [true, true, "a/1=2", "b/1=1", 2, 1]
          )
          assert.isTrue(yield* history.canRedo)
          yield* history.redo
          assert.deepStrictEqual(server.cells(), { "a/1": "2", "b/1": "1" })
          assert.deepStrictEqual(yield* remoteStacks, { live: ["a/1=1", "a/1=2", "b/1=1"], undone: [] })
          const inA = history.scope("a")
          assert.deepStrictEqual((yield* inA.peek).message, "a/1=2")
          assert.strictEqual((yield* inA.state).scope, "a")
          const [first] = yield* inA.entries
          assert.deepStrictEqual((yield* inA.undoTo(first!.id)).map(({ message }) => message), ["a/1=2", "a/1=1"])
          assert.deepStrictEqual(server.cells(), { "b/1": "1" })
          const no = yield* reasonOf(history.undoTo(first!.id))
          assert.strictEqual(no._tag, "NotUndoable")
          yield* inA.clear
          assert.deepStrictEqual(yield* remoteStacks, { live: ["b/1=1"], undone: [] })
          // Nothing of it was recorded here.
          assert.deepStrictEqual(yield* HistoryTracker.entries, [])
        }))
      }))

    it.live("H14: two clients undo each their own, and neither what the other changed later", () =>
      Effect.gen(function*() {
        const server = yield* serve()
        const [ann, bob] = [
          yield* connect(server, { transport, session: "ann's secret" }),
          yield* connect(server, { transport, session: "bob's secret" })
        ]
        yield* ann.run(write("a/1", "ann"))
        yield* bob.run(write("b/1", "bob"))
        yield* ann.run(write("shared/1", "ann"))
        yield* bob.run(write("shared/1", "bob"))
        const conflict = yield* Effect.flip(ann.run(RemoteHistory.undo)) as Effect.Effect<HistoryError, unknown, any>
        assert.strictEqual(conflict.reason._tag, "Conflict")
        assert.match(conflict.message, /^"shared\/1=bob" by session:[0-9a-f]{32} changed "shared\/1" later/)
        // Who knows the secret of a session can use its history.
        assert.notInclude(JSON.stringify(conflict), "secret")
        yield* bob.run(RemoteHistory.undo)
        yield* bob.run(RemoteHistory.undo)
        assert.deepStrictEqual(yield* bob.run(reasonOf(RemoteHistory.undo)), { _tag: "NothingToUndo" })
        assert.deepStrictEqual(server.cells(), { "a/1": "ann", "shared/1": "ann" })
        yield* ann.run(RemoteHistory.undo)
        yield* bob.run(RemoteHistory.redo)
        assert.deepStrictEqual(server.cells(), { "a/1": "ann", "b/1": "bob" })
        assert.deepStrictEqual(yield* ann.run(remoteStacks), { live: ["a/1=ann"], undone: ["shared/1=ann"] })
        const [first] = yield* bob.run(RemoteHistory.entries)
        assert.strictEqual((yield* ann.run(reasonOf(RemoteHistory.undoTo(first!.id))))._tag, "NotUndoable")
        // Nor does the user of the server itself have anything to undo.
        assert.strictEqual((yield* server.run(reasonOf(HistoryTracker.undo)))._tag, "NothingToUndo")
      }))

    it.live("a client that comes back with its session finds its history; another one finds none", () =>
      Effect.gen(function*() {
        const server = yield* serve()
        const before = yield* connect(server, { transport, session: "s" })
        yield* before.run(write("a/1", "1"))
        yield* before.run(write("a/1", "2"))
        yield* before.run(RemoteHistory.undo)
        yield* before.close
        const after = yield* connect(server, { transport, session: "s" })
        const other = yield* connect(server, { transport })
        assert.deepStrictEqual(yield* after.run(remoteStacks), { live: ["a/1=1"], undone: ["a/1=2"] })
        assert.deepStrictEqual(yield* other.run(remoteStacks), { live: [], undone: [] })
        yield* after.run(RemoteHistory.redo)
        assert.deepStrictEqual(server.cells(), { "a/1": "2" })
        yield* after.run(RemoteHistory.undo)
        yield* after.run(RemoteHistory.undo)
        assert.deepStrictEqual(server.cells(), {})
      }))

    it.live("H10, H14: a server that comes back has the histories of its clients, which come back by themselves", () =>
      Effect.gen(function*() {
        const store = storeIn(path.join(yield* folder, "h.db"))
        const world = newWorld()
        const before = yield* serve({ store, world })
        const [ann, bob] = [yield* connect(before, { transport }), yield* connect(before, { transport })]
        yield* ann.run(write("a/1", "ann"))
        yield* bob.run(write("b/1", "bob"))
        yield* ann.run(write("a/1", "ann again"))
        yield* before.close
        assert.strictEqual(operationReason(yield* Effect.flip(ann.run(RemoteHistory.undo)))._tag, "RemoteUnavailable")
        const after = yield* serve({ store, world, port: before.port })
        // Without side effects, so it may be asked until the connection is there.
        const again = Schedule.upTo(Schedule.spaced(50), { times: 100 })
        yield* Effect.retry(ann.run(RemoteHistory.state), again)
        yield* Effect.retry(bob.run(RemoteHistory.state), again)
        yield* ann.run(RemoteHistory.undo)
        assert.deepStrictEqual(after.cells(), { "a/1": "ann", "b/1": "bob" })
        assert.deepStrictEqual(yield* ann.run(remoteStacks), { live: ["a/1=ann"], undone: ["a/1=ann again"] })
        yield* bob.run(RemoteHistory.undo)
        assert.deepStrictEqual(after.cells(), { "a/1": "ann" })
        yield* ann.run(RemoteHistory.redo)
        assert.deepStrictEqual(after.cells(), { "a/1": "ann again" })
      }))

    it.live("changes tells the state now and after each change of this actor, until it is left", () =>
      Effect.gen(function*() {
        const server = yield* serve()
        const [ann, bob] = [yield* connect(server, { transport }), yield* connect(server, { transport })]
        const seen = yield* Queue.unbounded<string>()
        const watching = yield* Effect.forkChild(ann.run(
          Stream.runForEach(
            RemoteHistory.changes,
            ({ busy, redoCount, undoCount }) => busy ? Effect.void : Queue.offer(seen, `${undoCount} ${redoCount}`)
          )
        ))
        assert.strictEqual(yield* Queue.take(seen), "0 0")
        yield* bob.run(write("b/1", "1"))
        yield* ann.run(write("a/1", "1"))
        assert.strictEqual(yield* Queue.take(seen), "1 0")
        yield* ann.run(RemoteHistory.undo)
        assert.strictEqual(yield* Queue.take(seen), "0 1")
        yield* Fiber.interrupt(watching)
        assert.strictEqual(yield* server.run(HistoryTracker.use(() => Effect.succeed("alive"))), "alive")
      }))

    it.live("H4, I2: an inverse that fails leaves the entry, and its failure is told without internals", () =>
      Effect.gen(function*() {
        const server = yield* serve()
        const client = yield* connect(server, { transport })
        yield* client.run(write("a/1", "1"))
        for (const how of ["fail", "die"] as const) {
          yield* server.run(breakNext("write", how))
          const error = yield* Effect.flip(client.run(RemoteHistory.undo)) as Effect.Effect<HistoryError, unknown, any>
          const { reason } = error
          assert(reason._tag === "InverseFailed")
          assert.strictEqual(reason.key, "cell.write")
          const [cause] = reason.cause.reasons
          if (cause?._tag === "Fail") {
            assert.deepStrictEqual((cause.error as { readonly error: unknown }).error, { _tag: "Broken", key: "write" })
          } else {
            assert.strictEqual(cause?._tag, "Die")
            assert.notInclude(error.message, "write died")
          }
        }
        assert.deepStrictEqual(yield* client.run(remoteStacks), { live: ["a/1=1"], undone: [] })
        yield* client.run(RemoteHistory.undo)
        assert.deepStrictEqual(server.cells(), {})
      }))
  })
}

describe("RemoteHistory", () => {
  it.live("an inverse need not be exposed, and the re-created thing keeps its identity", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const client = yield* connect(server)
      yield* client.run(Effect.gen(function*() {
        const { id } = yield* invokeRemote(Create, { title: "Milk" })
        yield* RemoteHistory.undo
        assert.deepStrictEqual(server.cells(), {})
        yield* RemoteHistory.redo
        assert.deepStrictEqual(server.cells(), { [id]: "Milk" })
        assert.strictEqual(
          operationReason(
            yield* Effect.flip(
              (yield* RemoteInvoker.RemoteInvoker).invokeKey("note.delete", { id }, {})
            )
          )._tag,
          "RemoteFunctionNotFound"
        )
      }))
    }))

  it.live("a claimed actor is believed on the same machine, and has a history of its own", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const client = yield* connect(server, { actor: "house" })
      const as = (actor: string) => Effect.provideService(CurrentActor, actor)
      assert.strictEqual(yield* client.run(invokeRemote(WhoAmI, undefined)), "house")
      assert.strictEqual(yield* client.run(as("ann")(invokeRemote(WhoAmI, undefined))), "ann")
      yield* client.run(as("ann")(write("a/1", "1")))
      yield* client.run(write("b/1", "1"))
      yield* client.run(as("ann")(RemoteHistory.undo))
      assert.deepStrictEqual(server.cells(), { "b/1": "1" })
      assert.deepStrictEqual((yield* client.run(remoteStacks)).live, ["b/1=1"])
    }))

  it.live("the authorizer names the actor, and is asked for the request and each operation that will run", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const forbidden = new Set<string>()
      const authorize = ({ headers, key, kind, operation }: RemoteCall) =>
        Effect.sync(() => {
          const token = headers.get("authorization")
          if (kind === "history") asked.push(`${token} ${key} ${operation?.key ?? ""}`.trim())
          return forbidden.has(`${token} ${key}`)
            ? { denied: "read only" }
            : token === undefined
            ? false
            : { actor: token }
        })
      const server = yield* serve({ authorize })
      const of = (token: string) => connect(server, { transport: "websocket", token, actor: "eve", session: "one" })
      const [ann, eve] = [yield* of("ann"), yield* of("eve")]
      const headers = { authorization: "ann" }
      yield* ann.run(invokeRemote(Create, { title: "Milk" }, { headers }))
      // The session and the claim are the same: it is the token that counts.
      assert.strictEqual((yield* eve.run(reasonOf(RemoteHistory.undo)))._tag, "NothingToUndo")
      assert.deepStrictEqual(asked.splice(0), ["eve @opbus/undo"])

      forbidden.add("ann note.delete")
      const denied = yield* Effect.flip(ann.run(RemoteHistory.undo))
      assert.deepStrictEqual([denied._tag, denied.message], [
        "OperationError",
        "\"note.delete\" is not allowed here: read only."
      ])
      assert.deepStrictEqual(asked.splice(0), ["ann @opbus/undo", "ann note.delete note.delete"])
      assert.deepStrictEqual(Object.values(server.cells()), ["Milk"])
      forbidden.clear()
      yield* ann.run(RemoteHistory.undo)
      assert.deepStrictEqual(server.cells(), {})

      forbidden.add("ann note.create")
      assert.strictEqual(operationReason(yield* Effect.flip(ann.run(RemoteHistory.redo)))._tag, "Denied")
      assert.deepStrictEqual(server.cells(), {})
      forbidden.add("ann @opbus/history")
      assert.strictEqual(operationReason(yield* Effect.flip(ann.run(RemoteHistory.entries)))._tag, "Denied")
      const nobody = yield* connect(server)
      assert.strictEqual(operationReason(yield* Effect.flip(nobody.run(RemoteHistory.undo)))._tag, "Denied")
    }))

  it.live("undoTo tells what it had undone when it is refused half-way", () =>
    Effect.gen(function*() {
      const forbidden = new Set<string>()
      const server = yield* serve({ authorize: ({ key }) => Effect.sync(() => !forbidden.has(key)) })
      const client = yield* connect(server)
      yield* client.run(invokeRemote(Create, { title: "Milk" }))
      yield* client.run(write("a/1", "1"))
      const [first] = yield* client.run(RemoteHistory.entries)
      forbidden.add("note.delete")
      const error = yield* Effect.flip(client.run(RemoteHistory.undoTo(first!.id))) as Effect.Effect<
        HistoryError,
        unknown,
        any
      >
      assert.deepStrictEqual(error.undone?.map(({ message }) => message), ["a/1=1"])
      assert(error.reason._tag === "NotUndoable")
      assert.include(error.reason.why, "\"note.delete\" is not allowed here")
      assert.deepStrictEqual(Object.values(server.cells()), ["Milk"])
    }))

  it.live("what the server does itself in the meantime is never undone by a client", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const client = yield* connect(server)
      yield* client.run(write("a/1", "client"))
      yield* server.run(invoke(Write, { cell: "b/1", value: "server" }))
      yield* server.run(invoke(Erase, { cell: "a/1" }))
      // It touches nothing that the mapping of the write names, so there is no conflict.
      yield* client.run(RemoteHistory.undo)
      assert.deepStrictEqual(server.cells(), { "b/1": "server" })
      yield* server.run(HistoryTracker.undo)
      assert.deepStrictEqual(server.cells(), { "a/1": "client", "b/1": "server" })
    }))

  it.live("without a history, without a name, or with more than one server, it says so in one line", () =>
    Effect.gen(function*() {
      const without = yield* serve({ tracker: "none" })
      const client = yield* connect(without)
      const error = yield* Effect.flip(client.run(RemoteHistory.undo))
      assert.strictEqual(
        error.message,
        "\"@opbus/undo\" is not allowed here: this server keeps no history. Provide a HistoryTracker to its layer."
      )
      const server = yield* serve()
      const answer = yield* Effect.promise(() =>
        fetch(`http://127.0.0.1:${server.port}/rpc/@opbus/undo`.replace("@opbus/", "%40opbus%2F"), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "{}"
        }).then(async (response) => [response.status, await response.text()] as const)
      )
      assert.strictEqual(answer[0], 403)
      assert.include(answer[1], "does not know whose history it is")
      const several = RemoteHistory.layer.pipe(
        Layer.provide(RemoteInvoker.layerDeployments()),
        Layer.provide(DeploymentRegistry.layerMemory)
      )
      const lost = yield* Effect.flip(Effect.provide(RemoteHistory.state, several))
      assert.include(lost.message, "this transport leads to several servers")
    }))

  it.live("R2: a request that makes no sense gets a typed answer", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const client = yield* connect(server)
      const { invokeKey } = yield* client.run(RemoteInvoker.RemoteInvoker)
      for (
        const payload of [1, "undo", [], { scope: 1 }, { scope: "x".repeat(1_001) }, { entryId: null }, { show: "" }]
      ) {
        for (const key of ["@opbus/undo", "@opbus/undoTo", "@opbus/history"]) {
          const error = yield* Effect.flip(invokeKey(key, payload, {}))
          assert.strictEqual(operationReason(error)._tag, "InvalidInput", `${key} ${JSON.stringify(payload)}`)
        }
      }
      const none = yield* Effect.flip(invokeKey("@opbus/undoTo", {}, {}))
      assert.strictEqual(none._tag, "RemoteFailure")
    }))

  it.live("H5: concurrent undos undo one entry each", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const client = yield* connect(server, { transport: "websocket" })
      yield* Effect.forEach([1, 2, 3, 4, 5], (n) => client.run(write(`a/${n}`, "x")))
      const undone = yield* Effect.all(Array.from({ length: 5 }, () => client.run(RemoteHistory.undo)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(undone.map(({ message }) => message).sort(), [1, 2, 3, 4, 5].map((n) => `a/${n}=x`))
      assert.deepStrictEqual(server.cells(), {})
    }))
})
