import { type ReactElement, type RefObject, useEffect, useId, useRef, useState } from "react"
import type { History as HistoryMessage, Peek as PeekMessage } from "../../DevtoolsMessages.ts"
import { History } from "../../DevtoolsOperations.ts"
import { useLatest } from "../connection.ts"
import { hrefOf, useRoute } from "../route.ts"
import { Button, IconButton } from "../ui/Button.tsx"
import { EmptyState, Loading } from "../ui/EmptyState.tsx"
import { ErrorText } from "../ui/ErrorText.tsx"
import { formatCount } from "../ui/format.ts"
import { Icon } from "../ui/icons.tsx"
import { plain } from "../ui/text.ts"
import { Text } from "../ui/Text.tsx"
import { Choices } from "./Choices.tsx"
import { EntryList } from "./EntryList.tsx"
import { type Actor, actorOf, groupsOf, scopesOf, select } from "./groups.ts"
import { adviceFor, explain, planUndo } from "./plan.ts"
import { Problems } from "./Problems.tsx"
import { chosenIn, queryOf } from "./selection.ts"
import { UndoDialog } from "./UndoDialog.tsx"
import { type Outcome, useActions, usePeek } from "./undoing.ts"
import "./history.css"

/** What was done, by whom and where, and the way back. */
export const HistoryPanel = (): ReactElement => {
  const { error, value } = useLatest(History, undefined)
  if (value === undefined) {
    return error === undefined
      ? <Loading>Reading the history…</Loading>
      : (
        <EmptyState title="The history cannot be read">
          <ErrorText message={error} />
        </EmptyState>
      )
  }
  return value.enabled ? <HistoryView history={value} /> : <NoHistory />
}

const NoHistory = (): ReactElement => (
  <EmptyState
    title="This application keeps no history"
    action={
      <pre className="how-to"><code>{"const App = Layer.merge(Handlers, Undo).pipe(\n  Layer.provideMerge(Opbus.layer)\n)"}</code></pre>
    }
  >
    Opbus.layer has one in memory; HistoryTracker.layerStore keeps it in a store. An operation can be undone when an
    UndoMapping says how.
  </EmptyState>
)

const HistoryView = ({ history }: { readonly history: HistoryMessage }): ReactElement => {
  const route = useRoute()
  const groups = groupsOf(history.entries, history.actors)
  const { actor, scope } = chosenIn(route.query, groups)
  const ofActor = select(history.entries, actor, undefined)
  const shown = select(history.entries, actor, scope)
  const { look, peek } = usePeek(history, actor, scope)
  const [asked, setAsked] = useState<string>()
  const [outcome, setOutcome] = useState<Outcome>()
  const undoButton = useRef<HTMLButtonElement>(null)
  const pressed = useRef<Element>(undefined)
  const actions = useActions(look, setOutcome)
  // The history goes on while the question stands.
  const target = asked === undefined ? undefined : history.entries.find(({ id }) => id === asked)
  const plan = target === undefined ? undefined : planUndo(history.entries, scope, target)

  // What is said of one selection is not about the next one.
  useEffect(() => setOutcome(undefined), [actor, scope])
  useEffect(() => {
    // The button that was pressed goes with its entry, before or after the outcome is told.
    if (pressed.current?.isConnected !== false) return
    pressed.current = undefined
    if (document.activeElement === document.body) undoButton.current?.focus()
  }, [history])

  return (
    <div className="panel history">
      {history.storeError === undefined ? null : (
        <div className="banner" data-tone="bad">
          <ErrorText message={`The history cannot be written: ${history.storeError}`} />
          Nothing is lost while the application runs; writing is tried again until it works.
        </div>
      )}
      <div className="history-body">
        <Choices
          groups={groups}
          scopes={scopesOf(ofActor)}
          cut={history.total > history.entries.length}
          actor={actor}
          scope={scope}
          hrefFor={(actor, scope) => hrefOf("history", undefined, queryOf(actor, scope))}
        />
        <div className="history-main">
          <UndoBar
            actor={actor}
            peek={peek}
            saysWhy={outcome?.failed !== true}
            pending={actions.pending}
            busy={history.busy}
            undoButton={undoButton}
            onUndo={() => actor !== undefined && actions.undo(actor, scope)}
            onRedo={() => actor !== undefined && actions.redo(actor, scope)}
          />
          <OutcomeLine outcome={outcome} onClose={() => setOutcome(undefined)} />
          <Problems problems={history.problems} />
          {shown.length === 0
            ? (
              <EmptyState title={history.entries.length === 0 ? "Nothing to undo yet" : "Nothing here"}>
                {history.entries.length === 0
                  ? "As soon as an operation with an undo mapping has run, it stands here."
                  : "This actor has no entries in this scope any more."}
              </EmptyState>
            )
            : (
              <EntryList
                key={`${actor ?? ""}/${scope ?? ""}`}
                entries={shown}
                ofAll={actor === undefined}
                chosen={route.rest}
                disabled={actions.pending}
                onUndoTo={(entry) => {
                  const plan = planUndo(history.entries, scope, entry)
                  if (plan === undefined) return
                  if (plan.takesBack.length === 0 && plan.stopsAt !== undefined) {
                    const advice = adviceFor(plan.stopsAt._tag, actorOf(entry))
                    setOutcome({ failed: true, text: explain(plan.stopsAt), advice })
                  } else {
                    pressed.current = document.activeElement ?? undefined
                    setAsked(entry.id)
                  }
                }}
              />
            )}
          {history.total > history.entries.length
            ? (
              <p className="muted history-more">
                Only the newest {formatCount(history.entries.length)} of {formatCount(history.total)} are shown.
              </p>
            )
            : null}
        </div>
      </div>
      {target === undefined || plan === undefined ? null : (
        <UndoDialog
          plan={plan}
          onCancel={() => setAsked(undefined)}
          onConfirm={() => {
            setAsked(undefined)
            actions.undoTo(actorOf(target), target.id, scope)
          }}
        />
      )}
    </div>
  )
}

