import type { OperationErrorReason } from "opbus"
import type { OperationErrorMessage } from "opbus/protocol"

// The wire and the library have the same reasons, field by field.
declare const ofLibrary: OperationErrorReason
declare const ofWire: OperationErrorMessage.OperationErrorReason
// A path may hold symbols, which no wire carries: OperationErrorMessage.toMessage tells their descriptions.
type Told<Reason> = Reason extends { readonly path: unknown } ?
  Omit<Reason, "path"> & { readonly path: ReadonlyArray<string | number> }
  : Reason
declare const told: Told<typeof ofLibrary>
told satisfies OperationErrorMessage.OperationErrorReason
ofWire satisfies OperationErrorReason
