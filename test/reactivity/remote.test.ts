import { assert, describe, it } from "@effect/vitest"
import { Layer } from "effect"
import { Effect, Schema } from "effect"
import { Socket } from "effect/socket"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { Opbus, Operation, UndoMapping } from "opbus"
import { Bus, BusClient } from "opbus/reactivity"
import { RemoteHistory, RemoteInvoker } from "opbus/remote"
import { afterEach } from "vitest"
import { FindNotes, ListNotes, NoSuchNote, SetTitle } from "./fixtures/notes.ts"
import { frames, until } from "./support.ts"

const cleanups: Array<() => Promise<unknown>> = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A server process that can be killed, and started again at the same address. */
const server = async (...flags: ReadonlyArray<string>) => {
  const directory = await mkdtemp(join(tmpdir(), "opbus-reactivity-"))
  let child: ChildProcess | undefined
  let port = "0"
  const start = async () => {
    child = spawn(process.execPath, [
      "--conditions=opbus-source",
      join(import.meta.dirname, "fixtures/server.ts"),
      join(directory, "notes.db"),
      port,
      ...flags
    ], { stdio: ["ignore", "pipe", "inherit"] })
    const [line] = await once(createInterface(child.stdout!), "line")
    port = String(line)
  }
  const kill = async () => {
    if (child === undefined) return
    const ended = once(child, "exit")
    child.kill("SIGKILL")
    child = undefined
    await ended
  }
  await start()
  cleanups.push(() => rm(directory, { recursive: true, force: true }), kill)
  return { start, kill, ws: () => `ws://127.0.0.1:${port}/ws`, http: () => `http://127.0.0.1:${port}/rpc` }
}

/** Something that runs on the page. */
class Toggle extends Operation.make({
  meta: { key: "layout.toggle" },
  input: Schema.Boolean,
  output: Schema.Boolean,
  executionMode: "sync"
}) {}

const page = (transport: Layer.Layer<RemoteInvoker.RemoteInvoker>) => {
  let shown = false
  const layout = Layer.mergeAll(
    Toggle.toLayer((next) =>
      Effect.sync(() => {
        const before = shown
        shown = next
        return before
      })
    ),
    UndoMapping.make({ operation: Toggle, inverse: Toggle, deriveContext: (_, before) => before }).toLayer
  )
  const bus = Bus.make(
    BusClient.layer.pipe(
      Layer.provideMerge(layout),
      Layer.provideMerge(Opbus.layer),
      Layer.provideMerge(RemoteHistory.layer),
      Layer.provideMerge(transport)
    )
  )
  cleanups.push(() => bus.dispose())
  return bus
}

const webSocket = (url: string, actor: string) =>
  RemoteInvoker.layerWebSocket({ url, actor }).pipe(Layer.provide(Socket.layerWebSocketConstructorGlobal))

const look = (...observables: ReadonlyArray<{ readonly subscribe: (listener: () => void) => () => void }>) => {
  for (const observable of observables) observable.subscribe(() => {})
}

