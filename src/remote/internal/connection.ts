import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { Idempotent } from "../../operation/internal/annotations.ts"
import { misfit } from "../../operation/internal/codec.ts"
import type { InvokeInternalOptions } from "../../operation/internal/frame.ts"
import type { Registration } from "../../operation/internal/registration.ts"
import { OperationError, type OperationErrorReason } from "../../operation/OperationError.ts"
import type { ResultStore } from "../ResultStore.ts"
import * as answers from "./answers.ts"
import { authorized } from "./authorization.ts"
import type { BinaryCodecs, OperationCodecs } from "./codecs.ts"
import { Malformed } from "./ndjson.ts"
import type { Builtin, Server } from "./server.ts"
import * as wire from "./wire.ts"

type AnyExit = Exit.Exit<unknown, unknown>
type AnyEffect = Effect.Effect<unknown, unknown>
type AnyStream = Stream.Stream<unknown, unknown>

/**
 * The way back to one client. `send` neither throws nor waits.
 *
 * @internal
 */
export interface Outlet {
  readonly send: (message: wire.FromServer) => void
  /** The client acknowledges chunks, which paces streams. */
  readonly acks: boolean
  /** Waits until there is room for more, where there are no acknowledgements. */
  readonly ready?: Effect.Effect<void> | undefined
  /** All calls have been answered, and the client had said that no more would come. */
  readonly end?: (() => void) | undefined
}

/**
 * Who is on the other side.
 *
 * @internal
 */
export interface Peer {
  readonly headers: wire.Headers
  readonly local: boolean
  /** Fills the holes of messages; `undefined`: they hold plain JSON data. */
  readonly codecs: BinaryCodecs | undefined
}

/**
 * One call that runs. Its data is JSON data unless `typed`: then the serialisation's own codecs make it.
 *
 * @internal
 */
export interface Call {
  readonly id: string | number
  readonly key: string
  readonly headers: wire.Headers
  readonly registration: Registration | undefined
  readonly builtin: Builtin | undefined
  readonly codecs: OperationCodecs | undefined
  readonly typed: boolean
  /** Nobody waits for its answer. */
  readonly silent: boolean
  readonly progress: boolean
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  latch: Latch.Latch | undefined
}

/** The usual authorizer answers at once. */
const isSuccess = <A, E>(effect: Effect.Effect<A, E>): effect is Exit.Success<A, E> =>
  Exit.isExit(effect) && effect._tag === "Success"

/** What the end of the server interrupts is no interruption to a caller who may ask again. */
const closed = (key: string, exit: AnyExit): AnyExit =>
  exit._tag === "Failure" && Cause.hasInterruptsOnly(exit.cause)
    ? Exit.fail(new OperationError({ key, reason: { _tag: "RemoteUnavailable", why: "the server is closing" } }))
    : exit

/** An answer that is encoded already: it was given before. */
class Answered {
  readonly exit: wire.EncodedExit
  constructor(exit: wire.EncodedExit) {
    this.exit = exit
  }
}

/**
 * One client's connection: takes its messages, runs its calls and answers them.
 *
 * @internal
 */
export class Connection {
  readonly calls = new Map<string | number, Call>()
  /** A secret that the client chose. Its connections share it. */
  readonly session: string | undefined
  private readonly server: Server
  private readonly outlet: Outlet
  private readonly peer: Peer
  private notifications = 0
  private complaints = 0
  private ended = false
  private closing = false

  constructor(server: Server, outlet: Outlet, peer: Peer) {
    this.server = server
    this.outlet = outlet
    this.peer = peer
    this.session = peer.headers.get(wire.header.client)
  }

  /** Takes one message, whatever it is. */
  receive(message: unknown): void {
    if (message instanceof Malformed) return this.malformed(message.why)
    if (!wire.isRawMessage(message)) return this.malformed("a message is no object")
    switch (message._tag) {
      case "Request":
        return this.request(message)
      case "Ack": {
        if (wire.isRequestId(message.requestId)) this.calls.get(message.requestId)?.latch?.openUnsafe()
        return
      }
      case "Interrupt":
        return this.interrupt(message.requestId)
      case "Ping":
        return this.outlet.send({ _tag: "Pong" })
      case "Eof": {
        if (this.ended) return
        this.ended = true
        return this.endIfIdle()
      }
      default:
        return this.malformed("a message has an unknown tag")
    }
  }

  /** Interrupts everything that runs for this client. */
  close(): ReadonlyArray<Fiber.Fiber<unknown, unknown>> {
    this.closing = true
    this.server.disconnect(this)
    const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
    for (const { fiber } of this.calls.values()) {
      if (fiber === undefined) continue
      fibers.push(fiber)
      fiber.interruptUnsafe()
    }
    return fibers
  }

