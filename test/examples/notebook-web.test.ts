import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { RemoteInvoker } from "opbus/operation/RemoteInvoker"
import { RemoteHistory } from "opbus/remote"
import { RequestAnalysis, StartWorker, StopWorker, WatchWorker } from "../../examples/notebook/plugins/analysis/web.ts"
import { ListCollections } from "../../examples/notebook/plugins/collections/operations.ts"
import { CreateNote, FindNotes, RenameNote } from "../../examples/notebook/plugins/notes/operations.ts"
import { SetLayoutMode } from "../../examples/notebook/plugins/workspace/operations.ts"
import { parse } from "../../examples/notebook/web/options.ts"
import { endAll, type Notebook, refusedStart, start, window } from "./support/webNotebook.ts"

/** Nothing that ends when it is asked to takes longer. */
const patience = 4_000

const call = <Op extends Parameters<RemoteInvoker["Service"]["invoke"]>[0]>(
  operation: Op,
  input: Op["input"]["Type"]
) => RemoteInvoker.use((remote) => remote.invoke(operation, input, {}))

const follow = <Op extends Parameters<RemoteInvoker["Service"]["invoke"]>[0]>(
  operation: Op,
  input: Op["input"]["Type"]
) => Stream.unwrap(Effect.map(RemoteInvoker, (remote) => remote.invokeStream(operation, input, {})))

const titles = Effect.map(call(FindNotes, {}), (notes) => notes.map(({ title }) => title).sort())

