import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { HistoryEntry } from "../../history/HistoryEntry.ts"
import { HistoryTracker } from "../../history/HistoryTracker.ts"
import { Command } from "../../internal/effect/cli.ts"
import type { Invocation } from "../../operation/Invocation.ts"
import { OperationInvoker } from "../../operation/OperationInvoker.ts"
import * as App from "../internal/app.ts"
import { record, timeOf } from "../internal/entries.ts"
import * as flags from "../internal/flags.ts"
import { present, remark } from "../internal/output.ts"
import { oneLine } from "../internal/text.ts"

const config = { actor: flags.actor, scope: flags.scope }

/** How often the store is asked what other processes have appended. */
const interval = "500 millis"

/**
 * `opbus watch`
 *
 * @internal
 */
export const watch = Command.make("watch", config, ({ actor, scope }) =>
  App.provide(Effect.gen(function*() {
    const invoker = yield* OperationInvoker
    const tracker = yield* HistoryTracker
    const wanted = (entry: { readonly actor?: string | undefined }) =>
      Option.isNone(actor) || entry.actor === actor.value

    let known = new Map((yield* tracker.allEntries).map((entry) => [entry.id, entry]))
    const changed = Effect.gen(function*() {
      const entries = yield* tracker.allEntries
      const changes = differences(known, entries).filter(({ entry }) =>
        wanted(entry) && (Option.isNone(scope) || entry.scopes.includes(scope.value))
      )
      known = new Map(entries.map((entry) => [entry.id, entry]))
      yield* present(
        changes.map(({ change, entry }) => ({ _tag: "Entry", change, entry: record(entry) })),
        () =>
          changes.map(({ change, entry }) => `${timeOf(Date.now())}  ${change}: ${entry.message}${by(entry.actor)}`)
            .join("\n")
      )
    })

    const entries = Stream.merge(tracker.changes, Stream.fromSchedule(Schedule.spaced(interval)))
    const invocations = Stream.filter(invoker.invocations, wanted)
    yield* remark("Watching", "watching; Ctrl-C ends it")
    yield* Effect.all([
      Stream.runForEach(entries, () => changed),
      Stream.runForEach(invocations, (event) => present([eventRecord(event)], () => eventLine(event)))
    ], { concurrency: "unbounded", discard: true })
  }))).pipe(
    Command.withDescription("Follow the history, also what other processes do, and the invocations of this one")
  )

type Change = "done" | "undone" | "redone" | "changed" | "gone"

const differences = (
  before: ReadonlyMap<string, HistoryEntry>,
  now: ReadonlyArray<HistoryEntry>
): ReadonlyArray<{ readonly change: Change; readonly entry: HistoryEntry }> => {
  const present = new Set(now.map(({ id }) => id))
  const gone = Array.from(before.values()).filter(({ id }) => !present.has(id))
    .map((entry) => ({ change: "gone" as const, entry }))
  const others = now.flatMap((entry) => {
    const change = changeOf(before.get(entry.id), entry)
    return change === undefined ? [] : [{ change, entry }]
  })
  return [...gone, ...others]
}

const changeOf = (before: HistoryEntry | undefined, now: HistoryEntry): Change | undefined => {
  if (before === undefined) return now.status === "live" ? "done" : "undone"
  if (before.status !== now.status) return now.status === "live" ? "redone" : "undone"
  return before.startedAt !== now.startedAt || before.message !== now.message ||
      before.steps.length !== now.steps.length ||
      before.uncertain !== now.uncertain || before.partial !== now.partial
    ? "changed"
    : undefined
}

const by = (actor: string | undefined): string => actor === undefined ? "" : ` (${actor})`

const failureOf = (event: Invocation): string | undefined => {
  if (event._tag !== "Failed") return undefined
  const error = Cause.squash(event.cause)
  const text = error instanceof Error ? error.message || error.name : textOf(error)
  return oneLine(text, 500)
}

const eventRecord = (event: Invocation) => {
  const { _tag, ...fields } = event
  const { cause: _, ...rest } = fields as { readonly cause?: unknown; readonly [name: string]: unknown }
  const error = failureOf(event)
  return JSON.parse(
    textOf({
      _tag: "Invocation",
      event: _tag,
      ...rest,
      startedAt: new Date(event.startedAt).toISOString(),
      ...(error !== undefined && { error })
    })
  ) as object
}

const eventLine = (event: Invocation): string => {
  const line = `${timeOf(Date.now())}  ${event.key}${by(event.actor)}`
  switch (event._tag) {
    case "Started":
      return `${line} started ${textOf(event.input)}`
    case "Progress":
      return `${line} ${textOf(event.progress)}`
    case "Succeeded":
      return `${line} succeeded in ${event.durationMillis} ms`
    case "Failed":
      return `${line} failed: ${failureOf(event)}`
    case "Interrupted":
      return `${line} interrupted`
  }
}

/** Events carry live values, and not all of them are JSON. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => typeof part === "bigint" ? String(part) : part) ?? ""
