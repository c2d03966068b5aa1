import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { Idempotent } from "../../operation/internal/annotations.ts"
import * as codec from "../../operation/internal/codec.ts"
import type { Registration } from "../../operation/internal/registration.ts"
import { type ConnectionWatch, withRemoteInternals } from "../../operation/internal/remoteInternals.ts"
import { remoteRegistration } from "../../operation/internal/remoteRegistration.ts"
import type * as Operation from "../../operation/Operation.ts"
import { isOperationError, OperationError, type OperationErrorReason } from "../../operation/OperationError.ts"
import { RemoteFailure, type RemoteInvoker, type RemoteOptions } from "../../operation/RemoteInvoker.ts"
import { openExit, readOperationError } from "./answers.ts"
import { type Client, ExitHole, type Outgoing } from "./client.ts"
import type { OperationCodecs } from "./codecs.ts"
import * as wire from "./wire.ts"

/**
 * How a client presents itself.
 *
 * @internal
 */
export interface ClientOptions {
  /** Its secret: what belongs to it, its history too, is found by it. */
  readonly session: string
  readonly actor: string | undefined
  readonly history: "server" | "client"
}

/**
 * Remote calls over a client: encodes and checks what goes out, decodes and checks what comes back, so that a caller sees
 * what a local call would have shown (I1, I2).
 *
 * @internal
 */
