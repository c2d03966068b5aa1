import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Single } from "../../operation/OperationInvoker.ts"
import type { OperationHandle, OperationOptions, OperationState } from "../OperationState.ts"
import { Cell, tell } from "./cell.ts"
import { BusClientKey } from "./client.ts"
import type { Client, Host } from "./host.ts"

const idle: OperationState<any> = {
  status: "idle",
  pending: false,
  progress: undefined,
  output: undefined,
  error: undefined
}

interface Call {
  fiber: Fiber.Fiber<unknown, unknown> | undefined
}

/**
 * The calls of one place in the program.
 *
 * Invariants: a call that is no longer shown changes nothing but `pending`; the state is there when the promise of a call
 * resolves.
 *
 * @internal
 */
export class Handle<Op extends Single> extends Cell<OperationState<Op>> implements OperationHandle<Op> {
  private readonly host: Host
  private readonly operation: Op
  private options: OperationOptions<Op>
  private readonly calls = new Set<Call>()
  /** The newest call; `undefined` after a reset. */
  private newest: Call | undefined

  constructor(host: Host, operation: Op, options: OperationOptions<Op> = {}) {
    super(idle)
    this.host = host
    this.operation = operation
    this.options = options
  }

  readonly configure = (options: OperationOptions<Op>): void => {
    this.options = options
  }

  readonly invoke = (input: Op["input"]["Type"]): ReturnType<OperationHandle<Op>["invoke"]> =>
    new Promise((resolve) => {
      const { actor, headers, timeout } = this.options
      const call: Call = { fiber: undefined }
      this.calls.add(call)
      this.newest = call
      const onProgress = (progress: unknown): void => {
        if (this.newest === call && this.calls.has(call)) this.set({ ...this.value, progress })
      }
      const effect = Effect.flatMap(
        BusClientKey,
        (client) => (client as Client).invoke(this.operation, input, { actor, headers, timeout, onProgress })
      )
      // Not told yet: what ends in this turn was never pending.
      this.value = { ...this.value, status: "pending", pending: true, progress: undefined, error: undefined }
      call.fiber = this.host.fork(effect, (exit) => {
        this.ended(call, input, exit)
        resolve(exit as any)
      })
      if (this.calls.has(call)) this.flush()
    })

  private ended(call: Call, input: unknown, exit: Exit.Exit<unknown, unknown>): void {
    this.calls.delete(call)
    const { concurrency, onError, onSuccess } = this.options
    const all = concurrency === "all"
    const shown = this.newest !== undefined && (all || this.newest === call)
    const failure = exit._tag === "Failure" ? failureOf(exit.cause) : undefined
    if (shown) {
      const pending = all && this.calls.size > 0
      const outcome: OperationState<any> = exit._tag === "Success"
        ? { ...idle, status: "success", output: exit.value }
        : {
          ...idle,
          status: failure === undefined ? "interrupted" : "failure",
          output: this.value.output,
          error: failure
        }
      const next = pending ? { ...outcome, status: "pending" as const, pending } : outcome
      // What was called and ended in the same turn is shown in that turn.
      if (call.fiber === undefined) this.setNow(next)
      else this.setSoon(next)
    }
    tell(() => {
      if (exit._tag === "Success") onSuccess?.(exit.value, input)
      else if (failure !== undefined) onError?.(failure as Error, input)
    })
  }

  readonly cancel = (): void => {
    for (const { fiber } of this.calls) fiber?.interruptUnsafe()
  }

  readonly reset = (): void => {
    this.newest = undefined
    this.setNow(idle)
  }
}

/** What a call failed with; `undefined` when it was interrupted. */
export const failureOf = (cause: Cause.Cause<unknown>): unknown => {
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure !== undefined) return failure.error
  const die = cause.reasons.find(Cause.isDieReason)
  if (die === undefined) return undefined
  return die.defect instanceof Error ? die.defect : new Error(String(die.defect))
}
