/**
 * Why something could not be undone, in words for whoever sits in front of it.
 */
import { windowName } from "../windowId.ts"

interface Failure {
  readonly _tag: string
  readonly message: string
  readonly reason: { readonly _tag: string }
}

interface Conflict {
  readonly by: { readonly actor?: string | undefined; readonly message: string }
}

export const explain = (error: Failure): string => {
  switch (error.reason._tag) {
    case "Conflict": {
      const { actor, message } = (error.reason as unknown as Conflict).by
      return `Not undone: ${
        windowName(actor)
      } has changed the same thing since (${message}). That has to be undone first, by ${windowName(actor)}.`
    }
    case "RemoteUnavailable":
      return "The notebook's server cannot be reached. Try again when it is back."
    default:
      return error.message
  }
}
