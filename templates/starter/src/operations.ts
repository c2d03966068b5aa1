/**
 * What can be done, as data. The page, the server and the tests import this file; how it is done is in handlers.ts.
 */
import { Schema } from "effect"
import { Operation, OperationGroup } from "opbus"

export const Todo = Schema.Struct({
  id: Schema.String,
  text: Schema.String,
  done: Schema.Boolean,
  /** Milliseconds since 1970: the list is in this order. */
  added: Schema.Int
})
export type Todo = typeof Todo.Type

export class TodoNotFound extends Schema.TaggedError<TodoNotFound>()("TodoNotFound", { id: Schema.String }) {
  override get message() {
    return "This to-do is gone: somebody else has removed it."
  }
}

export class AddTodo extends Operation.make({
  meta: { key: "todo.add", label: "Add a to-do" },
  input: Schema.Struct({
    text: Schema.String.check(Schema.isNonEmpty(), Schema.isMaxLength(500)),
    /** A new one when it is left out. Redo gives the to-do the id that it had. */
    id: Schema.optionalKey(Schema.String)
  }),
  output: Todo
}) {}

export class SetTodoDone extends Operation.make({
  meta: { key: "todo.setDone", label: "Mark a to-do as done, or as open" },
  input: Schema.Struct({ id: Schema.String, done: Schema.Boolean }),
  error: TodoNotFound
}) {}

export class RemoveTodo extends Operation.make({
  meta: { key: "todo.remove", label: "Remove a to-do" },
  input: Schema.Struct({ id: Schema.String }),
  error: TodoNotFound
}) {}

/** What undo needs: it puts a to-do back as it was. */
export class RestoreTodo extends Operation.make({
  meta: { key: "todo.restore", label: "Restore a to-do" },
  input: Todo
}) {}

export class ListTodos extends Operation.make({
  meta: { key: "todo.list", label: "List the to-dos" },
  output: Schema.Array(Todo)
}).annotate(Operation.Readonly, true) {}

export const Todos = OperationGroup.make(AddTodo, SetTodoDone, RemoveTodo, RestoreTodo, ListTodos)
