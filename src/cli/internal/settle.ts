import * as Effect from "effect/Effect"
import { HistoryTracker } from "../../history/HistoryTracker.ts"
import { FollowupScheduler } from "../../operation/FollowupScheduler.ts"
import { remark } from "./output.ts"

/**
 * Waits for what an invocation has set off, and until the history is stored. What goes wrong there is said, and does not
 * make the invocation a failure.
 *
 * @internal
 */
export const settle = Effect.gen(function*() {
  const followups = yield* FollowupScheduler
  yield* followups.awaitIdle
  for (const { key } of yield* followups.failed) {
    yield* remark("Warning", `the follow-up "${key}" failed`, { reason: "FollowupFailed", key })
  }
  yield* flushed
})

const flushed = Effect.gen(function*() {
  const tracker = yield* HistoryTracker
  yield* Effect.catch(tracker.flush, (error) => remark("Warning", error.message, { reason: error.reason._tag }))
})
