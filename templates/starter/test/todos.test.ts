/**
 * Operations are tested where they live, without a server and without a page: with a database in memory.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HistoryTracker, invoke, Opbus } from "opbus"
import { OperationTest } from "opbus/operation/OperationTest"
import { LibsqlClient } from "opbus/sql"
import { Tables } from "../src/database.ts"
import { Handlers } from "../src/handlers.ts"
import { AddTodo, ListTodos, RemoveTodo, RestoreTodo, SetTodoDone } from "../src/operations.ts"
import { Undo } from "../src/undo.ts"

const App = OperationTest.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Handlers, Undo)),
  Layer.provide(Tables),
  Layer.provideMerge(Opbus.layer),
  Layer.provide(LibsqlClient.layer({ url: ":memory:" }))
)

const texts = Effect.map(
  invoke(ListTodos, undefined),
  (todos) => todos.map(({ done, text }) => done ? `✓ ${text}` : text)
)

it.effect("adds, marks and removes, and takes all of it back", () =>
  Effect.gen(function*() {
    const history = yield* HistoryTracker
    const tea = yield* invoke(AddTodo, { text: "Buy tea" })
    yield* invoke(SetTodoDone, { id: tea.id, done: true })
    assert.deepStrictEqual(yield* texts, ["✓ Buy tea"])
    yield* invoke(RemoveTodo, { id: tea.id })
    assert.deepStrictEqual(yield* texts, [])

    yield* history.undo
    assert.deepStrictEqual(yield* texts, ["✓ Buy tea"])
    yield* history.undo
    assert.deepStrictEqual(yield* texts, ["Buy tea"])
    yield* history.undo
    assert.deepStrictEqual(yield* texts, [])
  }).pipe(Effect.provide(App)))

it.effect("puts a to-do back by the operation that the mapping names", () =>
  Effect.gen(function*() {
    const test = yield* OperationTest
    const todo = yield* invoke(AddTodo, { text: "Buy tea" })
    yield* invoke(RemoveTodo, { id: todo.id })
    yield* (yield* HistoryTracker).undo
    yield* test.assertInvoked(RestoreTodo, todo)
  }).pipe(Effect.provide(App)))

it.effect("says so when the to-do is gone", () =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(invoke(RemoveTodo, { id: "nobody" }))
    assert.strictEqual(error._tag, "TodoNotFound")
  }).pipe(Effect.provide(App)))