describe("a bus with a server", { timeout: 60_000 }, () => {
  it("sends each call to where its operation is, and keeps both histories", async () => {
    const { ws } = await server()
    const bus = page(webSocket(ws(), "one"))
    const [here, there] = [bus.history(undefined, { side: "here" }), bus.history()]
    look(here, there)
    await bus.operation(Toggle).invoke(true)
    const rename = bus.operation(SetTitle)
    const seen: Array<unknown> = []
    rename.subscribe(({ progress }) => progress !== undefined && seen.push(progress))
    const exit = await rename.invoke({ id: "a", title: "Apple" })
    assert.deepStrictEqual(exit._tag === "Success" && exit.value, "A")
    await until(() => there.value.canUndo && here.value.canUndo, () => [there.value, here.value])
    assert.deepStrictEqual([there.value.undoMessage, there.value.undoCount, here.value.undoCount], [
      "Rename to Apple",
      1,
      1
    ])
    const failed = await rename.invoke({ id: "nowhere", title: "x" })
    assert.instanceOf(rename.value.error, NoSuchNote)
    assert.strictEqual(failed._tag, "Failure")
    await here.undo()
    await until(() => !here.value.canUndo)
    assert.strictEqual(there.value.canUndo, true)
  })

  it("comes back with everything after the server was killed and started again", async () => {
    const { kill, start, ws } = await server()
    const bus = page(webSocket(ws(), "one"))
    const [history, list, rows] = [
      bus.history(undefined, { entries: true }),
      bus.query(ListNotes, undefined, { refreshOn: ["note."] }),
      bus.invocations()
    ]
    look(history, list, rows, bus.connection)
    const titles = () => list.value.data?.map(({ title }) => title).join(" ")
    await until(() => bus.connection.value === "connected" && titles() === "A B" && !history.value.loading)
    await bus.operation(SetTitle).invoke({ id: "a", title: "Apple" })
    await until(() => titles() === "Apple B" && history.value.canUndo)
    await until(() => rows.value.some(({ key, status }) => key === "note.setTitle" && status === "succeeded"))
    await kill()
    await until(() => bus.connection.value === "disconnected")
    const away = await bus.operation(SetTitle).invoke({ id: "a", title: "lost" })
    assert.strictEqual(away._tag, "Failure")
    assert.strictEqual(titles(), "Apple B")
    await until(() => history.value.error !== undefined)
    await start()
    await until(() => bus.connection.value === "connected", () => bus.connection.value)
    await until(() => history.value.error === undefined && history.value.canUndo, () => history.value)
    assert.strictEqual(history.value.entries.length, 1)
    // What happens from now on is seen again, after a gap.
    const undone = () => rows.value.filter(({ origin }) => origin === "undo")
    assert.deepStrictEqual(undone(), [])
    await history.undo()
    await until(() => titles() === "A B", titles)
    // Reads of the list come before it and after it, as it happens.
    await until(() => undone().length > 0 && rows.value.every(({ status }) => status !== "running"), () => rows.value)
    assert.deepStrictEqual(undone().map(({ key, status }) => [key, status]), [["note.setTitle", "succeeded"]])
  })

  it("shows two actors what the other does, and lets each undo its own", async () => {
    const { ws } = await server()
    const [one, two] = [page(webSocket(ws(), "one")), page(webSocket(ws(), "two"))]
    const lists = [one, two].map((bus) => bus.query(ListNotes, undefined, { refreshOn: [SetTitle] }))
    const histories = [one.history(), two.history()]
    look(...lists, ...histories)
    const titles = (which: number) => lists[which]!.value.data?.map(({ title }) => title).join(" ")
    await until(() => titles(0) === "A B" && titles(1) === "A B")
    await one.operation(SetTitle).invoke({ id: "a", title: "One" })
    await two.operation(SetTitle).invoke({ id: "b", title: "Two" })
    await until(() => titles(0) === "One Two" && titles(1) === "One Two")
    await until(() => histories.every(({ value }) => value.undoCount === 1))
    await histories[0]!.undo()
    await until(() => titles(0) === "A Two" && titles(1) === "A Two")
    assert.deepStrictEqual(histories[1]!.value.undoMessage, "Rename to Two")
    await one.operation(SetTitle).invoke({ id: "b", title: "One too" })
    await histories[1]!.undo()
    await until(() => histories[1]!.value.error !== undefined)
    assert.include(histories[1]!.value.error!.message, "by one changed")
  })

  it("does not let queries of several pages refresh each other", async () => {
    const { ws } = await server()
    const [one, two] = [page(webSocket(ws(), "one")), page(webSocket(ws(), "two"))]
    const list = one.query(ListNotes, undefined, { refreshOn: ["note."] })
    const found = two.query(FindNotes, "A", { refreshOn: ["note."] })
    const seen = one.invocations({ side: "server" })
    look(list, found, seen)
    await until(() => list.value.data !== undefined && found.value.data?.length === 1)
    await one.operation(SetTitle).invoke({ id: "a", title: "Apple" })
    await until(() => list.value.data?.[0]!.title === "Apple" && found.value.data?.[0]!.title === "Apple")
    for (let i = 0; i < 5; i++) await frames()
    const reads = () => seen.value.filter(({ key }) => key !== "note.setTitle").length
    const quiet = reads()
    assert.isAtMost(quiet, 6)
    for (let i = 0; i < 5; i++) await frames()
    assert.strictEqual(reads(), quiet)
    assert.isTrue(seen.value.some((row) => row.readonly === true))
  })

  it("shows what this page does where the server does not let itself be watched", async () => {
    const { ws } = await server("--hidden")
    const bus = page(webSocket(ws(), "one"))
    const [rows, there] = [bus.invocations(), bus.invocations({ side: "server" })]
    const list = bus.query(ListNotes, undefined, { refreshOn: ["note."] })
    const history = bus.history()
    look(rows, there, list, history)
    await until(() => list.value.data !== undefined && !history.value.loading)
    await frames()
    await bus.operation(SetTitle).invoke({ id: "a", title: "Apple" })
    await until(() => rows.value.some(({ key, remote }) => key === "note.setTitle" && remote === true))
    await until(() => list.value.data?.[0]!.title === "Apple")
    // The inverse runs on the server: only the undo itself tells.
    await history.undo()
    await until(() => list.value.data?.[0]!.title === "A")
    assert.deepStrictEqual(there.value, [])
  })

  it("works over HTTP, where a connection is what the last call showed", async () => {
    const { http, kill, start } = await server()
    const bus = page(RemoteInvoker.layerHttp({ url: http(), actor: "one" }))
    const [history, list] = [bus.history(), bus.query(ListNotes, undefined, { refreshOn: [SetTitle] })]
    look(bus.connection, history, list)
    await until(() => list.value.data !== undefined && bus.connection.value === "connected")
    await bus.operation(SetTitle).invoke({ id: "a", title: "Apple" })
    await until(() => list.value.data?.[0]!.title === "Apple" && history.value.canUndo)
    await kill()
    await until(() => bus.connection.value === "disconnected")
    await start()
    await until(() => bus.connection.value === "connected" && history.value.error === undefined)
    await history.undo()
    await until(() => list.value.data?.[0]!.title === "A")
  })

  it("asks again by itself until a server that was away is there", async () => {
    const { http, kill, start } = await server("--hidden")
    await kill()
    const bus = page(RemoteInvoker.layerHttp({ url: http(), actor: "one" }))
    const list = bus.query(ListNotes, undefined)
    look(list)
    await until(() => list.value.error !== undefined)
    assert.include(list.value.error!.message, "cannot be invoked remotely")
    await start()
    await until(() => list.value.data?.length === 2)
    assert.strictEqual(list.value.error, undefined)
  })
})