  /** What cannot be read belongs to no call, so the whole client is told. */
  private malformed(why: string): void {
    // Of garbage without end, some is enough: a reply is a hundred times as large as what it replies to.
    if (this.complaints++ >= 100) return
    const defect = { name: "MalformedFrame", message: `The server could not read a message: ${why}.` }
    this.outlet.send({ _tag: "Defect", defect: this.peer.codecs?.encodeDefect(defect) ?? defect })
  }

  private interrupt(id: unknown): void {
    if (!wire.isRequestId(id)) return this.malformed("an interruption names no request")
    const call = this.calls.get(id) ??
      (this.session === undefined ? undefined : this.server.callOf(this.session, id))
    call?.fiber?.interruptUnsafe()
  }

  // -------------------------------------------------------------------------
  // a request
  // -------------------------------------------------------------------------

  private request(message: wire.RawMessage): void {
    const silent = message.isNotification === true
    const id = silent ? `@opbus/notification/${this.notifications++}` : message.id
    if (!wire.isRequestId(id)) return this.malformed("a request has no id")
    const { limits } = this.server.options
    const key = typeof message.tag === "string" ? message.tag.slice(0, 1_000) : ""
    const refuse = (reason: OperationErrorReason) => {
      if (!silent) this.refuse(id, new OperationError({ key, reason }))
    }
    const misshapen = (issue: string) => refuse({ _tag: "InvalidInput", issue, path: [] })

    if (this.server.closing) return refuse({ _tag: "RemoteUnavailable", why: "the server is closing", sent: false })
    if (typeof message.tag !== "string") return misshapen("Expected a tag that names an operation")
    const headers = wire.readHeaders(message.headers, this.peer.headers)
    if (headers === undefined) return misshapen("Expected headers as a list of at most 100 pairs of texts")
    if (this.ended) return misshapen("Expected no request after the end of all requests")
    if (this.calls.has(id)) return misshapen("Expected an id of its own, got that of a running call")
    if (this.calls.size >= limits.concurrency) return refuse({ _tag: "Overloaded", limit: limits.concurrency })
    if (this.peer.codecs === undefined && !wire.isShallow(message.payload, limits.depth)) {
      return misshapen(`Expected at most ${limits.depth} levels of nesting`)
    }
    const builtin = this.server.options.builtins.get(key)
    const registration = builtin === undefined ? this.server.exposed(key) : undefined
    if (builtin === undefined && registration === undefined) return refuse({ _tag: "RemoteFunctionNotFound" })
    const asked = registration === undefined ? undefined : headers.get(wire.header.version)
    const served = registration?.operation.meta.version ?? 1
    if (asked !== undefined && asked !== String(served)) {
      const difference = `the caller has version ${asked.slice(0, 20)}, and version ${served} is served here`
      return refuse({ _tag: "Incompatible", difference })
    }

    const { codecs } = this.peer
    const stream = builtin?.stream ?? registration!.operation.stream
    const progress = headers.get(wire.header.progress) === "1"
    const typed = codecs !== undefined && registration !== undefined && headers.get(wire.header.payload) !== "json"
    const call: Call = {
      id,
      key,
      headers,
      registration,
      builtin,
      codecs: codecs?.of(typed ? registration.operation : undefined, stream, progress),
      typed,
      silent: silent || message.discard === true,
      progress,
      fiber: undefined,
      latch: undefined
    }
    this.calls.set(id, call)
    if (message.discard === true && !silent) this.acknowledge(id)
    this.start(call, message)
  }

  private start(call: Call, { payload, sampled, spanId, traceId }: wire.RawMessage): void {
    const { context } = this.server
    const fiber = Effect.runForkWith(
      typeof traceId === "string" && typeof spanId === "string"
        ? Context.add(
          context,
          Tracer.ParentSpan,
          Tracer.externalSpan({ traceId, spanId, sampled: sampled !== false })
        )
        : context
    )(this.admitted(call, payload))
    call.fiber = fiber
    fiber.addObserver((exit) => {
      if (!call.silent) this.settle(call, this.closing ? closed(call.key, exit) : exit)
      this.calls.delete(call.id)
      if (exit._tag === "Failure" && Cause.hasDies(exit.cause)) this.server.report(call.key, exit.cause)
      this.endIfIdle()
    })
  }

  private endIfIdle(): void {
    if (this.ended && this.calls.size === 0) this.outlet.end?.()
  }

