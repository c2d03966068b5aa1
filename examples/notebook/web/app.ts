/**
 * The notebook with what its page needs besides, as one layer.
 */
import { NodeServices } from "@effect/platform-node"
import { Layer } from "effect"
import App from "../app.ts"
import { Analysis } from "../plugins/analysis/web.ts"
import { Collections } from "../plugins/collections/operations.ts"
import { Import } from "../plugins/import/operations.ts"
import { Notes } from "../plugins/notes/operations.ts"
import { SearchNotes } from "../plugins/search/operations.ts"
import { AnalysisHandlers } from "./analysis.ts"
import { AnalysisWorker } from "./AnalysisWorker.ts"
import { Closing } from "./Closing.ts"

/**
 * What the page can call. `import.folder` reads any folder that the user of this process may read, and `worker.start`
 * starts a process: right for a page that only this machine can open, and wrong for any other. A server that others reach
 * would leave both out, or ask an authorizer (docs/security.md).
 */
export const expose = [Notes, Collections, Import, SearchNotes, Analysis]

export default AnalysisHandlers.pipe(
  Layer.provideMerge(AnalysisWorker.layer),
  Layer.provideMerge(Layer.mergeAll(App, Closing.layer)),
  Layer.provideMerge(NodeServices.layer)
)
