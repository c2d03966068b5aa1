import { useConnection, useHistory, useOperation, useQuery, useUndoShortcuts } from "opbus/react"
import { type FormEvent, useState } from "react"
import { AddTodo, ListTodos, RemoveTodo, SetTodoDone, type Todo } from "../operations.ts"

export const App = () => {
  useUndoShortcuts()
  const connection = useConnection()
  const { data: todos, error, loading } = useQuery(ListTodos, undefined, { refreshOn: ["todo."] })
  return (
    <main>
      <header>
        <h1>To-dos</h1>
        <UndoBar />
      </header>
      {connection === "disconnected" && <p role="status" className="notice">The server is away. Trying again…</p>}
      <NewTodo />
      {error !== undefined && <p role="alert" className="notice">{error.message}</p>}
      {loading && <p className="quiet">Loading…</p>}
      {todos?.length === 0 && <p className="quiet">Nothing to do. Add something.</p>}
      <ul>{todos?.map((todo) => <Item key={todo.id} todo={todo} />)}</ul>
      <footer className="quiet">
        <a href="/_opbus">Devtools</a>: every operation that ran, and why
      </footer>
    </main>
  )
}

const UndoBar = () => {
  const { busy, canRedo, canUndo, error, redo, redoMessage, undo, undoMessage } = useHistory()
  return (
    <div className="undo" role="group" aria-label="History">
      <button type="button" disabled={!canUndo || busy} onClick={undo} title={undoMessage}>
        {undoMessage === undefined ? "Undo" : `Undo: ${undoMessage}`}
      </button>
      <button type="button" disabled={!canRedo || busy} onClick={redo} title={redoMessage}>
        {redoMessage === undefined ? "Redo" : `Redo: ${redoMessage}`}
      </button>
      {error !== undefined && <span role="alert" className="notice">{error.message}</span>}
    </div>
  )
}

const NewTodo = () => {
  const [text, setText] = useState("")
  const { error, invoke, pending } = useOperation(AddTodo, { onSuccess: () => setText("") })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() !== "") void invoke({ text: text.trim() })
  }
  return (
    <form onSubmit={submit}>
      <label htmlFor="text">New to-do</label>
      <input
        id="text"
        value={text}
        maxLength={500}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" disabled={pending || text.trim() === ""}>Add</button>
      {error !== undefined && <p role="alert" className="notice">{error.message}</p>}
    </form>
  )
}

const Item = ({ todo: { done, id, text } }: { readonly todo: Todo }) => {
  const setDone = useOperation(SetTodoDone)
  const remove = useOperation(RemoveTodo)
  const error = setDone.error ?? remove.error
  return (
    <li>
      <label className={done ? "done" : undefined}>
        <input
          type="checkbox"
          checked={done}
          disabled={setDone.pending}
          onChange={() => setDone.invoke({ id, done: !done })}
        />
        {text}
      </label>
      <button
        type="button"
        aria-label={`Remove ${text}`}
        disabled={remove.pending}
        onClick={() => remove.invoke({ id })}
      >
        Remove
      </button>
      {error !== undefined && <p role="alert" className="notice">{error.message}</p>}
    </li>
  )
}
