/**
 * How it is done. Inputs have been validated when a handler runs, and what goes wrong is a value of the operation's error.
 */
import { Clock, Effect } from "effect"
import * as database from "./database.ts"
import { Todos } from "./operations.ts"

export const Handlers = Todos.toLayer({
  "todo.add": ({ id = crypto.randomUUID(), text }) =>
    Effect.gen(function*() {
      const todo = { id, text, done: false, added: yield* Clock.currentTimeMillis }
      yield* database.put(todo)
      return todo
    }),

  "todo.setDone": ({ done, id }) => Effect.flatMap(database.get(id), (todo) => database.put({ ...todo, done })),

  "todo.remove": ({ id }) => Effect.andThen(database.get(id), database.remove(id)),

  "todo.restore": (todo) => database.put(todo),

  "todo.list": () => database.all
})
