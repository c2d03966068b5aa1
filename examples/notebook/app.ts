/**
 * The notebook as one layer: what `npm start` runs, and `opbus --app examples/notebook/app.ts list`.
 */
import { NodeServices } from "@effect/platform-node"
import { Config, Data, Effect, FileSystem, Layer, Path } from "effect"
import { Digest } from "effect/crypto"
import { Opbus } from "opbus"
import { SqlHistoryStore } from "opbus/history/SqlHistoryStore"
import { Deployable, RemoteInvoker } from "opbus/remote"
import { SqlDeploymentRegistry } from "opbus/remote/SqlDeploymentRegistry"
import { SqlOutbox } from "opbus/remote/SqlOutbox"
import { SqlResultStore } from "opbus/remote/SqlResultStore"
import { LibsqlClient } from "opbus/sql"
import { PluginDatabaseLayer } from "./PluginDatabaseLayer.ts"
import { AnalyzeText } from "./plugins/analysis/operations.ts"
import { CollectionsHandlers } from "./plugins/collections/handlers.ts"
import { Collections } from "./plugins/collections/operations.ts"
import { CollectionsUndo } from "./plugins/collections/undo.ts"
import { ImportHandlers } from "./plugins/import/handlers.ts"
import { ImportUndo } from "./plugins/import/undo.ts"
import { NotesHandlers } from "./plugins/notes/handlers.ts"
import { Notes } from "./plugins/notes/operations.ts"
import { NotesUndo } from "./plugins/notes/undo.ts"
import { SearchPlugin } from "./plugins/search/layer.ts"
import { SearchNotes } from "./plugins/search/operations.ts"
import { WorkspaceHandlers } from "./plugins/workspace/handlers.ts"
import { UiState } from "./plugins/workspace/UiState.ts"
import { WorkspaceUndo } from "./plugins/workspace/undo.ts"

/** The folder of the notebook, relative to the working directory. */
export const NotebookDirectory = Config.String("OPBUS_NOTEBOOK_DIR").pipe(Config.withDefault(".opbus"))

class FolderNotWritable extends Data.TaggedError("FolderNotWritable")<{ readonly message: string }> {}

/** Names a file in the folder of the notebook. */
export const Folder = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = path.resolve(yield* NotebookDirectory)
  if (!(yield* fs.exists(directory))) yield* fs.makeDirectory(directory)
  return (name: string) => path.join(directory, name)
}).pipe(Effect.catchTag("PlatformError", ({ reason }) =>
  Effect.fail(
    new FolderNotWritable({
      message:
        `Cannot make a folder for the notebook (${reason.message}): set OPBUS_NOTEBOOK_DIR to one that you may write to.`
    })
  )))

const fileOf = (name: string) => Layer.unwrap(Effect.map(Folder, (pathOf) => LibsqlClient.layer({ url: pathOf(name) })))

/** One file for the notes, for their history, for calls that wait, and for the answers that were given. */
const Database = fileOf("notebook.db")

/** Where `opbus deploy` writes what runs where. */
const Deployments = SqlDeploymentRegistry.layer.pipe(Layer.provide(fileOf("deployments.db")))

/** Calls go where the operation is deployed, and wait while nobody is there. */
const Remote = SqlOutbox.layer().pipe(
  Layer.provideMerge(RemoteInvoker.layerDeployments()),
  Layer.provideMerge(Deployments)
)

const Services = Layer.mergeAll(UiState.layer, Digest.layerWebCrypto, PluginDatabaseLayer)

const Handlers = Layer.mergeAll(NotesHandlers, CollectionsHandlers, ImportHandlers, WorkspaceHandlers)

const Mappings = Layer.mergeAll(NotesUndo, CollectionsUndo, ImportUndo, WorkspaceUndo)

/** What `opbus deploy` can ship: an operation, and the file of its handler. */
export const deployables = [
  Deployable.make(AnalyzeText, { handler: new URL("./plugins/analysis/handlers.ts", import.meta.url) })
]

/** What `opbus serve` serves. Who calls from elsewhere has no business with the folders and the screen of this machine. */
export const expose = [Notes, Collections, SearchNotes]

export default Layer.mergeAll(Handlers, Mappings, SearchPlugin).pipe(
  Layer.provideMerge(Services),
  Layer.provideMerge(Opbus.layerStore),
  Layer.provide(SqlHistoryStore.layerWith({ joinTransaction: true })),
  Layer.provideMerge(Layer.mergeAll(Remote, SqlResultStore.layer())),
  Layer.provide(Database),
  Layer.provide(NodeServices.layer)
)
