/**
 * What one window has beside the bus: what is being typed, its messages, its layout.
 */
import { Cause, Effect, Exit, Stream } from "effect"
import { Bus, BusClient } from "opbus/reactivity"
import { createContext, useContext } from "react"
import { fingerprintOf } from "../../model.ts"
import { MergeNotes, ReadNote, RenameNote, RestoreNotes, WriteNote } from "../../plugins/notes/operations.ts"
import { Analyses } from "./analysis/analyses.ts"
import { layer } from "./bus.ts"
import { Drafts, type Field, type FieldName, type Sent } from "./drafts.ts"
import { Screen } from "./screen.ts"
import { Toasts } from "./toasts.ts"

const textChanges = [RenameNote, WriteNote, MergeNotes, RestoreNotes]

const sentOf = (exit: Exit.Exit<void, { readonly _tag: string; readonly message: string }>): Sent => {
  if (Exit.isSuccess(exit)) return "done"
  const error = Cause.squash(exit.cause) as {
    readonly _tag?: string
    readonly message: string
    readonly reason?: { readonly _tag: string }
  }
  if (error._tag === "NoteChanged") return "changed"
  return error.reason?._tag === "RemoteUnavailable" ? "away" : { refused: error.message }
}

export const makePage = (windowId: string) => {
  const screen = new Screen(sessionStorage)
  const toasts = new Toasts()

  const fieldOf = (id: string, name: FieldName): Field => ({
    send: (text, replaced, typing) => {
      const input = { id, replaces: fingerprintOf(replaced), typing }
      const change = BusClient.use((client): Effect.Effect<void, { readonly _tag: string; readonly message: string }> =>
        name === "title"
          ? client.invoke(RenameNote, { ...input, title: text })
          : client.invoke(WriteNote, { ...input, body: text })
      )
      return bus.run(change).then(sentOf)
    },
    read: () =>
      bus.run(BusClient.use((client) => client.invoke(ReadNote, { id }))).then((exit) =>
        Exit.isSuccess(exit) ? exit.value[name] : undefined
      ),
    accepts: (text) => name === "body" || text.trim() !== ""
  })
  const drafts = new Drafts(fieldOf, sessionStorage)

  const bus = Bus.make(layer({
    actor: windowId,
    screen,
    beforeUndo: Effect.promise(() => drafts.flush()).pipe(Effect.andThen(Effect.sync(() => toasts.settle())))
  }))

  // Text comes back by the undo of any of these, and by what others do.
  const watching = BusClient.use((client) =>
    Stream.runForEach(
      client.invocations({ keys: textChanges.map(({ key }) => key), side: "server" }),
      (message) =>
        Effect.sync(() => {
          const typedHere = "actor" in message && message.actor === windowId && message.origin === "remote"
          if (!typedHere && message._tag !== "Started") drafts.check()
        })
    )
  )
  void bus.run(watching)
  bus.connection.subscribe((state) => {
    if (state === "connected") void drafts.flush()
  })
  addEventListener("pagehide", drafts.keep)

  return { analyses: new Analyses(bus), bus, drafts, screen, toasts, windowId }
}

export type Page = ReturnType<typeof makePage>

export const PageContext = createContext<Page | undefined>(undefined)

export const usePage = (): Page => useContext(PageContext)!
