import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { Registration } from "../../operation/internal/registration.ts"
import { isOperationError, OperationError } from "../../operation/OperationError.ts"
import { OperationErrorMessage, toMessage } from "../../protocol/OperationErrorMessage.ts"
import * as wire from "./wire.ts"

type AnyExit = Exit.Exit<unknown, unknown>

/**
 * The exit of an invocation with encoded output, as JSON data.
 *
 * Invariant: nothing of a defect but that there was one, and of a refusal nothing that tells about the inside.
 *
 * @internal
 */
export const encodeExit = (registration: Registration | undefined, exit: AnyExit): wire.EncodedExit =>
  exit._tag === "Success"
    ? { _tag: "Success", value: exit.value }
    : { _tag: "Failure", cause: exit.cause.reasons.map((reason) => encodeReason(registration, reason)) }

type EncodedReason = Extract<wire.EncodedExit, { readonly _tag: "Failure" }>["cause"][number]

const encodedDefect: EncodedReason = { _tag: "Die", defect: wire.encodedDefect }

const encodeReason = (registration: Registration | undefined, reason: Cause.Reason<unknown>): EncodedReason => {
  // JSON leaves an `undefined` out, and the peers' decoder wants the key.
  if (Cause.isInterruptReason(reason)) return { _tag: "Interrupt", fiberId: null as unknown as undefined }
  if (!Cause.isFailReason(reason)) return encodedDefect
  const { error } = reason
  try {
    if (isOperationError(error)) return { _tag: "Fail", error: encodeOperationError(error) }
    // Of a built-in request: its error is JSON data already.
    return { _tag: "Fail", error: registration === undefined ? error : registration.encodeError(error) }
  } catch {
    return encodedDefect
  }
}

const encodeOperationError = (error: OperationError): OperationErrorMessage => ({
  _tag: "OperationError",
  key: error.key,
  reason: toMessage(outward(error)).reason
})

/**
 * The bus's own error without what only the inside may know: which other operations there are.
 *
 * @internal
 */
export const outward = (error: OperationError): OperationError => {
  const { key, reason } = error
  return reason._tag === "HandlerNotFound" && reason.suggestions.length > 0
    ? new OperationError({ key, reason: { ...reason, suggestions: [] } })
    : error
}

/**
 * The exit of an invocation with typed output, for a serialisation with codecs of its own.
 *
 * @internal
 */
export const presentable = (exit: AnyExit): AnyExit =>
  exit._tag === "Success"
    ? exit
    : Exit.failCause(
      Cause.fromReasons(exit.cause.reasons.map((reason) =>
        Cause.isDieReason(reason)
          ? Cause.makeDieReason(new Error(wire.encodedDefect.message))
          : Cause.isFailReason(reason) && isOperationError(reason.error)
          ? Cause.makeFailReason(outward(reason.error))
          : reason
      ))
    )

const isOperationErrorMessage = Schema.is(OperationErrorMessage)

/**
 * The bus's own error as it came over the wire; `undefined` when it is something else.
 *
 * @internal
 */
export const readOperationError = (error: unknown): OperationError | undefined =>
  typeof error === "object" && error !== null && (error as { readonly _tag?: unknown })._tag === "OperationError" &&
    isOperationErrorMessage(error)
    ? new OperationError({ key: error.key, reason: error.reason })
    : undefined

/**
 * JSON data of an exit as an exit of JSON data. `raw`: the bus's own error stays JSON data too.
 *
 * @internal
 */
export const openExit = (exit: wire.EncodedExit, raw = false): AnyExit =>
  exit._tag === "Success"
    ? Exit.succeed(exit.value)
    : Exit.failCause(
      Cause.fromReasons(exit.cause.map((reason) => {
        switch (reason._tag) {
          case "Fail":
            return Cause.makeFailReason(raw ? reason.error : readOperationError(reason.error) ?? reason.error)
          case "Die":
            return Cause.makeDieReason(readDefect(reason.defect))
          case "Interrupt":
            return Cause.makeInterruptReason()
        }
      }))
    )

/** @internal */
export const readDefect = (defect: unknown): unknown => {
  if (typeof defect !== "object" || defect === null) return defect
  const { message, name } = defect as { readonly message?: unknown; readonly name?: unknown }
  if (typeof message !== "string") return defect
  const error = new Error(message)
  if (typeof name === "string") error.name = name
  return error
}
