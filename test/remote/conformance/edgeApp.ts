import * as Deployable from "opbus/remote/Deployable"
import { Exposed } from "./definitions.ts"
import { names } from "./handlers.ts"

const handler = new URL("handlers.ts", import.meta.url)

/** The suite's operations for a worker; the one that is not exposed does not get into its bundle. */
export const deployables = Array.from(
  Exposed.operations.values(),
  (operation) => Deployable.make(operation, { handler, export: names.get(operation.key)! })
)
