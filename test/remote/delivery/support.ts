import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"

/** A folder that is gone when the test is over. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(path.join(tmpdir(), "opbus-delivery-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)