  private admitted(call: Call, payload: unknown): AnyEffect {
    const run = (actor: string | undefined): AnyEffect =>
      call.codecs === undefined
        ? this.run(call, payload, actor)
        : Effect.flatMap(this.decode(call, call.codecs, payload), (input) => this.run(call, input, actor))
    const caller = this.authorize(call, call.key)
    return isSuccess(caller) ? run(caller.value) : Effect.flatMap(caller, run)
  }

  private authorize(call: Call, key: string): Effect.Effect<string | undefined, OperationError> {
    const { headers } = call
    const { local } = this.peer
    // Over a socket it comes with each call.
    const session = headers.get(wire.header.client)
    const operation = (key === call.key ? call.registration : this.server.internals.lookup(key))?.operation
    return authorized(
      this.server.options.authorize,
      { kind: call.builtin?.kind ?? "invoke", key, operation, headers, connection: this.peer.headers, local },
      (local ? headers.get(wire.header.actor) : undefined) ??
        (session === undefined ? undefined : this.server.actorOf(session))
    )
  }

  private decode(
    { key }: Call,
    codecs: OperationCodecs,
    payload: unknown
  ): Effect.Effect<unknown, OperationError> {
    return Effect.mapError(
      Effect.suspend(() => codecs.decodePayload(payload)),
      (issue) => new OperationError({ key, reason: { _tag: "InvalidInput", ...misfit(issue, undefined) } })
    )
  }

  private run(call: Call, input: unknown, actor: string | undefined): AnyEffect {
    const { builtin, registration } = call
    if (builtin !== undefined) {
      const result = builtin.run(input, {
        actor,
        authorize: (key) => Effect.asVoid(this.authorize(call, key))
      })
      return builtin.stream ? this.pump(call, result as AnyStream) : result as AnyEffect
    }
    const { internals, options: { history, results } } = this.server
    const options: InvokeInternalOptions = {
      origin: "remote",
      actor,
      // Of somebody without a name nobody could find the entry again, but the application's own user, whose it is not.
      record: actor === undefined || (history === "client" && call.headers.get(wire.header.history) === "client")
        ? false
        : undefined,
      timeout: this.timeoutOf(call.headers),
      onProgress: call.progress && !call.silent ? (value) => this.progress(call, value) : undefined
    }
    if (registration!.operation.stream) {
      return this.pump(
        call,
        call.typed
          ? internals.streamWith(registration!.operation, input, options)
          : internals.streamKeyWith(call.key, input, options)
      )
    }
    const idempotencyKey = call.headers.get(wire.header.idempotencyKey)
    if (idempotencyKey !== undefined && results !== undefined) {
      return this.once(call, input, options, idempotencyKey, results)
    }
    return call.typed
      ? internals.invokeWith(registration!.operation, input, options)
      : internals.invokeKeyWith(call.key, input, options)
  }

  private timeoutOf(headers: wire.Headers): number | undefined {
    const asked = headers.get(wire.header.timeout)
    const { timeout } = this.server.options.limits
    const millis = asked === undefined || !(Number(asked) > 0) ? timeout : Math.min(Number(asked), timeout)
    return millis === Infinity ? undefined : millis
  }

  /** R3. Answers are kept as JSON data, whatever the serialisation of this delivery. */
  private once(
    call: Call,
    input: unknown,
    options: InvokeInternalOptions,
    idempotencyKey: string,
    results: (typeof ResultStore)["Service"]
  ): AnyEffect {
    const registration = call.registration!
    const { operation } = registration
    return Effect.suspend(() => {
      const payload = call.typed ? registration.encodeInput(input) : input
      const answer = results.once(
        {
          caller: this.lastingIdentity(call, options.actor),
          key: call.key,
          idempotencyKey,
          fingerprint: `${operation.meta.version ?? 1} ${JSON.stringify(payload)}`,
          idempotent: Context.get(operation.annotations, Idempotent),
          sensitive: registration.redactOutput !== undefined || registration.redactError !== undefined
        },
        Effect.map(
          Effect.exit(this.server.internals.invokeKeyWith(call.key, payload, options)),
          (exit) => answers.encodeExit(registration, exit)
        )
      )
      if (!call.typed) return Effect.map(answer, (exit) => new Answered(exit))
      return Effect.flatMap(answer, (exit) => registration.reopen(answers.openExit(exit)))
    })
  }

  /**
   * Whose idempotency key it is. Never the session's: a client that was restarted has another one, and delivers again all
   * the same.
   */
  private lastingIdentity(call: Call, actor: string | undefined): string {
    const session = call.headers.get(wire.header.client)
    return actor === undefined || (session !== undefined && actor === this.server.actorOf(session)) ? "" : actor
  }

