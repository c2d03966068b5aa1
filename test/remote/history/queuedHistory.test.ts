import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schedule, Scope } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import * as path from "node:path"
import { HistoryTracker, invokeRemote, type OperationInvoker } from "opbus"
import { Outbox, OutboxHistory, RemoteInvoker } from "opbus/remote"
import { SqlOutbox } from "opbus/remote/SqlOutbox"
import { LibsqlClient } from "opbus/sql"
import { breakNext, bus, Create, Erase, mappings, reasonOf, stacks, World, Write } from "../../history/kit.ts"
import { folder, newWorld, serve, storeIn } from "./kit.ts"

/** How the network to the server behaves: `lossy` brings the request there, and not the answer back. */
type Network = { state: "up" | "down" | "lossy"; arrived: number; readonly tokens: Array<string> }

const network = (port: number, deadPort: number) => {
  const state: Network = { state: "down", arrived: 0, tokens: [] }
  const fetch: typeof globalThis.fetch = async (url, init) => {
    // Where nobody listens, so that the refusal is the operating system's.
    if (state.state === "down") return globalThis.fetch(String(url).replace(`:${port}/`, `:${deadPort}/`), init)
    const token = /a secret/.exec(`${JSON.stringify([...new Headers(init?.headers)])}${String(init?.body)}`)
    if (token !== null) state.tokens.push(token[0])
    const lossy = state.state === "lossy"
    const response = await globalThis.fetch(url, init)
    if (!lossy) return response
    await response.arrayBuffer()
    state.arrived++
    throw new Error("the connection was reset")
  }
  return { state, fetch }
}

const queue = { offline: "queue", lane: "document" } as const
const write = (cell: string, value: string) => invokeRemote(Write, { cell, value }, queue)

const start = (history: "server" | "client" = "client") =>
  Effect.gen(function*() {
    const files = yield* folder
    const gone = yield* serve()
    yield* gone.close
    const server = yield* serve({
      history,
      results: true,
      expose: [Write, Erase, Create, "cell.restore", "note.delete"]
    })
    const net = network(server.port, gone.port)
    const app = (recorded: boolean) =>
      Layer.mergeAll(mappings, recorded ? OutboxHistory.layer : Layer.empty).pipe(
        Layer.provideMerge(HistoryTracker.layerStore.pipe(Layer.provide(storeIn(path.join(files, "history.db"))))),
        Layer.provideMerge(bus),
        Layer.provideMerge(SqlOutbox.layer({ retry: Schedule.spaced("20 millis") })),
        Layer.provide(LibsqlClient.layer({ url: path.join(files, "outbox.db"), synchronous: "NORMAL" })),
        Layer.provideMerge(
          RemoteInvoker.layerHttp({
            url: `http://127.0.0.1:${server.port}/rpc`,
            history,
            session: "a client of these tests",
            fetch: net.fetch
          })
        ),
        Layer.provideMerge(Layer.succeed(World, newWorld())),
        Layer.orDie
      )
    const open = (recorded: boolean) =>
      Effect.gen(function*() {
        const scope = yield* Scope.fork(yield* Effect.scope)
        const context = yield* Layer.buildWithScope(Layer.fresh(app(recorded)), scope)
        return {
          run: <A, E>(effect: Effect.Effect<A, E, HistoryTracker | OperationInvoker | Outbox | World | Scope.Scope>) =>
            Effect.provideContext(effect, context as never) as Effect.Effect<A, E, Scope.Scope>,
          close: Scope.close(scope, Exit.void)
        }
      })
    return { server, files, net: net.state, client: open(true), plain: open(false) }
  })

/** Everything that waits has been delivered or given up. */
const drained = Effect.gen(function*() {
  const outbox = yield* Outbox
  yield* Effect.repeat(Effect.andThen(outbox.flush, outbox.pending), {
    until: (pending) => pending.length === 0,
    schedule: Schedule.spaced("5 millis")
  })
})

