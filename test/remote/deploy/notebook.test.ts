import { assert, describe, it } from "@effect/vitest"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { convertV4MiniflareOptions, Miniflare } from "miniflare"
import { CollectionNotFound, NoteNotFound } from "../../../examples/notebook/model.ts"
import { PluginDatabaseLayer } from "../../../examples/notebook/PluginDatabaseLayer.ts"
import { NotesHandlers } from "../../../examples/notebook/plugins/notes/handlers.ts"
import {
  CreateNote,
  DeleteNotes,
  FindNotes,
  Fingerprint,
  MergeNotes,
  Notes,
  ReadNote,
  RestoreNotes,
  TagNote,
  WriteNote
} from "../../../examples/notebook/plugins/notes/operations.ts"
import type * as Operation from "../../../src/operation/Operation.ts"
import type { OperationError } from "../../../src/operation/OperationError.ts"
import { OperationInvoker } from "../../../src/operation/OperationInvoker.ts"
import { OperationRegistry } from "../../../src/operation/OperationRegistry.ts"
import * as LibsqlClient from "../../../src/sql/LibsqlClient.ts"
import { build, caller, codeOf } from "./kit.ts"

type Run = <Op extends Operation.Any>(
  operation: Op,
  input: Op["input"]["Type"]
) => Effect.Effect<Op["output"]["Type"], Op["error"]["Type"] | OperationError>

/** In this process, on an embedded database. */
const local = Effect.map(
  Layer.build(Layer.fresh(
    NotesHandlers.pipe(
      Layer.provideMerge(OperationInvoker.layer),
      Layer.provideMerge(OperationRegistry.layer),
      Layer.provide([PluginDatabaseLayer, Digest.layerWebCrypto]),
      Layer.provide(LibsqlClient.layer({ url: ":memory:" }))
    )
  )),
  (context): Run => (operation, input) =>
    Effect.provideContext(OperationInvoker.invoke(operation as any, input), context) as any
)

const tables = [
  "CREATE TABLE collections (id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID",
  "CREATE TABLE notes (id TEXT PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL, tags TEXT NOT NULL, collection TEXT, source TEXT)"
]

/** Built once, with its binding left to who runs it. */
const worker = Effect.runPromise(Effect.scoped(Effect.map(
  build("notebook.ts", Array.from(Notes.operations.keys()), { target: "cloudflare" }),
  codeOf
)))

/** The same handler file in a worker, on D1. */
const edge = Effect.gen(function*() {
  const contents = yield* Effect.promise(() => worker)
  const secret = "notebook-secret"
  const miniflare = yield* Effect.acquireRelease(
    Effect.sync(() =>
      new Miniflare(convertV4MiniflareOptions({
        modules: [{ type: "ESModule", path: "worker.js", contents }],
        compatibilityDate: "2026-11-01",
        bindings: { OPBUS_SECRET: secret },
        d1Databases: { DB: "notes" }
      }))
    ),
    (miniflare) => Effect.promise(() => miniflare.dispose())
  )
  const url = yield* Effect.promise(() => miniflare.ready)
  const database = yield* Effect.promise(() => miniflare.getD1Database("DB"))
  for (const table of tables) yield* Effect.promise(() => database.exec(table))
  const context = yield* Layer.build(caller(new URL("/rpc", url).href, { authorization: `Bearer ${secret}` }))
  const run: Run = (operation, input) =>
    Effect.provideContext(OperationInvoker.invokeRemote(operation as any, input), context) as any
  return run
})

