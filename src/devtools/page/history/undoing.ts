/** What the next undo and redo will do, and doing it. */
import * as Cause from "effect/Cause"
import type * as Exit from "effect/Exit"
import { useCallback, useEffect, useRef, useState } from "react"
import type { History as HistoryMessage, Peek as PeekMessage } from "../../DevtoolsMessages.ts"
import { HistoryFailed, Peek, Redo, Undo, UndoTo } from "../../DevtoolsOperations.ts"
import { useTools } from "../connection.ts"
import { messageOf } from "../ui/ErrorText.tsx"
import { plural } from "../ui/format.ts"
import type { Actor } from "./groups.ts"
import { adviceFor } from "./plan.ts"

/** What came of the last undo or redo. */
export interface Outcome {
  readonly failed: boolean
  readonly text: string
  readonly advice?: string | undefined
}

interface Peeked {
  readonly peek: PeekMessage | undefined
  /** Asks now; what it answers is shown when this has ended. */
  readonly look: () => Promise<void>
}

/** What the next undo and redo of an actor will do; asked again whenever the history has changed. */
export const usePeek = (history: HistoryMessage, actor: Actor | undefined, scope: string | undefined): Peeked => {
  const { invoke } = useTools(Peek)
  const [answer, setAnswer] = useState<{ readonly of: unknown; readonly peek: PeekMessage }>()
  const asked = useRef(0)
  const answered = useRef(0)
  // Another one for each selection.
  const look = useCallback(async (): Promise<void> => {
    if (actor === undefined) return
    const number = ++asked.current
    const exit = await invoke({ actor, ...(scope === undefined ? {} : { scope }) })
    // An answer never takes the place of one that was asked for later.
    if (exit._tag === "Failure" || number < answered.current) return
    answered.current = number
    setAnswer({ of: look, peek: exit.value })
  }, [actor, scope, invoke])
  useEffect(() => {
    void look()
  }, [history, look])
  // What is said of one selection is not about the next one.
  return { peek: answer?.of === look ? answer?.peek : undefined, look }
}

/**
 * Undo and redo.
 *
 * Invariant: what came of one is told in the same moment in which the bar shows what the next ones will do. Whoever reads
 * it may press at once, and that press counts.
 */
export const useActions = (look: () => Promise<void>, tell: (outcome: Outcome | undefined) => void) => {
  const { invoke: undo } = useTools(Undo)
  const { invoke: redo } = useTools(Redo)
  const { invoke: undoTo } = useTools(UndoTo)
  const [running, setRunning] = useState(0)
  const latest = useRef(look)
  useEffect(() => {
    latest.current = look
  })
  const act = async <A>(actor: Actor, call: () => Promise<Exit.Exit<A, unknown>>, said: (value: A) => string) => {
    tell(undefined)
    setRunning((count) => count + 1)
    const exit = await call()
    await latest.current()
    setRunning((count) => count - 1)
    tell(exit._tag === "Failure" ? failure(actor, exit.cause) : { failed: false, text: said(exit.value) })
  }
  const within = (scope: string | undefined) => scope === undefined ? {} : { scope }
  return {
    pending: running > 0,
    undo: (actor: Actor, scope: string | undefined) =>
      void act(actor, () => undo({ actor, ...within(scope) }), ({ message }) => `Undone: ${message}`),
    redo: (actor: Actor, scope: string | undefined) =>
      void act(actor, () => redo({ actor, ...within(scope) }), ({ message }) => `Done again: ${message}`),
    undoTo: (actor: Actor, entryId: string, scope: string | undefined) =>
      void act(
        actor,
        () => undoTo({ actor, entryId, ...within(scope) }),
        ({ length }) => `${plural(length, "entry", "entries")} undone`
      )
  }
}

const failure = (actor: Actor, cause: Cause.Cause<unknown>): Outcome => {
  const error = Cause.squash(cause)
  if (!(error instanceof HistoryFailed)) return { failed: true, text: messageOf(error) }
  const before = error.undone === 0 ? "" : `${plural(error.undone, "entry", "entries")} undone, then it stopped. `
  return { failed: true, text: before + error.message, advice: adviceFor(error.reason, actor) }
}