const waiting = Outbox.use(({ pending }) => pending).pipe(
  Effect.map((calls) => calls.map(({ key, lane }) => `${lane}: ${key}`))
)

const until = (condition: () => boolean) =>
  Effect.repeat(Effect.sync(condition), { until: (met) => met, schedule: Schedule.spaced("5 millis") })

for (const restart of [false, true]) {
  describe(`undo of queued calls${restart ? ", the client restarted before each step" : ""}`, () => {
    /** The same client, or its next process. */
    const session = Effect.gen(function*() {
      const started = yield* start()
      let now = yield* started.client
      const step: (typeof now)["run"] = (effect) =>
        Effect.gen(function*() {
          if (restart) {
            yield* now.close
            now = yield* started.client
          }
          return yield* now.run(effect)
        })
      return { ...started, step }
    })

    it.live("R4: before its delivery it is removed, and the server never sees it; the redo queues it again", () =>
      Effect.gen(function*() {
        const { net, server, step } = yield* session
        yield* step(Effect.andThen(write("a/1", "1"), write("a/1", "2")))
        yield* step(HistoryTracker.undo)
        assert.deepStrictEqual(yield* step(stacks), { live: ["a/1=1"], undone: ["a/1=2"] })
        assert.deepStrictEqual(yield* step(waiting), ["document: cell.write"])
        net.state = "up"
        yield* step(drained)
        assert.deepStrictEqual(server.cells(), { "a/1": "1" })
        assert.deepStrictEqual(server.world.log, ["write a/1=1"])
        yield* step(HistoryTracker.redo)
        yield* step(drained)
        assert.deepStrictEqual(server.cells(), { "a/1": "2" })
        assert.deepStrictEqual(yield* step(stacks), { live: ["a/1=1", "a/1=2"], undone: [] })
        yield* step(Effect.andThen(HistoryTracker.undo, HistoryTracker.undo))
        yield* step(drained)
        assert.deepStrictEqual(server.cells(), {})
      }))

    it.live("R4: after its delivery the inverse queues behind it in its lane; the redo does it again", () =>
      Effect.gen(function*() {
        const { net, server, step } = yield* session
        net.state = "up"
        yield* step(Effect.andThen(write("a/1", "1"), write("a/1", "2")))
        yield* step(drained)
        assert.deepStrictEqual(server.cells(), { "a/1": "2" })
        net.state = "down"
        // While nobody is there: nothing is waited for.
        yield* step(Effect.andThen(HistoryTracker.undo, HistoryTracker.undo))
        assert.deepStrictEqual(yield* step(waiting), ["document: cell.write", "document: cell.write"])
        assert.deepStrictEqual(server.cells(), { "a/1": "2" })
        net.state = "up"
        yield* step(drained)
        assert.deepStrictEqual(server.cells(), {})
        assert.deepStrictEqual(server.world.log.slice(2), ["write a/1=1", "write a/1="])
        yield* step(Effect.andThen(HistoryTracker.redo, HistoryTracker.redo))
        yield* step(drained)
        assert.deepStrictEqual(server.cells(), { "a/1": "2" })
        yield* step(HistoryTracker.undo)
        yield* step(drained)
        assert.deepStrictEqual(server.cells(), { "a/1": "1" })
      }))

    it.live("R4: when it may have arrived, the inverse waits for its outcome and then takes it back; once", () =>
      Effect.gen(function*() {
        const { net, server, step } = yield* session
        net.state = "lossy"
        yield* step(Effect.andThen(invokeRemote(Create, { title: "Milk" }, queue), until(() => net.arrived > 0)))
        net.state = "down"
        yield* step(HistoryTracker.undo)
        assert.deepStrictEqual(yield* step(waiting), ["document: note.create", "document: note.delete"])
        net.state = "up"
        yield* step(drained)
        // Which note it was only the outcome tells.
        assert.deepStrictEqual(server.cells(), {})
        assert.strictEqual(server.world.log.length, 2)
        yield* step(HistoryTracker.redo)
        yield* step(drained)
        assert.deepStrictEqual(Object.values(server.cells()), ["Milk"])
        yield* step(HistoryTracker.undo)
        yield* step(drained)
        assert.deepStrictEqual(server.cells(), {})
        assert.strictEqual(
          yield* step(Outbox.use(({ deadLetters }) => Effect.map(deadLetters, ({ length }) => length))),
          0
        )
      }))

    it.live("R4: one that is given up has done nothing: its entry goes, and an undo behind it does nothing", () =>
      Effect.gen(function*() {
        const { net, server, step } = yield* session
        server.world.cells.set("a/1", "0")
        yield* server.run(breakNext("write"))
        yield* step(write("a/1", "1"))
        yield* step(write("a/1", "2"))
        net.state = "up"
        yield* step(drained)
        // Where this process has not seen it end, the undo tells.
        yield* step(Effect.ignore(HistoryTracker.undo))
        yield* step(drained)
        assert.deepStrictEqual(server.cells(), { "a/1": "0" })
        yield* step(Effect.ignore(HistoryTracker.undo))
        assert.deepStrictEqual(yield* step(reasonOf(HistoryTracker.undo)), { _tag: "NothingToUndo" })
        assert.deepStrictEqual(server.cells(), { "a/1": "0" })
      }))
  })
}