describe("the notebook in a browser", { timeout: 120_000 }, () => {
  let folder: string
  let directories = 0

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "opbus-notebook-web-"))
  })

  afterAll(() => {
    endAll()
    rmSync(folder, { recursive: true, force: true })
  })

  const directory = () => join(folder, String(++directories))

  it("serves its page, its operations and its devtools at the addresses that it prints", async () => {
    const notebook = await start(directory())
    assert.include(notebook.output(), `Devtools  ${notebook.url}/_opbus\n`)
    for (const path of ["/", "/_opbus"]) {
      const response = await fetch(notebook.url + path)
      assert.strictEqual(response.status, 200, path)
      assert.include(response.headers.get("content-security-policy") ?? "", "default-src 'none'", path)
      const html = await response.text()
      assert.include(html, "<div id=\"root\">", path)
      const script = /<script[^>]*\bsrc="([^"]+)"/.exec(html)?.[1]
      const asset = await fetch(new URL(script!, response.url.endsWith("/") ? response.url : `${response.url}/`))
      assert.strictEqual(asset.status, 200, script)
    }
    const created = await fetch(`${notebook.url}/rpc/note.create`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ title: "Tea" })
    })
    assert.strictEqual(created.status, 200)
    assert.deepStrictEqual(await window(notebook, "a", titles), ["Tea"])
    const refused = await window(notebook, "a", Effect.flip(call(SetLayoutMode, { mode: "deck" })))
    assert.include(refused.message, "layout.setMode", "what is on the screen is no business of the server")
    assert.strictEqual((await notebook.end("SIGTERM")).code, 0)
    assert.strictEqual(notebook.errors(), "")
  })

  it("answers nobody who comes by another name", async () => {
    const notebook = await start(directory())
    const statusOf = (path: string, headers: Record<string, string>) =>
      new Promise<number>((resolve, reject) => {
        request(notebook.url + path, { method: path === "/rpc/note.find" ? "POST" : "GET", headers }, (response) => {
          response.resume()
          resolve(response.statusCode!)
        }).on("error", reject).end("{}")
      })
    const json = { "content-type": "application/json" }
    assert.strictEqual(await statusOf("/rpc/note.find", json), 200)
    assert.strictEqual(await statusOf("/rpc/note.find", { ...json, host: "evil.example" }), 403)
    assert.strictEqual(await statusOf("/rpc/note.find", { ...json, origin: "http://evil.example" }), 403)
    assert.strictEqual(await statusOf("/_opbus", { host: "evil.example" }), 403)
    await notebook.end("SIGTERM")
  })

  it("keeps notes and history when it is killed, and each window undoes its own", async () => {
    const path = directory()
    const first = await start(path)
    const { id } = await window(first, "a", call(CreateNote, { title: "Tea" }))
    await window(first, "b", call(CreateNote, { title: "Coffee" }))
    await window(first, "a", call(RenameNote, { id, title: "Mate" }))
    await first.end("SIGKILL")

    const second = await start(path, ["--port", new URL(first.url).port])
    assert.strictEqual(second.url, first.url)
    assert.deepStrictEqual(await window(second, "a", titles), ["Coffee", "Mate"])
    const undone = await window(second, "a", RemoteHistory.undo)
    assert.strictEqual(undone.message, "Rename to \"Mate\"")
    await window(second, "a", RemoteHistory.undo)
    assert.deepStrictEqual(await window(second, "a", titles), ["Coffee"])
    assert.isFalse(await window(second, "a", RemoteHistory.canUndo))
    assert.isTrue(await window(second, "b", RemoteHistory.canUndo))
    await second.end("SIGTERM")
  })

  it("ends soon when it is asked to, whoever watches and whatever waits, and has everything on disk", async () => {
    const path = directory()
    const notebook = await start(path)
    const ended = await window(
      notebook,
      "a",
      Effect.gen(function*() {
        const { id } = yield* call(CreateNote, { title: "Tea" })
        yield* call(StopWorker, undefined)
        yield* Effect.forkScoped(Stream.runDrain(follow(WatchWorker, undefined)))
        const queued = yield* Stream.runHead(follow(RequestAnalysis, { id }))
        yield* Effect.forkScoped(Stream.runDrain(follow(RequestAnalysis, { id })))
        assert.strictEqual(queued._tag, "Some")
        return yield* Effect.promise(() => notebook.end("SIGINT"))
      })
    )
    assert.strictEqual(ended.code, 0)
    assert.isBelow(ended.millis, patience)
    assert.notInclude(notebook.output(), "interrupted", "nothing that goes on for ever was waited for")
    assert.strictEqual(notebook.errors(), "")
    const again = await start(path)
    const undone = await window(again, "a", RemoteHistory.undo)
    assert.strictEqual(undone.message, "Create \"Tea\"")
    await again.end("SIGTERM")
  })

  describe("on a port that is taken", () => {
    it("says so in one line when that port was asked for", async () => {
      const path = directory()
      const notebook = await start(path)
      const { port } = new URL(notebook.url)
      const { code, errors } = await refusedStart(path, ["--port", port])
      assert.strictEqual(code, 1)
      assert.match(errors, new RegExp(`^notebook: port ${port} is taken\\. [^\\n]+\\n$`))
      await notebook.end("SIGTERM")
    })

    it("takes another one when none was asked for, and says so", async () => {
      // Where it is taken already there is nothing to do.
      const taker = createServer().listen(4400, "127.0.0.1").on("error", () => undefined)
      const notebook = await start(directory(), [])
      assert.match(notebook.output(), /^Port 4400 is taken, /m)
      assert.notStrictEqual(new URL(notebook.url).port, "4400")
      assert.strictEqual((await fetch(notebook.url)).status, 200)
      await notebook.end("SIGTERM")
      taker.close()
    })
  })

  it("imports a folder that is named, once", async () => {
    const path = directory()
    const notes = join(folder, "some notes")
    mkdirSync(notes)
    for (const name of ["tea", "mate"]) writeFileSync(join(notes, `${name}.md`), `# ${name}\n\nA drink.`)
    const imported = async (expected: RegExp) => {
      const notebook = await start(path, ["--port", "0", notes])
      const deadline = performance.now() + 20_000
      while (!expected.test(notebook.output())) {
        assert.isBelow(performance.now(), deadline, `${notebook.output()}\n${notebook.errors()}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return notebook
    }
    const first = await imported(/2 notes imported from .*some notes, as the collection "some notes"\./)
    await first.end("SIGTERM")
    const second = await imported(/some notes is in it already, as the collection "some notes"\./)
    assert.deepStrictEqual(await window(second, "a", titles), ["mate", "tea"])
    assert.strictEqual((await window(second, "a", call(ListCollections, undefined))).length, 1)
    await second.end("SIGTERM")

    const { code, errors } = await refusedStart(directory(), [join(folder, "nowhere")])
    assert.strictEqual(code, 1)
    assert.match(errors, /^notebook: Cannot import .*nowhere: there is no such folder\.\n$/)
  })

  it("says in one line what it does not understand", async () => {
    const expected: ReadonlyArray<readonly [args: ReadonlyArray<string>, message: string]> = [
      [["--what"], "--what"],
      [["--port", "tea"], "\"tea\""],
      [["--port", "65536"], "\"65536\""],
      [["--host", "0.0.0.0"], "--host is 127.0.0.1"],
      [["--search", "tea"], "--terminal"],
      [["--terminal", "--port", "1"], "--port goes without --terminal"],
      [["a", "b"], "\"b\""]
    ]
    for (const [args, message] of expected) {
      const error = await Effect.runPromise(Effect.flip(parse(args)))
      assert.include(error.message, message)
      assert.notInclude(error.message, "\n")
    }
    const { code, errors } = await refusedStart(join(folder, "none"), ["--what"])
    assert.strictEqual(code, 1)
    assert.match(errors, /^notebook: [^\n]*--what[^\n]*\n$/)
  })

  it("analyses a note that was queued while there was no worker, also after it was killed, and once", async () => {
    const path = directory()
    const first = await start(path)
    const request = (notebook: Notebook, id: string) =>
      window(notebook, "a", Effect.flatMap(Stream.runHead(follow(RequestAnalysis, { id })), Effect.fromOption))
    const id = await window(
      first,
      "a",
      Effect.gen(function*() {
        const { id } = yield* call(CreateNote, { title: "A wonderful day", body: "We are happy and love the sun." })
        yield* Effect.ignore(call(StartWorker, undefined)) // it may be on its way up
        yield* call(StopWorker, undefined)
        return id
      })
    )
    const { receipt, state } = await request(first, id)
    assert.strictEqual(state, "queued")
    await first.end("SIGKILL")

    const second = await start(path)
    const states = await window(
      second,
      "a",
      Effect.gen(function*() {
        const missing = yield* Effect.flip(Stream.runDrain(follow(RequestAnalysis, { id: "nobody" })))
        assert.strictEqual(missing._tag, "NoteNotFound")
        const following = yield* Effect.forkScoped(Stream.runCollect(follow(RequestAnalysis, { id })))
        yield* call(StartWorker, undefined)
        return yield* Fiber.join(following)
      })
    )
    assert.isAbove(states.at(-1)!.analysis!.sentiment, 0)
    assert.strictEqual(states.at(-1)!.state, "done")
    assert.deepStrictEqual(new Set(states.map((one) => one.receipt)), new Set([receipt]))
    await second.end("SIGTERM")
  })

  it("tells whoever watches that the worker starts and stops, and leaves none behind", async () => {
    const path = directory()
    const notebook = await start(path)
    const seen = await window(
      notebook,
      "a",
      Effect.gen(function*() {
        yield* call(StartWorker, undefined)
        const first = yield* Deferred.make<void>()
        const watching = yield* follow(WatchWorker, undefined).pipe(
          Stream.tap(() => Deferred.succeed(first, undefined)),
          Stream.take(3),
          Stream.runCollect,
          Effect.forkScoped
        )
        yield* Deferred.await(first)
        yield* call(StopWorker, undefined)
        yield* call(StartWorker, undefined)
        return yield* Fiber.join(watching)
      })
    )
    assert.deepStrictEqual(seen.map(({ state }) => state), ["running", "stopped", "running"])

    const pid = () => Number(readFileSync(join(path, "analysis/worker.pid"), "utf8").split(" ")[1])
    const isAlive = (pid: number) => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    const orphan = pid()
    await notebook.end("SIGKILL")
    assert.isTrue(isAlive(orphan), "nobody has told it")
    const again = await start(path)
    await window(again, "a", call(StartWorker, undefined))
    assert.notStrictEqual(pid(), orphan)
    for (let tries = 0; tries < 200 && isAlive(orphan); tries++) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.isFalse(isAlive(orphan))
    const own = pid()
    await again.end("SIGTERM")
    assert.isFalse(isAlive(own))
  })

  it("says why where there is no worker, and queues all the same", async () => {
    const elsewhere = join(folder, "elsewhere")
    mkdirSync(join(elsewhere, "node_modules/workerd"), { recursive: true })
    // as the package does on a machine for which it has no binary
    writeFileSync(join(elsewhere, "node_modules/workerd/index.js"), "throw new Error('Unsupported platform: toaster')")
    const notebook = await start(directory(), ["--port", "0"], elsewhere)
    await window(
      notebook,
      "a",
      Effect.gen(function*() {
        const refused = yield* Effect.flip(call(StartWorker, undefined))
        assert.strictEqual(refused._tag, "WorkerUnavailable")
        assert.strictEqual(
          refused.message,
          "There is no worker on this machine: workerd does not run here: Unsupported platform: toaster."
        )
        const status = yield* Effect.flatMap(Stream.runHead(follow(WatchWorker, undefined)), Effect.fromOption)
        assert.deepInclude(status, {
          state: "unavailable",
          why: "workerd does not run here: Unsupported platform: toaster"
        })
        const { id } = yield* call(CreateNote, { title: "Tea" })
        const request = yield* Effect.flatMap(Stream.runHead(follow(RequestAnalysis, { id })), Effect.fromOption)
        assert.strictEqual(request.state, "queued")
      })
    )
    await notebook.end("SIGTERM")
    assert.strictEqual(notebook.errors(), "")
  })
})
