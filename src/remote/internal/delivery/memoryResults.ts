import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { OperationError } from "../../../operation/OperationError.ts"
import type { EncodedExit, IdempotentCall, ResultStoreOptions } from "../../ResultStore.ts"
import { meaningOf, resultLimits } from "./answer.ts"
import { refusal, type ResultBackend } from "./once.ts"

interface Entry {
  readonly key: string
  readonly digest: string
  readonly expiresAt: number
  /** Text, so that nobody changes what is stored. `undefined`: nobody knows how it ended. */
  readonly answer: string | undefined
}

/**
 * Answers in a map, oldest first.
 *
 * @internal
 */
export const makeMemoryResults = (options: ResultStoreOptions): ResultBackend => {
  const limits = resultLimits(options)
  const retention = Duration.toMillis(Duration.fromInputUnsafe(options.retention ?? "24 hours"))
  const entries = new Map<string, Entry>()
  let bytes = 0

  const remove = (id: string): void => {
    bytes -= sizeOf(entries.get(id))
    entries.delete(id)
  }

  const put = (id: string, entry: Entry): void => {
    remove(id)
    entries.set(id, entry)
    bytes += sizeOf(entry)
    for (const oldest of entries.keys()) {
      if (entries.size <= limits.count && bytes <= limits.bytes) return
      remove(oldest)
    }
  }

  const expire = (now: number): void => {
    for (const [id, entry] of entries) {
      if (entry.expiresAt > now) return
      remove(id)
    }
  }

  const resolve = (
    call: IdempotentCall,
    digest: string,
    run: Effect.Effect<EncodedExit>,
    begun: () => void
  ): Effect.Effect<EncodedExit, OperationError> =>
    Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<EncodedExit, OperationError> => {
      expire(now)
      const id = `${call.caller.length} ${call.caller} ${call.idempotencyKey}`
      const known = entries.get(id)
      if (known !== undefined) {
        if (known.key !== call.key || known.digest !== digest) {
          return Effect.fail(refusal(call.key, { _tag: "IdempotencyConflict" }))
        }
        if (known.answer !== undefined) return Effect.succeed(JSON.parse(known.answer) as EncodedExit)
        if (!call.idempotent) return Effect.fail(refusal(call.key, { _tag: "Uncertain" }))
      }
      begun()
      const keep = (answer: string | undefined) =>
        put(id, {
          key: call.key,
          digest,
          expiresAt: now + retention,
          answer: answer === undefined || answer.length > limits.answerBytes ? undefined : answer
        })
      return Effect.onExit(run, (exit) =>
        Effect.sync(() => {
          const meaning = exit._tag === "Success" ? meaningOf(call, exit.value) : "unknown"
          if (meaning === "final" && exit._tag === "Success") keep(JSON.stringify(exit.value))
          else if (meaning === "unknown") keep(undefined)
        }))
    })

  return { resolve, isUndone: () => false }
}

const sizeOf = (entry: Entry | undefined): number =>
  entry === undefined ? 0 : 2 * (entry.key.length + entry.digest.length + (entry.answer?.length ?? 0)) + 64