describe.each([["in process, on libsql", local], ["on an edge worker, on D1", edge]] as const)(
  "the notebook's own handlers %s",
  (_, connect) => {
    const test = (name: string, body: (run: Run) => Effect.Effect<void, unknown>) =>
      it.live(name, () => Effect.scoped(Effect.flatMap(connect as typeof edge, body)), 60_000)

    test("write, read and find notes", (run) =>
      Effect.gen(function*() {
        yield* run(CreateNote, { id: "1", title: "Tea", body: "green", tags: ["b", "a", "b"] })
        yield* run(CreateNote, { id: "2", title: "50% off_", body: "Ünïcödé 🙂 'quoted' \"twice\"" })
        assert.deepStrictEqual(yield* run(ReadNote, { id: "1" }), {
          type: "note",
          id: "1",
          title: "Tea",
          body: "green",
          tags: ["a", "b"],
          collection: null,
          source: null
        })
        yield* run(WriteNote, { id: "1", body: "black" })
        assert.deepStrictEqual((yield* run(FindNotes, { text: "BLACK" })).map((note) => note.id), ["1"])
        assert.deepStrictEqual((yield* run(FindNotes, { text: "0% off_" })).map((note) => note.id), ["2"])
        assert.deepStrictEqual((yield* run(FindNotes, { tag: "b" })).map((note) => note.id), ["1"])
        assert.deepStrictEqual((yield* run(FindNotes, { collection: null, limit: 1 })).map((note) => note.id), ["1"])
        assert.deepStrictEqual((yield* run(FindNotes, { collection: "c" })).length, 0)
        assert.strictEqual((yield* run(ReadNote, { id: "2" })).body, "Ünïcödé 🙂 'quoted' \"twice\"")
      }))

    test("change tags, and say what did change", (run) =>
      Effect.gen(function*() {
        yield* run(CreateNote, { id: "1", title: "Tea", tags: ["a"] })
        assert.deepStrictEqual(yield* run(TagNote, { id: "1", add: ["a", "b"], remove: ["c"] }), {
          added: ["b"],
          removed: []
        })
      }))

    test("merge and delete as one change, and put back what was there", (run) =>
      Effect.gen(function*() {
        for (const id of ["1", "2", "3"]) yield* run(CreateNote, { id, title: id, body: id, tags: [id] })
        const before = yield* run(Fingerprint, undefined)
        const notes = yield* Effect.forEach(["1", "2", "3"], (id) => run(ReadNote, { id }))
        yield* run(MergeNotes, { into: "1", from: ["3", "2"] })
        const merged = yield* run(ReadNote, { id: "1" })
        assert.deepStrictEqual([merged.body, merged.tags], ["1\n\n3\n\n2", ["1", "2", "3"]])
        assert.deepStrictEqual((yield* run(FindNotes, {})).map((note) => note.id), ["1"])
        yield* run(DeleteNotes, { ids: ["1"] })
        assert.strictEqual((yield* run(Fingerprint, undefined)).notes, 0)
        yield* run(RestoreNotes, { notes })
        assert.deepStrictEqual(yield* run(Fingerprint, undefined), before)
      }))

    test("fail with the errors that they declare", (run) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* Effect.flip(run(ReadNote, { id: "x" })), new NoteNotFound({ id: "x" }))
        assert.deepStrictEqual(
          yield* Effect.flip(run(CreateNote, { title: "Tea", collection: "x" })),
          new CollectionNotFound({ id: "x" })
        )
        const invalid = yield* Effect.flip(run(CreateNote, { title: "" }))
        assert.strictEqual((invalid as OperationError).reason._tag, "InvalidInput")
      }))

    test("take turns, however many call at once", (run) =>
      Effect.gen(function*() {
        yield* run(CreateNote, { id: "1", title: "Tea" })
        const tags = Array.from({ length: 20 }, (_, i) => `tag-${String(i).padStart(2, "0")}`)
        yield* Effect.forEach(tags, (tag) => run(TagNote, { id: "1", add: [tag] }), { concurrency: "unbounded" })
        assert.deepStrictEqual((yield* run(ReadNote, { id: "1" })).tags, tags)
      }))
  }
)

describe("one fingerprint", () => {
  it.live("comes of the same notes on both databases", () =>
    Effect.gen(function*() {
      const all = yield* Effect.forEach([local, edge], (connect) =>
        Effect.gen(function*() {
          const run = yield* connect
          yield* run(CreateNote, { id: "1", title: "Tea", body: "green\n", tags: ["a"] })
          yield* run(CreateNote, { id: "2", title: "☕" })
          return yield* run(Fingerprint, undefined)
        }))
      assert.deepStrictEqual(all[0], all[1])
    }).pipe(Effect.scoped), 60_000)
})
