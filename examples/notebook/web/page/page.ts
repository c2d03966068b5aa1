/**
 * What one window has beside the bus: what is being typed, its messages, its layout.
 */
import { Effect, Stream } from "effect"
import { Bus, BusClient } from "opbus/reactivity"
import { createContext, useContext } from "react"
import { MergeNotes, RenameNote, RestoreNotes, WriteNote } from "../../plugins/notes/operations.ts"
import { Analyses } from "./analysis/analyses.ts"
import { layer } from "./bus.ts"
import { Drafts, type Shelf } from "./drafts.ts"
import { fieldOf } from "./fields.ts"
import { Screen } from "./screen.ts"
import { Toasts } from "./toasts.ts"

export const makePage = (windowId: string) => {
  const screen = new Screen(sessionStorage)
  const toasts = new Toasts()
  const beforeUndo = Effect.promise(() => drafts.flush().then(toasts.settle))
  const bus = Bus.make(layer({ actor: windowId, beforeUndo, screen }))
  const drafts = new Drafts((id, name) => fieldOf(bus, id, name), shelfOf(`notebook.drafts.${windowId}`))

  void bus.run(followTexts(windowId, drafts.check))
  bus.connection.subscribe((state) => {
    if (state === "connected") void drafts.flush()
  })
  addEventListener("pagehide", drafts.keep)
  addEventListener("visibilitychange", () => {
    drafts.keep()
    void drafts.flush()
  })

  return { analyses: new Analyses(bus), bus, drafts, screen, toasts, windowId }
}

/** Of this browser: a closed window's text is there when a window takes its name again. */
const shelfOf = (key: string): Shelf => ({
  get: () => localStorage.getItem(key),
  set: (text) => text === undefined ? localStorage.removeItem(key) : localStorage.setItem(key, text)
})

const textChanges = [RenameNote, WriteNote, MergeNotes, RestoreNotes]

/** Calls when texts have changed in another way than by typing here: an undo, another window, the devtools. */
const followTexts = (windowId: string, changed: () => void) =>
  BusClient.use((client) =>
    Stream.runForEach(
      client.invocations({ keys: textChanges.map(({ key }) => key), side: "server" }),
      (message) =>
        Effect.sync(() => {
          const typedHere = message._tag !== "Gap" && message.actor === windowId && message.origin === "remote"
          if (!typedHere && message._tag !== "Started") changed()
        })
    )
  )

export type Page = ReturnType<typeof makePage>

export const PageContext = createContext<Page | undefined>(undefined)

export const usePage = (): Page => useContext(PageContext)!
