import type * as Cause from "effect/Cause"
import { internalsOf } from "../../operation/internal/invoker.ts"
import type { Registration } from "../../operation/internal/registration.ts"
import { isOperationError, type OperationError } from "../../operation/OperationError.ts"
import type { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { CliFailure, exitCodes } from "./failure.ts"
import { notFound } from "./operations.ts"

/**
 * Says how an invocation failed. What the operation declares as sensitive is not shown.
 *
 * @internal
 */
export const operationFailure = (
  invoker: (typeof OperationInvoker)["Service"],
  key: string,
  cause: Cause.Cause<unknown>
): CliFailure => {
  const reason = cause.reasons.find((reason) => reason._tag === "Fail") ??
    cause.reasons.find((reason) => reason._tag === "Die")
  if (reason?._tag !== "Fail") {
    const defect = reason?._tag === "Die" ? reason.defect : undefined
    return new CliFailure({
      exitCode: exitCodes.failed,
      reason: "Defect",
      message: `the handler of "${key}" broke: ${lineOf(defect)}; --debug shows where`,
      details: { key },
      cause
    })
  }
  const { error } = reason
  if (isOperationError(error)) return refusal(key, error, cause)
  const registration = internalsOf(invoker).lookup(key)
  const encoded = encode(registration, error)
  const own = registration?.redactError === undefined && error instanceof Error ? error.message : ""
  return new CliFailure({
    exitCode: exitCodes.failed,
    reason: "Failed",
    message: `"${key}" failed: ${summary(encoded, own)}`,
    details: { key, error: encoded },
    cause: registration?.redactError === undefined ? cause : undefined
  })
}

/**
 * Says how an invocation elsewhere failed, whose own failure is JSON data.
 *
 * @internal
 */
export const remoteFailure = (key: string, cause: Cause.Cause<unknown>): CliFailure => {
  const reason = cause.reasons.find((reason) => reason._tag === "Fail")
  if (reason === undefined) {
    return new CliFailure({
      exitCode: exitCodes.failed,
      reason: "Defect",
      message: `the handler of "${key}" broke on the server; the server's log says how`,
      details: { key },
      cause
    })
  }
  const { error } = reason
  if (isOperationError(error)) return refusal(key, error, cause)
  return new CliFailure({
    exitCode: exitCodes.failed,
    reason: "Failed",
    message: `"${key}" failed: ${summary(error ?? null, "")}`,
    details: { key, error: error ?? null },
    cause
  })
}

/** What the bus itself says. */
const refusal = (key: string, error: OperationError, cause: Cause.Cause<unknown>): CliFailure => {
  // A handler may fail with the error of another operation that it invoked: that is its own failure.
  const own = error.key === key
  if (own && error.reason._tag === "HandlerNotFound") return notFound(error)
  return new CliFailure({
    exitCode: own ? refusalCodes.get(error.reason._tag) ?? exitCodes.failed : exitCodes.failed,
    reason: error.reason._tag,
    message: error.message,
    details: {
      key: error.key,
      ...("path" in error.reason && { path: error.reason.path.map(String), issue: error.reason.issue })
    },
    cause
  })
}

const refusalCodes: ReadonlyMap<string, number> = new Map([
  ["InvalidInput", exitCodes.usage],
  ["RemoteFunctionNotFound", exitCodes.notFound]
])

const lineOf = (defect: unknown): string =>
  defect instanceof Error
    ? `${defect.name.slice(defect.name.lastIndexOf("/") + 1)}: ${defect.message.split("\n", 1)[0]!.slice(0, 300)}`
    : String(defect).slice(0, 300)

/** The failure as JSON data, without its sensitive fields. */
const encode = (registration: Registration | undefined, error: unknown): unknown => {
  try {
    if (registration !== undefined && registration.redactError === undefined) return registration.encodeError(error)
    return JSON.parse(JSON.stringify(registration?.redactError?.(error) ?? String(error))) as unknown
  } catch {
    return null
  }
}

/** One line: the failure's own message if it has one, else its fields. */
const summary = (encoded: unknown, own: string): string => {
  if (typeof encoded !== "object" || encoded === null) return encoded === null ? "it does not say why" : String(encoded)
  const { _tag, ...fields } = encoded as { readonly [name: string]: unknown }
  const text = own !== "" ? own : Object.keys(fields).length === 0 ? "" : JSON.stringify(fields)
  return [typeof _tag === "string" ? _tag : "", text].filter((part) => part !== "").join(": ") || "it does not say why"
}
