import * as Data from "effect/Data"

/**
 * Why something could not be deployed, in one line.
 *
 * @category errors
 * @since 0.1.0
 */
export class DeployError extends Data.TaggedError("DeployError")<{
  readonly reason:
    | "InvalidApp"
    | "UnknownOperation"
    | "InvalidOptions"
    | "MissingTool"
    | "Bundle"
    | "Write"
    | "Start"
    | "Platform"
  readonly message: string
  readonly cause?: unknown
}> {}

/** @internal */
export const firstLine = (cause: unknown): string => {
  const text = cause instanceof Error ? cause.message || cause.name : String(cause)
  return text.trim().split("\n", 1)[0]!.slice(0, 300)
}
