import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import App from "../../examples/notebook/app.ts"
import { DatabaseService } from "../../examples/notebook/DatabaseService.ts"
import { CreateCollection } from "../../examples/notebook/plugins/collections/operations.ts"
import { ImportFolder } from "../../examples/notebook/plugins/import/operations.ts"
import {
  CreateNote,
  DeleteNotes,
  MergeNotes,
  MoveNote,
  RenameNote,
  WriteNote
} from "../../examples/notebook/plugins/notes/operations.ts"
import { SearchNotes } from "../../examples/notebook/plugins/search/operations.ts"
import { HistoryTracker } from "../../src/history/HistoryTracker.ts"
import * as UndoMapping from "../../src/history/UndoMapping.ts"
import { SearchService } from "../../src/native/modules/search/SearchService.ts"
import { ServiceRegistry } from "../../src/native/ServiceRegistry.ts"
import * as Operation from "../../src/operation/Operation.ts"
import { OperationInvoker } from "../../src/operation/OperationInvoker.ts"
import { isBuilt } from "./support/native.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const app = join(root, "examples/notebook/app.ts")
const bin = join(root, "src/cli/bin.ts")
const docs = join(root, "docs")
const { invoke } = OperationInvoker

const search = (query: string, options?: Omit<typeof SearchNotes.input.Type, "query">) =>
  invoke(SearchNotes, { query, ...options })

/** The ids of what is found. */
const find = (query: string) => Effect.map(search(query), ({ hits }) => hits.map(({ id }) => id))

