import { WebSocket } from "@effect/platform-node/NodeWS"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { HistoryTracker, invoke } from "opbus"
import { DevtoolsOperations as Tools } from "opbus/devtools"
import { SqlHistoryStore } from "opbus/history/SqlHistoryStore"
import { LibsqlClient } from "opbus/sql"
import { appOn, as, World, write as writeCell } from "../history/kit.ts"
import { line, request } from "../remote/raw.ts"
import { connect, follow, serve, Write } from "./support/kit.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(path.join(tmpdir(), "opbus-devtools-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

it.live("what another process does to the same store shows up, and can be undone from here", () =>
  Effect.gen(function*() {
    const file = path.join(yield* folder, "history.db")
    // The world is what both processes change: a database, in an application.
    const world: World["Service"] = { cells: new Map(), log: [], faults: new Map() }
    const one = () =>
      Layer.fresh(
        appOn(SqlHistoryStore.layer, {}, Layer.succeed(World, world)).pipe(
          Layer.provideMerge(LibsqlClient.layer({ url: file, synchronous: "NORMAL" }))
        )
      )
    const server = yield* serve({ app: one() })
    const tools = yield* connect(server.port, "tools")
    const history = yield* follow(tools, Tools.History)
    assert.strictEqual((yield* history.first).total, 0)
    const other = yield* Layer.buildWithScope(one(), yield* Scope.Scope)
    yield* Effect.provideContext(as("ann")(writeCell("a/1", "1")), other)
    const seen = yield* history.until(({ total }) => total === 1, "the entry of the other process")
    assert.deepInclude(seen.entries[0], { actor: "ann", message: "a/1=1", status: "live" })
    yield* tools.invoke(Tools.Undo, { actor: "ann" }, {})
    yield* history.until(({ entries }) => entries[0]?.status === "undone", "that it is undone")
    assert.deepStrictEqual(Object.fromEntries(world.cells), {})
    assert.strictEqual(
      (yield* Effect.provideContext(as("ann")(HistoryTracker.entries), other))[0]?.status,
      "undone"
    )
  }).pipe(Effect.scoped))

it.live("a page that stops reading neither delays the application nor makes the server keep what it does not take", () =>
  Effect.gen(function*() {
    const server = yield* serve()
    const sockets = yield* Effect.forEach(["app", "tools"], (name) =>
      Effect.acquireRelease(
        Effect.callback<WebSocket>((resume) => {
          const socket = new WebSocket(`ws://127.0.0.1:${server.port}/_opbus/${name}`)
          socket.on("open", () => resume(Effect.succeed(socket)))
        }),
        (socket) => Effect.sync(() => socket.terminate())
      ))
    // It asks for everything, acknowledges nothing, and reads nothing more.
    sockets[0]!.send(line(request("1", "@opbus/invocations", {})))
    for (const [i, tag] of ["devtools.history", "devtools.catalogue", "devtools.services"].entries()) {
      sockets[1]!.send(line(request(String(i), tag)))
    }
    yield* Effect.sleep("200 millis")
    for (const socket of sockets) socket.pause()
    const value = "x".repeat(2_000)
    const started = performance.now()
    for (let i = 0; i < 5_000; i++) yield* server.run(invoke(Write, { name: `a/${i % 10}`, value: value + i }))
    assert.isBelow(performance.now() - started, 10_000)
    // 10,000 events of 2 KB each have happened: what was on its way is one chunk, of 512 events at most,
    // for each that was asked for.
    let bytes = 0
    const chunks: Array<string> = []
    for (const socket of sockets) {
      socket.on("message", (data: Buffer) => {
        bytes += data.length
        for (const { _tag, requestId } of data.toString().trim().split("\n").map((text) => JSON.parse(text))) {
          if (_tag === "Chunk") chunks.push(requestId)
        }
      })
      socket.resume()
    }
    yield* Effect.sleep("500 millis")
    assert.isAtMost(chunks.length, 4)
    assert.isBelow(bytes, 2 * 1024 * 1024)
    // And another page sees it all.
    const tools = yield* connect(server.port, "tools")
    assert.strictEqual((yield* (yield* follow(tools, Tools.History)).first).total, 5_000)
  }).pipe(Effect.scoped))