const UndoBar = ({ actor, busy, onRedo, onUndo, peek, pending, saysWhy, undoButton }: {
  readonly actor: Actor | undefined
  readonly peek: PeekMessage | undefined
  /** It tells why an undo is not possible; not when that was just answered. */
  readonly saysWhy: boolean
  /** What was pressed here goes on. */
  readonly pending: boolean
  /** Somebody undoes or redoes: what is pressed meanwhile has its turn after that. */
  readonly busy: boolean
  readonly undoButton: RefObject<HTMLButtonElement | null>
  readonly onUndo: () => void
  readonly onRedo: () => void
}): ReactElement => {
  const why = useId()
  if (actor === undefined) {
    return (
      <div className="toolbar history-bar">
        <p className="muted">Everybody undoes their own work: choose whose, to undo and redo.</p>
      </div>
    )
  }
  const undo = peek?.undo ?? undefined
  const redo = peek?.redoMessage ?? undefined
  const blocked = saysWhy ? peek?.blocked ?? undefined : undefined
  const canUndo = undo !== undefined || peek?.blocked != null
  return (
    <div className="toolbar history-bar">
      <Button
        kind="primary"
        icon="undo"
        ref={undoButton}
        aria-disabled={!canUndo || pending}
        {...(blocked === undefined ? {} : { "aria-describedby": why })}
        onClick={() => canUndo && !pending && onUndo()}
      >
        <span className="truncate">{undo === undefined ? "Undo" : `Undo: ${plain(undo.message, 80)}`}</span>
      </Button>
      <Button
        icon="redo"
        aria-disabled={redo === undefined || pending}
        onClick={() => redo !== undefined && !pending && onRedo()}
      >
        <span className="truncate">{redo === undefined ? "Redo" : `Redo: ${plain(redo, 80)}`}</span>
      </Button>
      {pending || busy ? <span className="spinner" role="status" aria-label="Working" /> : null}
      {blocked === undefined ? null : (
        <p className="history-blocked" id={why}>
          <Icon name="ban" /> <Text value={blocked} />
        </p>
      )}
    </div>
  )
}

/** Where it stands is always there, so that nothing moves and screen readers hear it. */
const OutcomeLine = ({ onClose, outcome }: {
  readonly outcome: Outcome | undefined
  readonly onClose: () => void
}): ReactElement => (
  <div className="history-outcome" data-shown={outcome !== undefined} data-failed={outcome?.failed === true}>
    <div>
      <div role="status">
        {outcome?.failed === false
          ? (
            <>
              <Icon name="check" /> <Text value={outcome.text} />
            </>
          )
          : null}
      </div>
      {outcome?.failed === true ? <ErrorText message={outcome.text} /> : null}
      {outcome?.advice === undefined ? null : <p>{outcome.advice}</p>}
    </div>
    {outcome === undefined ? null : <IconButton icon="cross" size="s" label="Dismiss" onClick={onClose} />}
  </div>
)
