/**
 * The page of the notebook, bundled when the server starts, and kept until a file of it changes.
 */
import { fileURLToPath } from "node:url"
import { PageBundle } from "opbus/node"

export const page = PageBundle.make({
  entry: fileURLToPath(new URL("page/main.tsx", import.meta.url)),
  title: "Notebook",
  description: "Notes, with undo and redo",
  cache: fileURLToPath(new URL("../../../node_modules/.cache/opbus", import.meta.url))
})
