import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { fork } from "node:child_process"
import * as path from "node:path"
import { HistoryTracker, invoke, invokeRemote, Operation } from "opbus"
import { isHistoryError } from "opbus/history"
import { RemoteHistory, RemoteInvoker } from "opbus/remote"
import { breakNext, Create, handlers, Read, reasonOf, stacks, Write } from "../../history/kit.ts"
import { causeOf, outline, reasonOf as operationReason, recordEvents } from "../../operation/support.ts"
import { connect, folder, newWorld, serve, storeIn, transports, write } from "./kit.ts"

/** A server that leaves the history to its clients, and one that keeps it. */
const pair = (history: "server" | "client", options: Parameters<typeof connect>[1] = {}) =>
  Effect.gen(function*() {
    const server = yield* serve({ history: "client", results: true })
    return { server, client: yield* connect(server, { ...options, history }) }
  })

const Both = Operation.make({ meta: { key: "both" } })
/** Writes here and there. */
const both = Both.toLayer(() =>
  Effect.orDie(Effect.andThen(invoke(Write, { cell: "local/1", value: "1" }), write("far/1", "1")))
)

for (const transport of transports) {
  describe(`a history kept by the client, over ${transport}`, () => {
    it.live("records a remote call like a local one, and undoes and redoes it where it ran", () =>
      Effect.gen(function*() {
        // The client could run the operations itself, in a world of its own: it must not.
        const world = newWorld()
        const { client, server } = yield* pair("client", { transport, world, local: handlers })
        const [here, there] = [yield* client.run(recordEvents), yield* server.run(recordEvents)]
        yield* client.run(Effect.gen(function*() {
          yield* write("a/1", "1")
          yield* write("a/1", "2")
          const [entry] = yield* HistoryTracker.entries
          assert.deepStrictEqual(entry!.steps, [{ key: "cell.write", inverse: "cell.write", remote: true }])
          assert.deepStrictEqual([entry!.id, entry!.scopes, entry!.touches], [here[0]!.id, ["a"], ["a/1"]])
          assert.deepStrictEqual(yield* stacks, { live: ["a/1=1", "a/1=2"], undone: [] })
          yield* HistoryTracker.undo
          assert.deepStrictEqual(server.cells(), { "a/1": "1" })
          yield* HistoryTracker.undo
          yield* HistoryTracker.redo
          assert.deepStrictEqual(server.cells(), { "a/1": "1" })
          assert.deepStrictEqual(yield* stacks, { live: ["a/1=1"], undone: ["a/1=2"] })
          assert.deepStrictEqual(world.log, [])
        }))
        assert.deepStrictEqual(
          here.filter(({ _tag }) => _tag === "Started").map(({ causedBy, origin, remote }) => [
            origin,
            remote,
            causedBy === here[0]!.id
          ]),
          [["user", true, false], ["user", true, false], ["undo", true, false], ["undo", true, true], [
            "redo",
            true,
            true
          ]]
        )
        // The server was told to leave it, also when the inverse ran.
        assert.strictEqual(there.length, 10)
        assert.deepStrictEqual(yield* server.run(HistoryTracker.use((tracker) => tracker.allEntries)), [])
      }))
  })
}

