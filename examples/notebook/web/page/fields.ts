/**
 * The fields of a note as the server has them.
 */
import { Cause, type Effect, Exit } from "effect"
import { type Bus, BusClient } from "opbus/reactivity"
import { fingerprintOf } from "../../model.ts"
import { ReadNote, RenameNote, WriteNote } from "../../plugins/notes/operations.ts"
import type { Field, FieldName, Sent } from "./drafts.ts"

interface Failure {
  readonly _tag?: string
  readonly message: string
  readonly reason?: { readonly _tag: string }
}

const sentOf = (exit: Exit.Exit<void, unknown>): Sent => {
  if (Exit.isSuccess(exit)) return "done"
  const error = Cause.squash(exit.cause) as Failure
  if (error._tag === "NoteChanged") return "changed"
  return error.reason?._tag === "RemoteUnavailable" ? "away" : { refused: error.message }
}

export const fieldOf = (bus: Bus.Bus, id: string, name: FieldName): Field => ({
  send: (text, replaced, typing) => {
    const input = { id, replaces: fingerprintOf(replaced), typing }
    const change = BusClient.use((client): Effect.Effect<void, unknown> =>
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
