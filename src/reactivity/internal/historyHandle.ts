import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { HistoryState } from "../../history/HistoryState.ts"
import type { RemoteHistoryScope } from "../../remote/RemoteHistory.ts"
import type { HistoryHandle, HistoryOptions, HistoryView } from "../HistoryView.ts"
import { Cell } from "./cell.ts"
import { BusClientKey } from "./client.ts"
import type { Client, Host } from "./host.ts"
import { failureOf } from "./operationHandle.ts"
import { returning } from "./returning.ts"

const unknown: HistoryView = {
  canUndo: false,
  canRedo: false,
  undoMessage: undefined,
  redoMessage: undefined,
  undoCount: 0,
  redoCount: 0,
  busy: false,
  entries: [],
  error: undefined,
  loading: true
}

/**
 * One history that is followed while somebody looks, and used whether or not.
 *
 * @internal
 */
export class History extends Cell<HistoryView> implements HistoryHandle {
  private readonly host: Host
  private readonly of: (client: Client) => RemoteHistoryScope
  private running = 0
  private busy = false
  private readonly touched: (keys: ReadonlyArray<string>) => void

  constructor(
    host: Host,
    scope: string | undefined,
    { entries, side }: HistoryOptions,
    touched: (keys: ReadonlyArray<string>) => void
  ) {
    const of = (client: Client) => client.history(scope, side)
    super(unknown, () => {
      const stop = host.follow((client) => {
        const history = of(client)
        const show = (state: HistoryState) =>
          entries === true
            ? Effect.map(history.entries, (entries) => this.show({ ...state, entries }))
            : Effect.sync(() => this.show(state))
        let failures = 0
        // A stream of changes ends when its connection does.
        return Effect.forever(
          Stream.runForEach(history.changes, (state) => {
            failures = 0
            return show(state)
          }).pipe(
            Effect.catch((error) => Effect.sync(() => this.update({ error, loading: false }))),
            Effect.andThen(Effect.suspend(() => returning(client.connection, failures++)))
          )
        )
      })
      return () => {
        stop()
        this.forget()
      }
    })
    this.host = host
    this.of = of
    this.touched = touched
  }

  private show(state: Partial<HistoryView> & HistoryState): void {
    this.busy = state.busy
    const { canRedo, canUndo, entries = this.value.entries, redoCount, redoMessage, undoCount, undoMessage } = state
    const error = this.value.error
    const next: HistoryView = {
      canUndo,
      canRedo,
      undoMessage,
      redoMessage,
      undoCount,
      redoCount,
      busy: this.busy || this.running > 0,
      entries,
      // That it could not be followed is over; why an undo failed stays until the next one.
      error: isRefusal(error) ? undefined : error,
      loading: false
    }
    this.update(next)
  }

  private act<A, E>(
    action: (history: RemoteHistoryScope) => Effect.Effect<A, E>,
    touches: (value: A) => ReadonlyArray<string>
  ): Promise<Exit.Exit<A, E>> {
    return new Promise((resolve) => {
      this.running++
      const effect = Effect.flatMap(BusClientKey, (client) => action(this.of(client as Client)))
      const fiber = this.host.fork(effect, (exit) => {
        this.running--
        this.update({
          busy: this.busy || this.running > 0,
          error: exit._tag === "Success" ? undefined : failureOf(exit.cause) as HistoryView["error"]
        })
        if (exit._tag === "Success") this.touched(touches(exit.value))
        resolve(exit)
      })
      if (fiber.pollUnsafe() === undefined) this.update({ busy: true })
    })
  }

  readonly undo: HistoryHandle["undo"] = () => this.act((history) => history.undo, (entry) => keysOf([entry]))
  readonly redo: HistoryHandle["redo"] = () => this.act((history) => history.redo, (entry) => keysOf([entry]))
  readonly undoTo: HistoryHandle["undoTo"] = (entryId) => this.act((history) => history.undoTo(entryId), keysOf)
  readonly clear: HistoryHandle["clear"] = () => this.act((history) => history.clear, () => [])
  readonly refresh: HistoryHandle["refresh"] = () => this.reopen()
}

const isRefusal = (error: unknown): boolean =>
  (error as { readonly _tag?: unknown } | undefined)?._tag === "OperationError"

const keysOf = (entries: ReadonlyArray<{ readonly steps: RemoteEntrySteps }>): ReadonlyArray<string> =>
  entries.flatMap(({ steps }) => steps.flatMap(({ inverse, key }) => [key, inverse]))

type RemoteEntrySteps = ReadonlyArray<{ readonly key: string; readonly inverse: string }>
