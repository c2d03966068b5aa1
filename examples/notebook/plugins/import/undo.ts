/**
 * How an import is taken back, and done again: with the ids that it had, from a folder that has not changed.
 */
import { UndoMapping } from "opbus"
import { DiscardImport, ImportFolder } from "./operations.ts"

export const ImportUndo = UndoMapping.make({
  operation: ImportFolder,
  inverse: DiscardImport,
  deriveContext: (_input, { collection, notes }) => ({ collection, notes }),
  redo: (_input, { collection, folder, name, sha256 }) => ({ folder, name, collection, sha256 }),
  touches: (_input, { collection }) => [collection],
  message: (_input, { name, notes }) => `Import ${notes.length} notes from ${name}`
}).toLayer
