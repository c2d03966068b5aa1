import { describeReason, type OperationErrorReason } from "../../../operation/OperationError.ts"

/** The one line of a refusal as it came over the wire. A reason that this page does not know is named. */
export const describeRefusal = (key: string, error: unknown): string => {
  const reason = typeof error === "object" && error !== null ? Reflect.get(error, "reason") as unknown : undefined
  if (typeof reason !== "object" || reason === null) return "It was refused."
  try {
    return describeReason(key, reason as OperationErrorReason) ??
      `It was refused: ${String(Reflect.get(reason, "_tag"))}.`
  } catch {
    return `It was refused: ${String(Reflect.get(reason, "_tag"))}.`
  }
}
