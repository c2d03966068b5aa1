import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { CurrentActor } from "../../operation/Invocation.ts"
import { type FailedStep, HistoryError } from "../HistoryError.ts"
import type { Core } from "./core.ts"
import { type Entry, idOf } from "./entry.ts"
import type { Replayer } from "./replay.ts"

/**
 * Whether the handlers, and the way to them, are there that take back what a transaction of an earlier process has left.
 *
 * @internal
 */
export const canRollBack = (
  { invoker }: Core,
  replayer: Replayer,
  entry: Entry,
  context: Context.Context<never>
): boolean =>
  entry.list.every((step) =>
    step.pair.inverse === "" || replayer.registrationOf(step, "undo") !== undefined &&
      (step.pair.remote !== true || invoker.hasTransport(context))
  )

/**
 * Takes back what such a transaction has done (H10); what cannot be taken back stays as an entry, and is reported.
 *
 * @internal
 */
export const rollBack = (core: Core, replayer: Replayer, entry: Entry): Effect.Effect<void> =>
  Effect.gen(function*() {
    const steps = [...entry.list]
    const uncertain = replayer.unreadable.undo(entry)
    let failed: FailedStep | undefined = uncertain?._tag === "NotUndoable"
      ? { key: steps.at(-1)!.pair.inverse, cause: Cause.fail(new Error(uncertain.why)) }
      : undefined
    while (failed === undefined && steps.length > 0) {
      failed = (yield* replayer.again(steps.at(-1)!, "undo", idOf(core.invoker.epoch, entry.ref))).failed
      if (failed === undefined) steps.pop()
    }
    if (failed === undefined) return core.timeline.remove(entry)
    core.timeline.change(entry, steps)
    core.journal?.changed(entry)
    const reason = { _tag: "RollbackIncomplete", notUndone: steps.map(({ pair }) => pair.key), ...failed } as const
    core.report("Rollback", failed.key, new HistoryError({ reason }).message)
  }).pipe(Effect.provideService(CurrentActor, entry.book.actor), Effect.uninterruptible)
