/**
 * The page of the notebook, bundled when the server starts.
 */
import { fileURLToPath } from "node:url"
import { PageBundle } from "opbus/node"

export const page = PageBundle.make({
  entry: fileURLToPath(new URL("page/main.tsx", import.meta.url)),
  title: "Notebook",
  description: "Notes, with undo and redo"
})
