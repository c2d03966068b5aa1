/**
 * How it is taken back: for each operation its inverse, and the input that the inverse needs.
 */
import { Layer } from "effect"
import { UndoMapping } from "opbus"
import * as database from "./database.ts"
import { AddTodo, RemoveTodo, RestoreTodo, SetTodoDone } from "./operations.ts"

export const Undo = Layer.mergeAll(
  UndoMapping.make({
    operation: AddTodo,
    inverse: RemoveTodo,
    deriveContext: (_input, { id }) => ({ id }),
    redo: (input, { id }) => ({ ...input, id }),
    touches: (_input, { id }) => [id],
    message: ({ text }) => `Add "${text}"`
  }).toLayer,
  UndoMapping.make({
    // read before the operation runs: what undo restores
    capture: ({ id }) => database.get(id),
    operation: SetTodoDone,
    inverse: SetTodoDone,
    deriveContext: ({ done, id }, _output, before) => before.done === done ? undefined : { id, done: before.done },
    touches: ({ id }) => [id],
    message: ({ done }) => done ? "Mark as done" : "Mark as open"
  }).toLayer,
  UndoMapping.make({
    capture: ({ id }) => database.get(id),
    operation: RemoveTodo,
    inverse: RestoreTodo,
    deriveContext: (_input, _output, before) => before,
    touches: ({ id }) => [id],
    message: () => "Remove a to-do"
  }).toLayer
)
