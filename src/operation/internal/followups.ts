import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Followup, FollowupScheduler, ScheduleOptions } from "../FollowupScheduler.ts"
import type * as Operation from "../Operation.ts"
import { outlasting } from "./closure.ts"
import { currentFrame } from "./frame.ts"
import { CallEffect, type Pipeline } from "./pipeline.ts"

interface Task extends Followup {
  readonly start: Effect.Effect<void>
}

/** Failed follow-ups are kept for a retry, but not without bound. */
const keptFailures = 1_000

/**
 * Tracks follow-ups.
 *
 * Invariants: a follow-up is pending from `schedule` on, so `awaitIdle` cannot miss it; it starts from the caller's
 * context without the caller's invocation and group (H15: never folded into what scheduled it); it never records when
 * its scheduler did not (H6).
 *
 * @internal
 */
export const make = (pipeline: Pipeline, scope: Scope.Scope): (typeof FollowupScheduler)["Service"] => {
  const pending = new Map<string, Task>()
  const failed = new Map<string, Task>()
  let idle: Array<() => void> = []
  let count = 0

  const settle = (task: Task, exit: Exit.Exit<unknown, unknown>) => {
    pending.delete(task.id)
    if (exit._tag === "Failure" && !Cause.hasInterruptsOnly(exit.cause)) {
      failed.set(task.id, task)
      if (failed.size > keptFailures) failed.delete(failed.keys().next().value!)
    }
    if (pending.size > 0) return
    const waiting = idle
    idle = []
    for (const resume of waiting) resume()
  }

  const run = (operation: Operation.Any, input: unknown, options: ScheduleOptions, parent: Parent | undefined) => {
    let attempt = 0
    const once: Effect.Effect<unknown, unknown> = Effect.suspend(() =>
      new CallEffect(pipeline, operation, input, {
        origin: "followup",
        actor: options.actor,
        record: parent?.recording,
        parentId: parent?.id,
        attempt: ++attempt
      }) as unknown as Effect.Effect<unknown, unknown>
    )
    const retried = options.retry === undefined
      ? once
      : Effect.retry(once, options.retry as Schedule.Schedule<unknown, unknown>)
    return options.delay === undefined ? retried : Effect.delay(retried, options.delay)
  }

  const schedule = (operation: Operation.Any, input: unknown, options: ScheduleOptions = {}) =>
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.sync(() => {
        const parent = currentFrame(context)
        const work = run(operation, input, options, parent)
        const id = `${pipeline.epoch}-f${(++count).toString(36)}`
        const outside = outlasting(context)
        let outcome = Deferred.makeUnsafe<Exit.Exit<unknown, unknown>>()
        const task: Task = {
          id,
          key: operation.key,
          parentId: parent?.id,
          await: Effect.suspend(() => Deferred.await(outcome)),
          start: Effect.suspend(() => {
            if (Deferred.isDoneUnsafe(outcome)) outcome = Deferred.makeUnsafe()
            pending.set(id, task)
            const settled = Effect.onExitPrimitive(work, (exit) => {
              settle(task, exit)
              return Effect.asVoid(Deferred.succeed(outcome, exit))
            })
            return Effect.asVoid(Effect.forkIn(Effect.setContext(settled, outside), scope))
          })
        }
        return task
      })
    ).pipe(Effect.tap((task) => task.start))

  return {
    schedule: schedule as (typeof FollowupScheduler)["Service"]["schedule"],
    awaitIdle: Effect.callback((resume) => {
      if (pending.size === 0) return resume(Effect.void)
      idle.push(() => resume(Effect.void))
    }),
    pending: Effect.sync(() => Array.from(pending.values())),
    failed: Effect.sync(() => Array.from(failed.values())),
    retry: (id) =>
      Effect.suspend(() => {
        const task = failed.get(id)
        if (task === undefined) return Effect.succeed(false)
        failed.delete(id)
        return Effect.as(task.start, true)
      })
  }
}

interface Parent {
  readonly id: string
  readonly recording: boolean
}
