import { isOperationErrorMessage } from "../../../protocol/OperationErrorMessage.ts"
import type { EncodedExit, IdempotentCall, ResultStoreOptions } from "../../ResultStore.ts"

/**
 * What an answer says of its handler.
 *
 * - `"final"`: it ran to its end, and this is what came of it.
 * - `"notRun"`: it was refused before it began, so another delivery may run it.
 * - `"unknown"`: it was stopped somewhere in the middle.
 *
 * @internal
 */
export type Meaning = "final" | "notRun" | "unknown"

/** The bus refuses with these before a handler runs. */
const refusals = new Set([
  "HandlerNotFound",
  "InvalidInput",
  "Overloaded",
  "Dropped",
  "Denied",
  "Incompatible",
  "RemoteUnavailable",
  "RemoteFunctionNotFound",
  "Uncertain",
  "IdempotencyConflict"
])

/** The bus interrupts a handler with these. */
const stops = new Set(["Timeout", "Superseded"])

/** @internal */
export const meaningOf = (call: IdempotentCall, exit: EncodedExit): Meaning => {
  if (exit._tag === "Success") return "final"
  const failure = exit.cause.find((reason) => reason._tag !== "Interrupt")
  if (failure === undefined) return "unknown"
  if (failure._tag !== "Fail" || !isOperationErrorMessage(failure.error)) return "final"
  // What the handler got from another operation is an answer of its own.
  if (failure.error.key !== call.key) return "final"
  const { _tag } = failure.error.reason
  return refusals.has(_tag) ? "notRun" : stops.has(_tag) ? "unknown" : "final"
}

/** @internal */
export interface ResultLimits {
  readonly count: number
  readonly bytes: number
  readonly answerBytes: number
}

const mebibyte = 1024 * 1024

/** @internal */
export const resultLimits = (options: ResultStoreOptions): ResultLimits => ({
  count: options.maxCount ?? 100_000,
  bytes: options.maxBytes ?? 256 * mebibyte,
  answerBytes: options.maxAnswerBytes ?? 4 * mebibyte
})

/**
 * A short text that differs for different texts. Payloads may be large, or secret: they are compared by it, and not kept.
 *
 * @internal
 */
export const digestOf = (text: string): string => `${text.length.toString(36)}-${mix(text, 1)}${mix(text, 2)}`

/** 53 bits. */
const mix = (text: string, seed: number): string => {
  let a = 0xdeadbeef ^ seed
  let b = 0x41c6ce57 ^ seed
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36).padStart(11, "0")
}
