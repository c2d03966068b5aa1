/**
 * What a pool refuses, and why.
 *
 * @since 0.1.0
 */
import type { PressureLevel } from "../../../PressureLevel.ts"
import type { Problem } from "./source.ts"

/** Why a model is not loaded. */
export type LoadRefusal =
  | { readonly _tag: "Budget"; readonly requested: number; readonly available: number; readonly budget: number }
  | { readonly _tag: "Conflict" }
  | { readonly _tag: "Pressure"; readonly level: PressureLevel }
  | { readonly _tag: "Unreadable"; readonly reason: Problem }

/** Why a model gives no answer. */
export type InferRefusal = { readonly _tag: "NotFound" } | { readonly _tag: "Pressure"; readonly level: PressureLevel }

/** Why a model is not loaded, in words. */
export const explain = (refusal: LoadRefusal): string => {
  switch (refusal._tag) {
    case "Budget":
      return "it does not fit into the budget"
    case "Conflict":
      return "another model has its name"
    case "Pressure":
      return "memory is short"
    case "Unreadable":
      return problems[refusal.reason]
  }
}

const problems: Readonly<Record<Problem, string>> = {
  "not-configured": "no folder of models is configured",
  "not-allowed": "its file is not in the folder of models",
  "missing": "there is no such file",
  "unreadable": "its file cannot be read",
  "empty": "its file has no bytes",
  "no-memory": "the system has no memory left"
}
