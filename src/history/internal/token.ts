import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { InvocationFrame } from "../../operation/internal/frame.ts"
import { Collector, type Steps } from "./containers.ts"
import type { Core } from "./core.ts"
import type { Step } from "./entry.ts"
import type { Mapping } from "./mapping.ts"
import type { Direction } from "./timeline.ts"

/**
 * One step that the history runs again: the token by which the recorder recognises its invocation.
 *
 * @internal
 */
export class Replay extends Collector {
  readonly direction: Direction
  /** The text of the input of a redo, when it is known. */
  private readonly text: string | undefined
  /** How it ended, known even when the caller was interrupted meanwhile. */
  exit: Exit.Exit<unknown, unknown> | undefined = undefined
  /** What a redo left to be undone. */
  fresh: Steps | undefined = undefined

  constructor(direction: Direction, text: string | undefined) {
    super(0)
    this.direction = direction
    this.text = text
  }

  before(core: Core, frame: InvocationFrame): Effect.Effect<void> | undefined {
    frame.history = this
    if (this.direction === "undo") return undefined
    // H6: a redo refreshes its entry.
    this.mapping = core.mappings.get(frame.key)
    return this.mapping?.props.capture === undefined ? undefined : capture(this.mapping, frame.input, this)
  }

  commit(core: Core, frame: InvocationFrame, exit: Exit.Exit<unknown, unknown>): undefined {
    this.exit = exit
    if (this.direction === "undo" || exit._tag === "Failure") return undefined
    try {
      if (this.mapping !== undefined) this.fresh = stepOf(core, this.mapping, frame, exit.value, this, this.text)
    } catch (failure) {
      core.report(
        "Lost",
        frame.key,
        `"${frame.key}" cannot be undone again: a function of its undo mapping failed`,
        failure
      )
    }
    this.fresh ??= this.steps
  }
}

/**
 * The step that a successful invocation made. Throws when a function of its mapping fails.
 *
 * @internal
 */
export const stepOf = (
  core: Core,
  mapping: Mapping,
  frame: InvocationFrame,
  output: unknown,
  open: { readonly captured: unknown; readonly failure: { readonly error: unknown } | undefined } | undefined,
  text?: string
): Step | undefined => {
  if (open?.failure !== undefined) throw open.failure.error
  return mapping.step(frame.registration, frame.input, output, open?.captured, core.commit(), text)
}

/**
 * Runs a mapping's capture. Its failure is kept for the commit, which reports it (H7).
 *
 * @internal
 */
export const capture = (
  mapping: Mapping,
  input: unknown,
  into: { captured: unknown; failure: { readonly error: unknown } | undefined }
): Effect.Effect<void> =>
  Effect.matchCause(mapping.capture(input), {
    onFailure: (cause) => {
      const reason = cause.reasons[0]
      into.failure = {
        error: reason?._tag === "Fail" ? reason.error : reason?._tag === "Die" ? reason.defect : "it was interrupted"
      }
    },
    onSuccess: (captured) => {
      into.captured = captured
    }
  })
