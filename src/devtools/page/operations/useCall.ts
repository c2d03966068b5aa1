import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { useCallback, useEffect, useRef, useState } from "react"
import * as Operation from "../../../operation/Operation.ts"
import { isOperationError, type OperationError } from "../../../operation/OperationError.ts"
import { RemoteInvoker } from "../../../operation/RemoteInvoker.ts"
import { app } from "../connection.ts"
import { messageOf } from "../ui/ErrorText.tsx"
import type { Json } from "./shape.ts"

/** How many elements of a stream are kept; the newest. */
export const elementLimit = 1_000

/** A call of an operation by its key, with JSON in and out: the server decides what fits. */
export interface Call {
  readonly status: "idle" | "running" | "succeeded" | "failed" | "interrupted"
  readonly input: Json
  /** By the clock of this page. */
  readonly startedAt: number
  readonly millis: number | undefined
  readonly progress: unknown
  /** Of a stream: the newest, oldest first. */
  readonly elements: ReadonlyArray<unknown>
  /** How many there were. */
  readonly count: number
  readonly output: unknown
  /** The operation's own error, as JSON. */
  readonly failure: { readonly error: unknown } | undefined
  /** Why the bus gave no answer. */
  readonly refusal: OperationError | undefined
  /** Something else. */
  readonly defect: string | undefined
}

const idle: Call = {
  status: "idle",
  input: null,
  startedAt: 0,
  millis: undefined,
  progress: undefined,
  elements: [],
  count: 0,
  output: undefined,
  failure: undefined,
  refusal: undefined,
  defect: undefined
}

/** What is invoked. */
export interface Target {
  readonly key: string
  readonly version: number
  readonly stream: boolean
}

/** An operation that takes and gives any JSON. */
const untyped = (key: string, version: number, stream: boolean): Operation.Any =>
  Operation.make({
    meta: { key, version },
    input: Schema.Json,
    output: Schema.Json,
    error: Schema.Json,
    progress: Schema.Json,
    stream
  })

/** Invokes operations from the form, one at a time; what comes is shown at most once per frame. */
export const useCall = () => {
  const [call, setCall] = useState<Call>(idle)
  const running = useRef<{ readonly stop: () => void } | undefined>(undefined)

  const cancel = useCallback(() => running.current?.stop(), [])
  useEffect(() => cancel, [cancel])

  const invoke = useCallback(({ key, stream, version }: Target, input: Json) => {
    running.current?.stop()
    const began = performance.now()
    let state: Call = { ...idle, status: "running", input, startedAt: Date.now() }
    let elements: Array<unknown> = []
    let frame: number | undefined
    const show = () => {
      frame = undefined
      if (running.current !== self) return
      if (elements !== state.elements) state = { ...state, elements: elements.slice(-elementLimit) }
      setCall(state)
    }
    const later = () => {
      frame ??= requestAnimationFrame(show)
    }
    const progressed = (progress: unknown) => {
      state = { ...state, progress }
      later()
    }
    const arrived = (more: ReadonlyArray<unknown>) => {
      elements = elements.concat(more)
      if (elements.length > 2 * elementLimit) elements = elements.slice(-elementLimit)
      state = { ...state, count: state.count + more.length }
      later()
    }
    const program = Effect.flatMap(RemoteInvoker, (invoker) => {
      const operation = untyped(key, version, stream)
      return stream
        ? Stream.runForEachArray(invoker.invokeStream(operation, input, {}), (more) => Effect.sync(() => arrived(more)))
        : invoker.invoke(operation, input, { onProgress: progressed })
    })
    const fiber = app.runFork(program)
    const self = {
      stop: () => {
        app.runFork(Fiber.interrupt(fiber))
      }
    }
    running.current = self
    setCall(state)
    fiber.addObserver((exit) => {
      if (running.current !== self) return
      if (frame !== undefined) cancelAnimationFrame(frame)
      const ended = { ...state, millis: performance.now() - began }
      if (exit._tag === "Success") state = { ...ended, status: "succeeded", output: exit.value }
      else if (Cause.hasInterruptsOnly(exit.cause)) state = { ...ended, status: "interrupted" }
      else {
        const error = Cause.squash(exit.cause)
        state = {
          ...ended,
          status: "failed",
          ...(isOperationError(error)
            ? { refusal: error }
            : Cause.hasFails(exit.cause)
            ? { failure: { error } }
            : { defect: messageOf(error) })
        }
      }
      show()
    })
  }, [])

  const reset = useCallback(() => {
    running.current?.stop()
    running.current = undefined
    setCall(idle)
  }, [])

  return { call, invoke, cancel, reset }
}