describe("undo of queued calls", () => {
  it.live("R4: what its mapping captures is kept with the entry", () =>
    Effect.gen(function*() {
      const { client, net, server } = yield* start()
      server.world.cells.set("a/1", "far")
      const first = yield* client
      yield* first.run(Effect.gen(function*() {
        const { cells } = yield* World
        cells.set("a/1", "as the client knows it")
        yield* invokeRemote(Erase, { cell: "a/1" }, queue)
      }))
      net.state = "up"
      yield* first.run(drained)
      assert.deepStrictEqual(server.cells(), {})
      yield* first.close
      const second = yield* client
      yield* second.run(Effect.andThen(HistoryTracker.undo, drained))
      assert.deepStrictEqual(server.cells(), { "a/1": "as the client knows it" })
    }))

  it.live("R4: queued calls in a group are one entry with the rest of it", () =>
    Effect.gen(function*() {
      const { client, net, server } = yield* start()
      const { run } = yield* client
      yield* run(HistoryTracker.group("both")(Effect.andThen(write("a/1", "1"), write("b/1", "2"))))
      net.state = "up"
      yield* run(drained)
      assert.deepStrictEqual(server.cells(), { "a/1": "1", "b/1": "2" })
      assert.deepStrictEqual(yield* run(stacks), { live: ["both"], undone: [] })
      yield* run(Effect.andThen(HistoryTracker.undo, drained))
      assert.deepStrictEqual(server.cells(), {})
    }))

  it.live("R4: where the server keeps the history, the client keeps none of queued calls", () =>
    Effect.gen(function*() {
      const { client, net, server } = yield* start("server")
      const { run } = yield* client
      net.state = "up"
      yield* run(Effect.andThen(write("a/1", "1"), drained))
      assert.deepStrictEqual(server.cells(), { "a/1": "1" })
      assert.deepStrictEqual(yield* run(HistoryTracker.entries), [])
    }))

  it.live("R4: headers of a call are in no history, and go along with its inverse and its redo", () =>
    Effect.gen(function*() {
      const { client, files, net } = yield* start()
      const { close, run } = yield* client
      net.state = "up"
      yield* run(invokeRemote(Write, { cell: "a/1", value: "1" }, { ...queue, headers: { "x-token": "a secret" } }))
      yield* run(drained)
      assert.deepStrictEqual(net.tokens, ["a secret"])
      yield* run(Effect.andThen(HistoryTracker.undo, drained))
      yield* run(Effect.andThen(HistoryTracker.redo, drained))
      assert.deepStrictEqual(net.tokens, ["a secret", "a secret", "a secret"])
      yield* close
      for (const file of readdirSync(files).filter((name) => name.startsWith("history.db"))) {
        assert.notInclude(readFileSync(path.join(files, file), "latin1"), "a secret")
      }
    }))

  it.live("R4: a process that does not know the mapping leaves the inverse to one that does", () =>
    Effect.gen(function*() {
      const { client, net, plain, server } = yield* start()
      const first = yield* client
      net.state = "up"
      yield* first.run(Effect.andThen(write("a/1", "1"), drained))
      net.state = "down"
      yield* first.run(HistoryTracker.undo)
      yield* first.close
      const second = yield* plain
      net.state = "up"
      yield* second.run(Outbox.use(({ flush, pending }) =>
        Effect.gen(function*() {
          yield* flush
          const [call] = yield* pending
          assert.include(call!.lastError, "OutboxHistory")
        })
      ))
      assert.deepStrictEqual(server.cells(), { "a/1": "1" })
      yield* second.close
      const third = yield* client
      yield* third.run(drained)
      assert.deepStrictEqual(server.cells(), {})
      assert.deepStrictEqual(server.world.log, ["write a/1=1", "write a/1="])
    }))

  it.live("R4: an inverse that was given up can be retried, and still knows what it takes back", () =>
    Effect.gen(function*() {
      const { client, net, server } = yield* start()
      const { run } = yield* client
      net.state = "up"
      yield* run(Effect.andThen(write("a/1", "1"), drained))
      yield* server.run(breakNext("write"))
      yield* run(Effect.andThen(HistoryTracker.undo, drained))
      assert.deepStrictEqual(server.cells(), { "a/1": "1" })
      yield* run(Outbox.use(({ deadLetters, retryDeadLetter }) =>
        Effect.gen(function*() {
          const [letter] = yield* deadLetters
          assert.strictEqual(yield* retryDeadLetter(letter!.id), true)
        })
      ))
      yield* run(drained)
      assert.deepStrictEqual(server.cells(), {})
    }))

  it.live("R4: a refused call makes no entry, and says why", () =>
    Effect.gen(function*() {
      const { client } = yield* start()
      const { run } = yield* client
      const reason = yield* run(reasonOf(invokeRemote(Write, { cell: 1, value: "1" } as never, queue) as never))
      assert.strictEqual((reason as { readonly _tag: string })._tag, "InvalidInput")
      assert.deepStrictEqual(yield* run(HistoryTracker.entries), [])
    }))

  it.live("R4: the inverse of one that may have arrived, and had failed there, does nothing", () =>
    Effect.gen(function*() {
      const { client, net, server } = yield* start()
      const { run } = yield* client
      server.world.cells.set("a/1", "0")
      yield* server.run(breakNext("write"))
      net.state = "lossy"
      yield* run(Effect.andThen(write("a/1", "1"), until(() => net.arrived > 0)))
      net.state = "down"
      yield* run(HistoryTracker.undo)
      net.state = "up"
      yield* run(drained)
      assert.deepStrictEqual(server.cells(), { "a/1": "0" })
      assert.deepStrictEqual(server.world.log, [])
      const letters = yield* run(Outbox.use(({ deadLetters }) => deadLetters))
      assert.deepStrictEqual(letters.map(({ reason }) => reason._tag), ["Failed"])
    }))

  it.live("R4: the undo of one that was given up meanwhile says so, and the next one passes on", () =>
    Effect.gen(function*() {
      const { client, net, plain, server } = yield* start()
      const first = yield* client
      yield* first.run(write("a/1", "1"))
      yield* first.close
      yield* server.run(breakNext("write"))
      net.state = "up"
      const second = yield* plain
      yield* second.run(drained)
      yield* second.close
      const third = yield* client
      const error = yield* third.run(Effect.flip(HistoryTracker.undo))
      assert.include(error.message, "it never took effect")
      yield* third.run(Effect.repeat(HistoryTracker.entries, {
        until: (entries) => entries.length === 0,
        schedule: Schedule.spaced("5 millis")
      }))
      assert.deepStrictEqual(yield* third.run(reasonOf(HistoryTracker.undo)), { _tag: "NothingToUndo" })
    }))
})