export const makeRemoteInvoker = (
  client: Client,
  options: ClientOptions,
  connection?: ConnectionWatch
): (typeof RemoteInvoker)["Service"] => {
  const base: ReadonlyArray<[string, string]> = [
    [wire.header.client, options.session],
    ...(options.actor === undefined ? [] : [[wire.header.actor, options.actor] as [string, string]]),
    ...(options.history === "client" ? [[wire.header.history, "client"] as [string, string]] : [])
  ]
  const known = new WeakMap<Operation.Any, Known>()
  const knownOf = (operation: Operation.Any): Known => {
    let entry = known.get(operation)
    if (entry === undefined) known.set(operation, entry = new Known(operation, base))
    return entry
  }

  /** What is sent, or why it is not. */
  const outgoing = (
    { headers, registration }: Known,
    codecs: OperationCodecs | undefined,
    input: unknown,
    call: RemoteOptions
  ): Effect.Effect<Outgoing, OperationError> => {
    const { key, operation } = registration
    if (!registration.isInput(input)) {
      return refused(key, { _tag: "InvalidInput", ...codec.explain(operation.input, input) })
    }
    const all = headersOf(headers, call)
    if (codecs === undefined) {
      try {
        return Exit.succeed({ key, payload: registration.encodeInput(input), headers: all })
      } catch {
        return refused(key, { _tag: "InvalidInput", ...codec.explain(operation.input, input) })
      }
    }
    return Effect.matchEffect(codecs.encodePayload(input), {
      onFailure: (issue) => refused(key, { _tag: "InvalidInput", ...codec.misfit(issue, input) }),
      onSuccess: (payload) => Effect.succeed({ key, payload, headers: all })
    })
  }

  /** An exit, or a refusal that was made before the other side knew which codecs to use. */
  const decodeExit = (codecs: OperationCodecs, hole: unknown) =>
    Effect.catch(
      codecs.decodeExit<Exit.Exit<unknown, unknown>>(hole),
      (issue) =>
        Effect.mapError(client.channel.codecs!.refusal.decodeExit<Exit.Exit<unknown, unknown>>(hole), () => issue)
    )

  /** Output or failure from the hole of an answer. */
  const opened = (
    { registration }: Known,
    codecs: OperationCodecs | undefined,
    hole: unknown
  ): Effect.Effect<unknown, unknown> => {
    if (codecs !== undefined) {
      return Effect.flatten(Effect.mapError(
        decodeExit(codecs, hole),
        (issue) =>
          new OperationError({
            key: registration.key,
            reason: { _tag: "InvalidOutput", ...codec.misfit(issue, undefined) }
          })
      ))
    }
    const exit = readExit(hole)
    if (exit === undefined) {
      return refused(registration.key, { _tag: "InvalidOutput", issue: "the answer is no exit", path: [] })
    }
    if (exit._tag === "Success") {
      return Effect.mapError(
        registration.decodeOutput(exit.value),
        (issue) =>
          new OperationError({
            key: registration.key,
            reason: { _tag: "InvalidOutput", ...codec.misfit(issue, exit.value) }
          })
      )
    }
    const opened = openExit(exit) as Exit.Failure<never, unknown>
    const failure = opened.cause.reasons.find(Cause.isFailReason)
    if (failure === undefined || isOperationError(failure.error)) return opened
    return Effect.matchEffect(registration.decodeError(failure.error), {
      onFailure: (issue) =>
        refused(registration.key, {
          _tag: "Incompatible",
          difference: `the failure does not fit the error schema: ${codec.misfit(issue, undefined).issue}`
        }),
      onSuccess: Effect.fail
    })
  }

  const single = (entry: Known, input: unknown, call: RemoteOptions): Effect.Effect<unknown, unknown> =>
    Effect.suspend(() => {
      const { codecs } = client.channel
      const progress = call.onProgress !== undefined
      const holes = codecs?.of(entry.registration.operation, false, progress)
      const onChunk = progress ? progressReader(entry.registration, holes, call.onProgress!) : undefined
      const sent = Effect.flatMap(
        outgoing(entry, holes, input, call),
        (message) => client.call(message, onChunk)
      )
      return limited(
        entry.registration.key,
        Effect.flatMap(sent, (hole) => opened(entry, holes, hole)),
        call.timeout
      )
    })

  const service: (typeof RemoteInvoker)["Service"] = {
    invoke: (operation, input, call) => {
      if (operation.stream) {
        return Effect.die(new TypeError(`"${operation.key}" is a stream operation. Use invokeRemoteStream.`))
      }
      const entry = knownOf(operation)
      const once = single(entry, input, call)
      return (call.retry === undefined ? once : retried(operation, once, call, call.retry)) as Effect.Effect<any, any>
    },
    invokeStream: (operation, input, call) => {
      if (!operation.stream) {
        return Stream.die(new TypeError(`"${operation.key}" is not a stream operation. Use invokeRemote.`))
      }
      const entry = knownOf(operation)
      const { registration } = entry
      return Stream.unwrap(Effect.suspend(() => {
        const progress = call.onProgress !== undefined
        const holes = client.channel.codecs?.of(operation, true, progress)
        const report = progress ? progressReader(registration, holes, call.onProgress!) : undefined
        const elements = (values: ReadonlyArray<unknown>): Effect.Effect<ReadonlyArray<unknown>, OperationError> => {
          const decoded = holes === undefined ? Effect.succeed(values) : Effect.orDie(holes.decodeChunk<any>(values))
          return Effect.flatMap(decoded, (wrapped: ReadonlyArray<any>) => {
            if (report !== undefined) report(wrapped, true)
            const bare = report === undefined
              ? wrapped
              : wrapped.filter((item) => "value" in item).map((item) => item.value as unknown)
            return holes === undefined
              ? Effect.mapError(
                Effect.forEach(bare, (item) => registration.decodeOutput(item)),
                (issue) =>
                  new OperationError({
                    key: registration.key,
                    reason: { _tag: "InvalidOutput", ...codec.misfit(issue, bare) }
                  })
              )
              : Effect.succeed(bare)
          })
        }
        return Effect.map(
          outgoing(entry, holes, input, call),
          (message) =>
            limitedStream(
              registration.key,
              readStream(client.stream(message), elements, (hole) => ended(entry, holes, hole)),
              call.timeout
            )
        )
      })) as Stream.Stream<any, any>
    },
    invokeKey: (key, input, call) =>
      Effect.suspend(() => {
        const { codecs } = client.channel
        const holes = codecs?.of(undefined, false, false)
        const headers = headersOf(base, call)
        if (call.version !== undefined) headers.push([wire.header.version, String(call.version)])
        if (holes !== undefined) headers.push([wire.header.payload, "json"])
        const payload = holes === undefined ? Effect.succeed(input) : Effect.orDie(holes.encodePayload(input))
        const answer = Effect.flatMap(payload, (filled) => client.call({ key, payload: filled, headers }, undefined))
        const outcome = Effect.flatMap(answer, (hole) => openUnknown(key, holes, hole))
        return limited(key, Effect.mapError(outcome, (error) => unknownFailure(key, error)), call.timeout)
      })
  }
  return withRemoteInternals(service, { history: options.history, streamKey, connection })

  function streamKey(
    key: string,
    input: unknown,
    headers: Readonly<Record<string, string>>
  ): Stream.Stream<unknown, OperationError | RemoteFailure> {
    return Stream.unwrap(Effect.suspend(() => {
      const holes = client.channel.codecs?.of(undefined, true, false)
      const payload = holes === undefined ? Exit.succeed(input) : Effect.orDie(holes.encodePayload(input))
      return Effect.map(payload, (filled) =>
        Stream.mapError(
          readStream(
            client.stream({ key, payload: filled, headers: headersOf(base, { headers }) }),
            (chunk) => holes === undefined ? Exit.succeed(chunk) : Effect.orDie(holes.decodeChunk<any>(chunk)),
            (hole) => openUnknown(key, holes, hole)
          ),
          (error) => unknownFailure(key, error)
        ))
    }))
  }

  function openUnknown(
    key: string,
    holes: OperationCodecs | undefined,
    hole: unknown
  ): Effect.Effect<unknown, unknown> {
    if (holes !== undefined) return Effect.flatten(Effect.orDie(decodeExit(holes, hole)))
    const exit = readExit(hole)
    return exit === undefined
      ? refused(key, { _tag: "InvalidOutput", issue: "the answer is no exit", path: [] })
      : openExit(exit)
  }

  /** A stream's exit carries no value. */
  function ended(entry: Known, holes: OperationCodecs | undefined, hole: unknown): Effect.Effect<unknown, unknown> {
    const exit = holes === undefined ? readExit(hole) : undefined
    return exit?._tag === "Success" ? Effect.void : opened(entry, holes, hole)
  }
}

