/**
 * The notebook as one layer: what `npm start` runs, and `opbus --app examples/notebook/app.ts list`.
 */
import { NodeServices } from "@effect/platform-node"
import { Config, Data, Effect, FileSystem, Layer, Path } from "effect"
import { Digest } from "effect/crypto"
import { Opbus } from "opbus"
import { SqlHistoryStore } from "opbus/history/SqlHistoryStore"
import { LibsqlClient } from "opbus/sql"
import { PluginDatabaseLayer } from "./PluginDatabaseLayer.ts"
import { CollectionsHandlers } from "./plugins/collections/handlers.ts"
import { CollectionsUndo } from "./plugins/collections/undo.ts"
import { ImportHandlers } from "./plugins/import/handlers.ts"
import { ImportUndo } from "./plugins/import/undo.ts"
import { NotesHandlers } from "./plugins/notes/handlers.ts"
import { NotesUndo } from "./plugins/notes/undo.ts"
import { WorkspaceHandlers } from "./plugins/workspace/handlers.ts"
import { UiState } from "./plugins/workspace/UiState.ts"
import { WorkspaceUndo } from "./plugins/workspace/undo.ts"

/** The folder of the notebook, relative to the working directory. */
export const NotebookDirectory = Config.String("OPBUS_NOTEBOOK_DIR").pipe(Config.withDefault(".opbus"))

class FolderNotWritable extends Data.TaggedError("FolderNotWritable")<{ readonly message: string }> {}

/** One file for the notes and for their history. */
const Database = Layer.unwrap(
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const directory = yield* NotebookDirectory
    if (!(yield* fs.exists(directory))) yield* fs.makeDirectory(directory)
    return LibsqlClient.layer({ url: path.resolve(directory, "notebook.db") })
  }).pipe(Effect.catchTag("PlatformError", ({ reason }) =>
    Effect.fail(
      new FolderNotWritable({
        message:
          `Cannot make a folder for the notebook (${reason.message}): set OPBUS_NOTEBOOK_DIR to one that you may write to.`
      })
    )))
)

const Services = Layer.mergeAll(UiState.layer, Digest.layerWebCrypto, PluginDatabaseLayer)

const Handlers = Layer.mergeAll(NotesHandlers, CollectionsHandlers, ImportHandlers, WorkspaceHandlers)

const Mappings = Layer.mergeAll(NotesUndo, CollectionsUndo, ImportUndo, WorkspaceUndo)

export default Layer.mergeAll(Handlers, Mappings).pipe(
  Layer.provideMerge(Services),
  Layer.provideMerge(Opbus.layerStore),
  Layer.provide(SqlHistoryStore.layerWith({ joinTransaction: true })),
  Layer.provide(Database),
  Layer.provide(NodeServices.layer)
)
