import type { OperationErrorReason } from "opbus"
import type { OperationErrorMessage } from "opbus/protocol"

// The wire and the library have the same reasons, field by field.
declare const ofLibrary: OperationErrorReason
declare const ofWire: OperationErrorMessage.OperationErrorReason
ofLibrary satisfies OperationErrorMessage.OperationErrorReason
ofWire satisfies OperationErrorReason