/** What is prepared once for an operation that is called elsewhere. */
class Known {
  readonly registration: Registration
  readonly headers: ReadonlyArray<[string, string]>

  constructor(operation: Operation.Any, base: ReadonlyArray<[string, string]>) {
    this.registration = remoteRegistration(operation)
    this.headers = [...base, [wire.header.version, String(operation.meta.version ?? 1)]]
  }
}

const refused = (key: string, reason: OperationErrorReason): Exit.Exit<never, OperationError> =>
  Exit.fail(new OperationError({ key, reason }))

const headersOf = (
  base: ReadonlyArray<[string, string]>,
  { headers, idempotencyKey, onProgress, timeout, version }: RemoteOptions
): Array<[string, string]> => {
  const all = version === undefined
    ? base.slice()
    : [
      ...base.filter(([name]) => name !== wire.header.version),
      [wire.header.version, String(version)] as [string, string]
    ]
  if (headers !== undefined) {
    for (const [name, value] of Object.entries(headers)) {
      all.push([name.toLowerCase(), value])
    }
  }
  if (timeout !== undefined) all.push([wire.header.timeout, String(Duration.toMillis(timeout))])
  if (idempotencyKey !== undefined) all.push([wire.header.idempotencyKey, idempotencyKey])
  if (onProgress !== undefined) all.push([wire.header.progress, "1"])
  return all
}

const limited = <A, E>(
  key: string,
  effect: Effect.Effect<A, E>,
  timeout: Duration.Input | undefined
): Effect.Effect<A, E | OperationError> =>
  timeout === undefined
    ? effect
    : Effect.timeoutOrElse(effect, { duration: timeout, orElse: () => timedOut(key, timeout) })

