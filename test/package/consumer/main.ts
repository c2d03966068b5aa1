/** What a user writes against the published package; run by scripts/package.ts in an empty project. */
import { OperationInvoker } from "opbus"
import * as Operation from "opbus/operation/Operation"

if (OperationInvoker === undefined || Operation === undefined) throw new Error("nothing came from opbus")
console.log("ok")