describe("a history kept by the client", () => {
  it.live("a re-created thing keeps its identity", () =>
    Effect.gen(function*() {
      const server = yield* serve({ history: "client", expose: ["note.create", "note.delete"] })
      const client = yield* connect(server, { history: "client" })
      const { id } = yield* client.run(invokeRemote(Create, { title: "Milk" }))
      yield* client.run(HistoryTracker.undo)
      assert.deepStrictEqual(server.cells(), {})
      yield* client.run(HistoryTracker.redo)
      assert.deepStrictEqual(server.cells(), { [id]: "Milk" })
    }))

  it.live("an inverse that is not exposed cannot run, and leaves the entry", () =>
    Effect.gen(function*() {
      const { client, server } = yield* pair("client")
      yield* client.run(invokeRemote(Create, { title: "Milk" }))
      const reason = yield* client.run(reasonOf(HistoryTracker.undo))
      assert(reason._tag === "InverseFailed")
      assert.strictEqual(Object.values(server.cells())[0], "Milk")
      assert.strictEqual((yield* client.run(stacks)).live.length, 1)
    }))

  it.live("with the server's history the client records nothing, though it has the mapping", () =>
    Effect.gen(function*() {
      const { client, server } = yield* pair("server")
      yield* client.run(write("a/1", "1"))
      assert.deepStrictEqual(yield* client.run(HistoryTracker.entries), [])
      assert.deepStrictEqual((yield* client.run(RemoteHistory.entries)).map(({ message }) => message), ["a/1=1"])
      yield* client.run(RemoteHistory.undo)
      assert.deepStrictEqual(server.cells(), {})
    }))

  it.live("H14: one server, two clients that keep their own: each undoes its own", () =>
    Effect.gen(function*() {
      const server = yield* serve({ history: "client" })
      const [ann, bob] = [
        yield* connect(server, { history: "client" }),
        yield* connect(server, { history: "client", transport: "websocket" })
      ]
      yield* ann.run(write("a/1", "ann"))
      yield* bob.run(write("b/1", "bob"))
      yield* ann.run(HistoryTracker.undo)
      assert.deepStrictEqual(server.cells(), { "b/1": "bob" })
      assert.deepStrictEqual(yield* ann.run(reasonOf(HistoryTracker.undo)), { _tag: "NothingToUndo" })
      yield* bob.run(HistoryTracker.undo)
      assert.deepStrictEqual(server.cells(), {})
    }))

  it.live("H10: after a restart it is undone and redone on the server", () =>
    Effect.gen(function*() {
      const store = storeIn(path.join(yield* folder, "h.db"))
      const server = yield* serve({ history: "client" })
      const first = yield* connect(server, { history: "client", store, local: handlers })
      yield* first.run(Effect.gen(function*() {
        yield* write("a/1", "1")
        yield* HistoryTracker.group("both")(
          Effect.andThen(invoke(Write, { cell: "local/1", value: "1" }), write("a/2", "2"))
        )
        yield* write("a/3", "3")
        yield* HistoryTracker.undo
      }))
      yield* first.close
      const world = newWorld()
      world.cells.set("local/1", "1")
      const second = yield* connect(server, { history: "client", store, world, local: handlers })
      yield* second.run(Effect.gen(function*() {
        assert.deepStrictEqual(yield* stacks, { live: ["a/1=1", "both"], undone: ["a/3=3"] })
        yield* HistoryTracker.undo
        assert.deepStrictEqual([server.cells(), Object.fromEntries(world.cells)], [{ "a/1": "1" }, {}])
        yield* HistoryTracker.undo
        assert.deepStrictEqual(server.cells(), {})
        yield* HistoryTracker.redo
        yield* HistoryTracker.redo
        yield* HistoryTracker.redo
        assert.deepStrictEqual(server.cells(), { "a/1": "1", "a/2": "2", "a/3": "3" })
        assert.deepStrictEqual(Object.fromEntries(world.cells), { "local/1": "1" })
      }))
    }))

  it.live("H4: while the server cannot be reached the entry stays, and it can be undone when it is back", () =>
    Effect.gen(function*() {
      const world = newWorld()
      const server = yield* serve({ history: "client", world })
      const client = yield* connect(server, { history: "client" })
      yield* client.run(write("a/1", "1"))
      yield* server.close
      const error = yield* client.run(Effect.flip(HistoryTracker.undo))
      const { reason } = error
      assert(reason._tag === "InverseFailed")
      const [cause] = reason.cause.reasons
      assert(cause?._tag === "Fail")
      assert.strictEqual(operationReason(cause.error)._tag, "RemoteUnavailable")
      assert.deepStrictEqual(yield* client.run(stacks), { live: ["a/1=1"], undone: [] })
      const again = yield* serve({ history: "client", world, port: server.port })
      yield* client.run(HistoryTracker.undo)
      assert.deepStrictEqual(again.cells(), {})
    }))

  it.live("R3: an undo whose answer was lost takes effect once, however often it is tried", () =>
    Effect.gen(function*() {
      let lose = 0
      const fetch: typeof globalThis.fetch = async (input, init) => {
        const response = await globalThis.fetch(input, init)
        await response.clone().arrayBuffer()
        if (lose-- > 0) throw new TypeError("fetch failed")
        return response
      }
      const { client, server } = yield* pair("client", { fetch })
      const there = yield* server.run(recordEvents)
      yield* client.run(write("a/1", "1"))
      yield* client.run(write("a/1", "2"))
      lose = 2
      for (const _ of [1, 2]) {
        assert.strictEqual((yield* client.run(reasonOf(HistoryTracker.undo)))._tag, "InverseFailed")
        assert.deepStrictEqual(server.cells(), { "a/1": "1" })
      }
      // Somebody else has gone on meanwhile: a second run would show.
      yield* server.run(Effect.provideService(
        invoke(Write, { cell: "a/1", value: "3" }, { record: false }),
        RemoteInvoker.RemoteInvoker,
        undefined as never
      ))
      yield* client.run(HistoryTracker.undo)
      assert.deepStrictEqual(server.cells(), { "a/1": "3" })
      assert.deepStrictEqual(yield* client.run(stacks), { live: ["a/1=1"], undone: ["a/1=2"] })
      // Two writes, one undo, the other's: four runs.
      assert.strictEqual(outline(there).filter((line) => line === "Succeeded cell.write").length, 4)
      // A new undo after a redo is another one.
      yield* client.run(HistoryTracker.redo)
      assert.deepStrictEqual(server.cells(), { "a/1": "2" })
      yield* client.run(HistoryTracker.undo)
      assert.deepStrictEqual(server.cells(), { "a/1": "3" })
    }))

  it.live("H3: what a local handler does here and there is one entry", () =>
    Effect.gen(function*() {
      const world = newWorld()
      const { client, server } = yield* pair("client", { world, local: Layer.mergeAll(handlers, both) })
      yield* client.run(invoke(Both, undefined))
      const [entry] = yield* client.run(HistoryTracker.entries)
      assert.deepStrictEqual(entry!.steps.map(({ remote }) => remote === true), [false, true])
      yield* client.run(HistoryTracker.undo)
      assert.deepStrictEqual([server.cells(), Object.fromEntries(world.cells)], [{}, {}])
      yield* client.run(HistoryTracker.redo)
      assert.deepStrictEqual([server.cells(), Object.fromEntries(world.cells)], [{ "far/1": "1" }, { "local/1": "1" }])
    }))

  it.live("H4: a mixed entry whose local inverse fails is put back on the server", () =>
    Effect.gen(function*() {
      const world = newWorld()
      const { client, server } = yield* pair("client", { world, local: Layer.mergeAll(handlers, both) })
      yield* client.run(invoke(Both, undefined))
      yield* client.run(breakNext("write"))
      assert.strictEqual((yield* client.run(reasonOf(HistoryTracker.undo)))._tag, "InverseFailed")
      assert.deepStrictEqual([server.cells(), Object.fromEntries(world.cells)], [{ "far/1": "1" }, { "local/1": "1" }])
      assert.deepStrictEqual(server.world.log, ["write far/1=1", "write far/1=", "write far/1=1"])
      yield* client.run(HistoryTracker.undo)
      assert.deepStrictEqual([server.cells(), Object.fromEntries(world.cells)], [{}, {}])
    }))

  it.live("H16: a transaction that fails takes back what it did here and there", () =>
    Effect.gen(function*() {
      const world = newWorld()
      const { client, server } = yield* pair("client", { world, local: handlers })
      yield* client.run(write("far/1", "before"))
      const exit = yield* Effect.exit(client.run(
        HistoryTracker.transaction("t")(Effect.gen(function*() {
          yield* write("far/1", "1")
          yield* invoke(Write, { cell: "local/1", value: "1" })
          yield* write("far/2", "2")
          assert.strictEqual(yield* invokeRemote(Read, { cell: "far/1" }), "1")
          return yield* Effect.fail("no")
        }))
      ))
      assert.strictEqual(exit._tag, "Failure")
      assert.deepStrictEqual([server.cells(), Object.fromEntries(world.cells)], [{ "far/1": "before" }, {}])
      assert.deepStrictEqual((yield* client.run(stacks)).live, ["far/1=before"])
    }))

  it.live("H16: what of a transaction cannot be taken back there stays as one entry, and is undone later", () =>
    Effect.gen(function*() {
      const { client, server } = yield* pair("client")
      const exit = yield* Effect.exit(client.run(
        HistoryTracker.transaction("t")(Effect.gen(function*() {
          yield* write("far/1", "1")
          yield* write("far/2", "2")
          server.world.faults.set("write", "fail")
          return yield* Effect.fail("no")
        }))
      ))
      const error = causeOf(exit).reasons.flatMap((reason) =>
        reason._tag === "Fail" && isHistoryError(reason.error) ? [reason.error] : []
      )[0]
      assert(error?.reason._tag === "RollbackIncomplete")
      assert.deepStrictEqual(error.reason.notUndone, ["cell.write", "cell.write"])
      assert.deepStrictEqual(yield* client.run(stacks), { live: ["t"], undone: [] })
      yield* client.run(HistoryTracker.undo)
      assert.deepStrictEqual(server.cells(), {})
    }))

  it.live("H16: a call whose history the server keeps is refused inside a transaction, unless it only reads", () =>
    Effect.gen(function*() {
      const { client, server } = yield* pair("server")
      const error = yield* Effect.flip(client.run(HistoryTracker.transaction("t")(write("a/1", "1"))))
      assert.include((error as Error).message, "its history is kept by the server")
      assert.deepStrictEqual(server.cells(), {})
      assert.strictEqual(
        yield* client.run(HistoryTracker.transaction("t")(invokeRemote(Read, { cell: "a/1" }))),
        ""
      )
      // A group is not refused: the call is simply no part of it.
      yield* client.run(HistoryTracker.group("g")(write("a/1", "1")))
      assert.deepStrictEqual(yield* client.run(HistoryTracker.entries), [])
      assert.strictEqual((yield* client.run(RemoteHistory.entries)).length, 1)
    }))

  it.live("H12: an entry whose mapping is gone is passed over and kept, whatever handlers are here", () =>
    Effect.gen(function*() {
      const store = storeIn(path.join(yield* folder, "h.db"))
      const server = yield* serve({ history: "client" })
      const first = yield* connect(server, { history: "client", store })
      yield* first.run(write("a/1", "1"))
      yield* first.close
      const second = yield* connect(server, { history: "client", store, local: handlers, mapped: false })
      const { reason } = yield* second.run(Effect.flip(HistoryTracker.undo))
      assert(reason._tag === "Unreadable")
      assert.include(reason.why, "no undo mapping is registered for it")
      assert.strictEqual((yield* second.run(HistoryTracker.entries)).length, 1)
      assert.deepStrictEqual(server.cells(), { "a/1": "1" })
    }))

  it.live("H10: a transaction that a killed process left open is rolled back on the server", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const server = yield* serve({ history: "client" })
      yield* Effect.promise(() =>
        new Promise<void>((resolve, reject) => {
          const child = fork(
            path.join(import.meta.dirname, "fixtures/openTransaction.ts"),
            [String(server.port), file],
            { execArgv: ["--conditions=opbus-source"] }
          )
          child.on("message", () => child.kill("SIGKILL"))
          child.on("exit", (_, signal) => signal === "SIGKILL" ? resolve() : reject(new Error("it ended by itself")))
        })
      )
      assert.deepStrictEqual(server.cells(), { "a/1": "1", "a/2": "2" })
      const client = yield* connect(server, { history: "client", store: storeIn(file) })
      yield* client.run(HistoryTracker.flush)
      assert.deepStrictEqual(server.cells(), {})
      assert.deepStrictEqual(yield* client.run(HistoryTracker.entries), [])
    }))
})