const timedOut = (key: string, timeout: Duration.Input) =>
  refused(key, { _tag: "Timeout", millis: Duration.toMillis(timeout) })

/** The timeout bounds the whole stream. */
const limitedStream = <A, E>(
  key: string,
  stream: Stream.Stream<A, E>,
  timeout: Duration.Input | undefined
): Stream.Stream<A, E | OperationError> =>
  timeout === undefined
    ? stream
    : Stream.interruptWhen(stream, Effect.flatMap(Effect.sleep(timeout), () => timedOut(key, timeout)))

/** Only what may run twice is tried again, and only after a failure that says nothing about the call itself. */
const retried = (
  operation: Operation.Any,
  once: Effect.Effect<unknown, unknown>,
  call: RemoteOptions,
  schedule: Schedule.Schedule<unknown, unknown>
): Effect.Effect<unknown, unknown> =>
  call.idempotencyKey === undefined && !Context.get(operation.annotations, Idempotent)
    ? once
    : Effect.retry(once, { schedule, while: isTransient })

/** Whether a failure says that the other side could not be asked, and not what it answered. */
const isTransient = (error: unknown): boolean =>
  isOperationError(error) && (error.reason._tag === "RemoteUnavailable" || error.reason._tag === "Overloaded" ||
    error.reason._tag === "Timeout")

const readExit = (hole: unknown): wire.EncodedExit | undefined => {
  const exit = hole as wire.EncodedExit | null
  if (typeof exit !== "object" || exit === null) return undefined
  return exit._tag === "Success" || (exit._tag === "Failure" && Array.isArray(exit.cause)) ? exit : undefined
}

/** A failure of which nobody here knows the schema. */
const unknownFailure = (key: string, error: unknown): OperationError | RemoteFailure =>
  isOperationError(error) ? error : readOperationError(error) ?? new RemoteFailure({ key, error })

/** The elements of chunks, until the exit comes. */
const readStream = (
  stream: Stream.Stream<unknown, unknown>,
  read: (chunk: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<unknown>, unknown>,
  ended: (hole: unknown) => Effect.Effect<unknown, unknown>
): Stream.Stream<any, unknown> =>
  Stream.transformPull(stream, (pull) => {
    const next: Effect.Effect<any, any> = Effect.matchCauseEffect(pull as Effect.Effect<any, any>, {
      onFailure: (cause) => {
        const end = cause.reasons.find((reason) => Cause.isFailReason(reason) && reason.error instanceof ExitHole)
        return end === undefined
          ? Exit.failCause(cause)
          : Effect.flatMap(ended((end as Cause.Fail<ExitHole>).error.exit), () => Cause.done())
      },
      onSuccess: (chunks: ReadonlyArray<ReadonlyArray<unknown>>) =>
        Effect.flatMap(Effect.forEach(chunks, read), (items) => {
          const all = items.length === 1 ? items[0]! : items.flat()
          return all.length === 0 ? next : Effect.succeed(all)
        })
    })
    return Effect.succeed(next)
  })

/** Reads progress out of chunks. What does not fit is left out: progress decides nothing. */
const progressReader = (
  registration: Registration,
  holes: OperationCodecs | undefined,
  report: (progress: unknown) => void
) =>
(values: unknown, decoded = false): void => {
  const chunk = holes === undefined || decoded
    ? Exit.succeed(values)
    : Effect.runSyncExit(Effect.suspend(() => holes.decodeChunk<unknown>(values)))
  if (chunk._tag === "Failure") return
  for (const item of chunk.value as ReadonlyArray<{ readonly progress?: unknown }>) {
    if (!Object.hasOwn(item, "progress")) continue
    if (holes !== undefined) report(item.progress)
    else {
      const value = Effect.runSyncExit(registration.decodeProgress(item.progress))
      if (value._tag === "Success") report(value.value)
    }
  }
}
