/**
 * The application as one layer: what server.ts serves, and what `npx opbus --app src/app.ts list` shows.
 */
import { Layer } from "effect"
import { mkdirSync } from "node:fs"
import { Opbus } from "opbus"
import { SqlHistoryStore } from "opbus/history/SqlHistoryStore"
import { LibsqlClient } from "opbus/sql"
import { Tables } from "./database.ts"
import { Handlers } from "./handlers.ts"
import { Todos } from "./operations.ts"
import { Undo } from "./undo.ts"

/** What can be called from outside. Nothing else is. */
export const expose = [Todos]

/** One file for the to-dos and for their history, so that a change and its entry are written together. */
const Database = Layer.suspend(() => {
  const folder = process.env["DATA_DIR"] ?? "data"
  mkdirSync(folder, { recursive: true })
  return LibsqlClient.layer({ url: `${folder}/app.db` })
})

export default Layer.mergeAll(Handlers, Undo).pipe(
  Layer.provide(Tables),
  Layer.provideMerge(Opbus.layerStore),
  Layer.provide(SqlHistoryStore.layerWith({ joinTransaction: true })),
  Layer.provide(Database)
)