  // -------------------------------------------------------------------------
  // answering
  // -------------------------------------------------------------------------

  /**
   * Sends elements as they come, as fast as the client takes them. The time that it takes for that counts too: a client
   * that takes nothing does not keep a handler.
   */
  private pump(call: Call, elements: AnyStream): AnyEffect {
    if (call.silent) return Stream.runDrain(elements)
    const wrapped = call.progress && call.registration !== undefined
    const latch = this.outlet.acks ? call.latch = Latch.makeUnsafe(false) : undefined
    const room = latch === undefined ? this.outlet.ready : latch.await
    const timeout = call.registration === undefined ? undefined : this.timeoutOf(call.headers)
    const pumped = (room: Effect.Effect<void, OperationError> | undefined) =>
      Stream.runForEachArray(elements, (chunk) => {
        latch?.closeUnsafe()
        const write = this.writeChunk(call, wrapped ? chunk.map((value) => ({ value })) : chunk)
        return room === undefined ? write : Effect.andThen(write, room)
      })
    return timeout === undefined || room === undefined
      ? pumped(room)
      : Effect.clockWith((clock) => {
        const deadline = clock.currentTimeMillisUnsafe() + timeout
        const late = new OperationError({ key: call.key, reason: { _tag: "Timeout", millis: timeout } })
        return pumped(Effect.suspend(() =>
          Effect.timeoutOrElse(room, {
            duration: Math.max(0, deadline - clock.currentTimeMillisUnsafe()),
            orElse: () => Effect.fail(late)
          })
        ))
      })
  }

  private progress(call: Call, value: unknown): void {
    if (!this.calls.has(call.id)) return
    const progress = call.typed ? value : call.registration!.encodeProgress(value)
    Effect.runForkWith(this.server.context)(this.writeChunk(call, [{ progress }]))
  }

  private writeChunk(call: Call, values: ReadonlyArray<unknown>): Effect.Effect<void> {
    const send = (encoded: unknown) => this.outlet.send({ _tag: "Chunk", requestId: call.id, values: encoded as any })
    const { codecs } = call
    if (codecs === undefined) return Effect.sync(() => send(values))
    return Effect.map(Effect.orDie(Effect.suspend(() => codecs.encodeChunk(values))), send)
  }

  private settle(call: Call, exit: AnyExit): void {
    const { codecs } = call
    if (codecs !== undefined && call.typed) return this.answerWith(call.id, codecs, answers.presentable(exit))
    // What a stream ends with is no element.
    const ended = exit._tag === "Success" && (call.builtin?.stream ?? call.registration!.operation.stream)
      ? Exit.void
      : exit
    const encoded = ended._tag === "Success" && ended.value instanceof Answered
      ? ended.value.exit
      : answers.encodeExit(call.registration, ended)
    this.answer(call, encoded)
  }

  private refuse(id: string | number, error: OperationError): void {
    const { codecs } = this.peer
    const exit = Exit.fail(answers.outward(error))
    if (codecs !== undefined) return this.answerWith(id, codecs.refusal, exit)
    this.outlet.send({ _tag: "Exit", requestId: id, exit: answers.encodeExit(undefined, exit) })
  }

  /** A call whose answer nobody waits for has arrived. That success has no value, whatever the operation's output. */
  private acknowledge(requestId: string | number): void {
    const { codecs } = this.peer
    if (codecs !== undefined) return this.answerWith(requestId, codecs.refusal, Exit.void)
    this.outlet.send({ _tag: "Exit", requestId, exit: { _tag: "Success", value: null } })
  }

  private answer(call: Call, exit: wire.EncodedExit): void {
    if (call.codecs !== undefined) return this.answerWith(call.id, call.codecs, answers.openExit(exit, true))
    // JSON leaves an `undefined` out, and the peers' decoder wants the key.
    const whole = exit._tag === "Success" && exit.value === undefined ? { ...exit, value: null } : exit
    this.outlet.send({ _tag: "Exit", requestId: call.id, exit: whole })
  }

  private answerWith(requestId: string | number, codecs: OperationCodecs, exit: AnyExit): void {
    const encoded = Effect.runSyncExit(Effect.suspend(() => codecs.encodeExit(exit)))
    if (encoded._tag === "Success") {
      return this.outlet.send({ _tag: "Exit", requestId, exit: encoded.value })
    }
    const defect = Effect.runSync(codecs.encodeExit(Exit.die(new Error(wire.encodedDefect.message))))
    this.outlet.send({ _tag: "Exit", requestId, exit: defect })
  }
}