describe("searching the notebook", { timeout: 60_000 }, () => {
  let folder: string
  let notebooks = 0

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "opbus-notebook-search-"))
  })

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  const empty = () => join(folder, String(++notebooks))

  /** What happens in a notebook, in a process of its own as far as the index can tell. */
  const within = <A, E>(
    directory: string,
    effect: Effect.Effect<A, E, Layer.Success<typeof App> | Scope.Scope>,
    env: Record<string, string> = {}
  ): Promise<A> =>
    Effect.runPromise(
      Effect.scoped(Effect.provide(effect, App)).pipe(
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { OPBUS_NOTEBOOK_DIR: directory, ...env } })))
      )
    )

  /** Without opbus, as any other program might. */
  const write = (directory: string, sql: string): void => {
    const database = new DatabaseSync(join(directory, "notebook.db"))
    database.exec(sql)
    database.close()
  }

  const opbus = async (directory: string, ...args: ReadonlyArray<string>): Promise<string> => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=opbus-source", bin, "--app", app, ...args],
      { cwd: root, env: { ...process.env, OPBUS_NOTEBOOK_DIR: directory } }
    )
    return stdout
  }

  it("finds what was created, edited, moved, merged and deleted, and what of it was undone and redone", () =>
    within(
      empty(),
      Effect.gen(function*() {
        const { redo, undo } = yield* HistoryTracker
        yield* invoke(CreateNote, { id: "tea", title: "Tea", body: "green leaves", tags: ["hot"] })
        yield* invoke(CreateNote, { id: "mate", title: "Mate", body: "green" })
        assert.deepStrictEqual(yield* find("green"), ["mate", "tea"], "the shorter one is more about it")
        assert.deepStrictEqual(yield* find("gre lea"), ["tea"], "words may be half typed, and all count")
        assert.deepStrictEqual(yield* find("HOT"), ["tea"])
        assert.deepStrictEqual(yield* find("black"), [])

        yield* invoke(WriteNote, { id: "tea", body: "black" })
        assert.deepStrictEqual([yield* find("green"), yield* find("black")], [["mate"], ["tea"]])
        yield* undo
        assert.deepStrictEqual([yield* find("green"), yield* find("black")], [["mate", "tea"], []])
        yield* redo
        assert.deepStrictEqual([yield* find("green"), yield* find("black")], [["mate"], ["tea"]])

        yield* invoke(RenameNote, { id: "mate", title: "Yerba" })
        assert.deepStrictEqual([yield* find("mate"), yield* find("yerba")], [[], ["mate"]])
        yield* undo
        assert.deepStrictEqual([yield* find("mate"), yield* find("yerba")], [["mate"], []])

        const { id: collection } = yield* invoke(CreateCollection, { name: "Drinks" })
        yield* invoke(MoveNote, { id: "tea", collection })
        const places = Effect.all([search("tea", { collection }), search("tea", { collection: null })])
        assert.deepStrictEqual((yield* places).map(({ total }) => total), [1, 0])
        yield* undo
        assert.deepStrictEqual((yield* places).map(({ total }) => total), [0, 1])

        yield* invoke(MergeNotes, { into: "mate", from: ["tea"] })
        assert.deepStrictEqual([yield* find("black"), yield* find("tea")], [["mate"], []])
        yield* undo
        assert.deepStrictEqual([yield* find("black"), yield* find("tea")], [["tea"], ["tea"]])

        yield* invoke(DeleteNotes, { ids: ["tea", "mate"] })
        assert.deepStrictEqual([yield* find("black"), yield* find("mate")], [[], []])
        yield* undo
        assert.deepStrictEqual([yield* find("black"), yield* find("mate")], [["tea"], ["mate"]])
      })
    ))

  it("gives equals in the same order, whichever was added first", () =>
    within(
      empty(),
      Effect.gen(function*() {
        const { undo } = yield* HistoryTracker
        for (const id of ["c", "a", "b"]) yield* invoke(CreateNote, { id, title: "Tea" })
        assert.deepStrictEqual(yield* find("tea"), ["a", "b", "c"])
        yield* invoke(DeleteNotes, { ids: ["a"] })
        assert.deepStrictEqual(yield* find("tea"), ["b", "c"])
        yield* undo
        assert.deepStrictEqual(yield* find("tea"), ["a", "b", "c"])
        assert.deepStrictEqual((yield* search("tea", { limit: 2 })).hits.map(({ id }) => id), ["a", "b"])
      })
    ))

  it("is no action: it does not enter the history, and repeats itself", () =>
    within(
      empty(),
      Effect.gen(function*() {
        const history = yield* HistoryTracker
        yield* invoke(CreateNote, { title: "Tea" })
        const before = (yield* history.entries).length
        assert.deepStrictEqual(yield* search("tea"), yield* search("tea"))
        assert.strictEqual((yield* history.entries).length, before)
      })
    ))

  it.skipIf(!isBuilt)(
    "gives the same from Rust and from TypeScript, to the last bit, also after undo and redo",
    async () => {
      const queries = [
        "undo",
        "the history of an operation",
        "err typ",
        "\"quoted\" ünïcödé 🙂",
        "",
        "nowhere to be found"
      ]
      const story = Effect.gen(function*() {
        const { redo, undo } = yield* HistoryTracker
        const { managed } = yield* SearchService
        const ask = Effect.forEach(queries, (query) => search(query, { limit: 1000 }))
        const { notes } = yield* invoke(ImportFolder, { folder: docs, collection: "docs" })
        const imported = yield* ask
        yield* invoke(DeleteNotes, { ids: notes.slice(0, 3) })
        const deleted = yield* ask
        yield* undo
        const restored = yield* ask
        yield* undo
        const undone = yield* ask
        yield* redo
        const redone = yield* ask
        return { kind: managed.kind, answers: { imported, deleted, restored, undone, redone } }
      })
      const rust = await within(empty(), story)
      const typescript = await within(empty(), story, { OPBUS_NOTEBOOK_NATIVE: "false" })
      assert.deepStrictEqual([rust.kind, typescript.kind], ["rust", "typescript"])
      assert.deepStrictEqual(rust.answers, typescript.answers)
      const { deleted, imported, redone, restored, undone } = rust.answers
      assert.isAtLeast(imported[0]!.total, 5)
      assert.isAtLeast(imported[2]!.total, 2)
      assert.notDeepEqual(deleted, imported)
      assert.deepStrictEqual([restored, redone], [imported, imported])
      assert.deepStrictEqual(undone.map(({ total }) => total), queries.map(() => 0))
    }
  )

  it("finds what another process has written, before it started and since", async () => {
    const directory = empty()
    const create = (title: string) =>
      opbus(directory, "invoke", "note.create", JSON.stringify({ title, id: title.toLowerCase() }))
    await create("Tea")
    await within(
      directory,
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* find("tea"), ["tea"])
        yield* Effect.promise(() => create("Teapot"))
        assert.deepStrictEqual(yield* find("tea"), ["tea", "teapot"])
        yield* Effect.promise(() => opbus(directory, "undo"))
        assert.deepStrictEqual(yield* find("tea"), ["tea"])
        write(directory, "UPDATE notes SET title = 'Coffee'")
        assert.deepStrictEqual([yield* find("tea"), yield* find("coffee")], [[], ["tea"]])
      })
    )
  })

  it("finds the notes of a notebook that is older than the search", async () => {
    const directory = empty()
    await within(directory, invoke(CreateNote, { id: "tea", title: "Tea" }))
    write(directory, "DROP TABLE search_migrations; DROP TABLE note_changes")
    for (const event of ["INSERT", "UPDATE", "DELETE"]) write(directory, `DROP TRIGGER note_changes_${event}`)
    assert.deepStrictEqual(await within(directory, find("tea")), ["tea"])
  })

  it("keeps nothing in the index that was rolled back", () =>
    within(
      empty(),
      Effect.gen(function*() {
        const inside: Array<typeof SearchNotes.output.Type> = []
        class Try extends Operation.make({ meta: { key: "test.try" }, error: Schema.String }) {}
        yield* Layer.build(Layer.mergeAll(
          UndoMapping.make({ operation: Try, inverse: Try, deriveContext: () => undefined }).toLayer,
          Try.toLayer(() =>
            Effect.gen(function*() {
              const db = yield* DatabaseService
              yield* Effect.orDie(db.add({
                type: "note",
                id: "gone",
                title: "Tea",
                body: "",
                tags: [],
                collection: null,
                source: null
              }))
              inside.push(yield* Effect.orDie(search("tea")))
              return yield* Effect.fail("no")
            })
          )
        ))
        assert.strictEqual(yield* Effect.flip(invoke(Try, undefined)), "no")
        assert.deepStrictEqual(inside, [{ hits: [], total: 0, complete: false }])
        // the database gives the number of the change that was rolled back to the next one
        yield* invoke(CreateNote, { id: "kept", title: "Teapot" })
        assert.deepStrictEqual(yield* search("tea"), {
          hits: [{ id: "kept", title: "Teapot", score: (yield* search("tea")).hits[0]!.score }],
          total: 1,
          complete: true
        })
      })
    ))

  it.each(isBuilt ? ["true", "false"] : ["false"])(
    "loses nothing while memory is scarce, and says that it is behind (native: %s)",
    (native) =>
      within(
        empty(),
        Effect.gen(function*() {
          const service = Option.getOrThrow(yield* (yield* ServiceRegistry).get("search"))
          assert.strictEqual(service.kind, native === "true" ? "rust" : "typescript")
          yield* invoke(CreateNote, { id: "tea", title: "Tea" })
          assert.deepStrictEqual(yield* find("tea"), ["tea"])

          yield* service.pressureResponse("warning")
          yield* invoke(CreateNote, { id: "teapot", title: "Teapot" })
          const behind = yield* search("tea")
          assert.deepStrictEqual([behind.total, behind.complete], [1, false])

          yield* service.pressureResponse("high")
          yield* invoke(CreateNote, { id: "teacup", title: "Teacup" })
          yield* invoke(DeleteNotes, { ids: ["tea"] })
          const remembered = yield* search("tea")
          assert.deepStrictEqual([remembered.hits, remembered.complete], [[], false], "what is gone is not shown")
          assert.strictEqual((yield* Effect.flip(search("something else")))._tag, "NotSearchable")

          yield* service.pressureResponse("critical")
          yield* service.shedLoad
          const refused = yield* Effect.flip(search("tea"))
          assert.deepInclude(refused, { _tag: "NotSearchable", reason: "SearchPaused" })

          yield* service.pressureResponse("normal")
          assert.deepInclude(yield* Effect.flip(search("tea")), { reason: "IndexMissing" })
          assert.isTrue(yield* service.heal)
          const all = yield* search("tea")
          assert.deepStrictEqual([all.hits.map(({ id }) => id).sort(), all.complete], [["teacup", "teapot"], true])
        }),
        { OPBUS_NOTEBOOK_NATIVE: native }
      )
  )

  it("is listed among the services, and answers on the command line", async () => {
    const directory = empty()
    await opbus(directory, "invoke", "note.create", JSON.stringify({ title: "Tea", id: "tea" }))
    const found = JSON.parse(
      await opbus(directory, "invoke", "note.search", JSON.stringify({ query: "tea" }), "--json")
    )
    assert.deepInclude(found.output, { total: 1, complete: true })
    const [row, ...others] = (await opbus(directory, "services", "--json")).trim().split("\n").map((line) =>
      JSON.parse(line)
    )
    assert.deepStrictEqual(others, [])
    assert.deepInclude(row, {
      service: "search",
      kind: isBuilt ? "rust" : "typescript",
      health: { _tag: "Healthy" },
      closed: []
    })
  })
})
