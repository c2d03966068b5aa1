import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import { Flag } from "../../internal/effect/cli.ts"
import { isOperationError, OperationError, type OperationErrorReason } from "../../operation/OperationError.ts"
import { openExit } from "../../remote/internal/answers.ts"
import { Client, ExitHole, type Outgoing } from "../../remote/internal/client.ts"
import { formatOf } from "../../remote/internal/exchange.ts"
import { HttpChannel } from "../../remote/internal/httpChannel.ts"
import { makeNdjson } from "../../remote/internal/ndjson.ts"
import { makeSocketChannel } from "../../remote/internal/socketChannel.ts"
import * as wire from "../../remote/internal/wire.ts"
import { type CliFailure, usage } from "./failure.ts"

/** @internal */
export const flags = {
  remote: Flag.String("remote").pipe(
    Flag.withMetavar("<url>"),
    Flag.withDescription("Do it on a server instead, such as http://127.0.0.1:4400 or ws://127.0.0.1:4400"),
    Flag.optional
  ),
  header: Flag.String("header").pipe(
    Flag.withMetavar("<name=value>"),
    Flag.withDescription("Send this to the server, for example a token; @<file> reads it from a file"),
    Flag.atLeast(0)
  )
}

/**
 * A server, and how the command presents itself to it.
 *
 * @internal
 */
export interface Server {
  readonly url: string
  readonly socket: boolean
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
}

const protocols: ReadonlyMap<string, { readonly path: string; readonly socket: boolean }> = new Map([
  ["http:", { path: "/rpc", socket: false }],
  ["https:", { path: "/rpc", socket: false }],
  ["ws:", { path: "/ws", socket: true }],
  ["wss:", { path: "/ws", socket: true }]
])

/**
 * The server that the flags name. A URL without a path means where `opbus serve` serves.
 *
 * @internal
 */
export const serverOf = (
  remote: string,
  headers: ReadonlyArray<string>
): Effect.Effect<Server, CliFailure> =>
  Effect.gen(function*() {
    const url = URL.canParse(remote) ? new URL(remote) : undefined
    const protocol = url === undefined ? undefined : protocols.get(url.protocol)
    if (url === undefined || protocol === undefined || url.hostname === "") {
      return yield* usage(
        "InvalidUrl",
        `a server's address is written like http://127.0.0.1:4400 or ws://127.0.0.1:4400, not ${JSON.stringify(remote)}`
      )
    }
    if (url.username !== "" || url.password !== "") {
      return yield* usage("InvalidUrl", "a URL with a password in it is not used; send it with --header")
    }
    if (url.pathname === "/" || url.pathname === "") url.pathname = protocol.path
    url.hash = ""
    return { url: url.href, socket: protocol.socket, headers: yield* Effect.forEach(headers, headerOf) }
  })

/** What is wrong is said without the value, which may be a secret. */
const headerOf = (given: string): Effect.Effect<readonly [string, string], CliFailure> =>
  Effect.gen(function*() {
    const text = given.startsWith("@") ? yield* readHeader(given.slice(1)) : given
    const [, name, value] = /^\s*([^=:\s]+)\s*[=:]([^]*)$/.exec(text) ?? []
    if (name === undefined || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      return yield* usage("InvalidHeader", "a header is written like --header authorization=<value>, or @<file>")
    }
    const trimmed = value!.trim()
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(trimmed)) {
      return yield* usage("InvalidHeader", `the value of the header ${name} has characters that no header can have`)
    }
    if (name.toLowerCase().startsWith("opbus-")) {
      return yield* usage("InvalidHeader", `${name} is a header of opbus itself; there are flags for what it says`)
    }
    return [name.toLowerCase(), trimmed]
  })

const readHeader = (file: string): Effect.Effect<string, CliFailure> =>
  Effect.try({
    try: () => fs.readFileSync(file, "utf8"),
    catch: (cause) => usage("InvalidHeader", `cannot read a header from ${file}`, cause)
  })

/** Each run of the command would be somebody else: who calls is whom `--actor` or a token names. */
class WithoutSession extends Client {
  override call(outgoing: Outgoing, onChunk: Parameters<Client["call"]>[1]) {
    return super.call(withoutSession(outgoing), onChunk)
  }

  override stream(outgoing: Outgoing) {
    return super.stream(withoutSession(outgoing))
  }
}

const withoutSession = ({ headers, ...outgoing }: Outgoing): Outgoing => ({
  ...outgoing,
  headers: headers.filter(([name]) => name !== wire.header.client)
})

/**
 * A connection that lasts as long as the scope.
 *
 * @internal
 */
export const connect = (server: Server): Effect.Effect<Client, never, Scope.Scope> =>
  Effect.gen(function*() {
    const client = new WithoutSession()
    const format = formatOf(makeNdjson(Infinity))
    if (server.socket) {
      const socket = yield* Effect.provide(Socket.makeWebSocket(server.url), Socket.layerWebSocketConstructorGlobal)
      client.channel = yield* makeSocketChannel(format, client, socket, {
        url: server.url,
        pingInterval: Duration.seconds(10)
      })
      return client
    }
    const channel = new HttpChannel(format, client, {
      url: server.url,
      fetch: globalThis.fetch,
      headers: Object.fromEntries(server.headers),
      batch: 1
    })
    client.channel = channel
    yield* Effect.addFinalizer(() => Effect.sync(() => channel.close()))
    return client
  })

/**
 * What comes of a call: an output, each element of a stream, or what the handler reports while it runs.
 *
 * @internal
 */
export type Item = { readonly value: unknown } | { readonly progress: unknown }

/** @internal */
export interface CallOptions {
  readonly actor: Option.Option<string>
  readonly timeout: Duration.Duration | undefined
  readonly idempotencyKey: Option.Option<string>
}

/**
 * Calls a key with JSON data, for those who do not have its definition. It fails with an `OperationError`, or with the
 * operation's own failure as JSON data.
 *
 * @internal
 */
export const call = (
  server: Server,
  client: Client,
  key: string,
  payload: unknown,
  { actor, idempotencyKey, timeout }: CallOptions
): Stream.Stream<Item, unknown> => {
  const headers: Array<[string, string]> = [[wire.header.progress, "1"]]
  if (server.socket) { for (const [name, value] of server.headers) headers.push([name, value]) }
  if (Option.isSome(actor)) headers.push([wire.header.actor, actor.value])
  if (Option.isSome(idempotencyKey)) headers.push([wire.header.idempotencyKey, idempotencyKey.value])
  if (timeout !== undefined) headers.push([wire.header.timeout, String(Duration.toMillis(timeout))])
  const items = (client.stream({ key, payload, headers }) as Stream.Stream<ReadonlyArray<Item>, unknown>).pipe(
    Stream.flattenIterable,
    Stream.catch((end) => end instanceof ExitHole ? ending(key, end.exit) : Stream.fail(end))
  )
  return timeout === undefined ? items : Stream.interruptWhen(
    items,
    Effect.flatMap(
      Effect.sleep(timeout),
      () => Effect.fail(new OperationError({ key, reason: { _tag: "Timeout", millis: Duration.toMillis(timeout) } }))
    )
  )
}

/**
 * Calls with the empty input that the operation takes: `null` where it takes none, `{}` where all fields are optional. A
 * refused input has run nothing, so the second call is safe; but it would be another call under an idempotency key.
 *
 * @internal
 */
export const withoutInput = (
  call: (input: unknown) => Stream.Stream<Item, unknown>,
  { idempotencyKey }: CallOptions
): Stream.Stream<Item, unknown> =>
  Option.isSome(idempotencyKey) ?
    call(null) :
    Stream.catch(call(null), (refused) =>
      isOperationError(refused) && refused.reason._tag === "InvalidInput" && refused.reason.path.length === 0
        ? Stream.catch(
          call({}),
          (error) =>
            Stream.fail(isOperationError(error) && error.reason._tag === "InvalidInput" ? refused : error)
        )
        : Stream.fail(refused))

/** The exit of a stream has no value; that of another operation is its output, `null` where it has none. */
const ending = (key: string, hole: unknown): Stream.Stream<Item, unknown> => {
  const exit = hole as wire.EncodedExit | null | undefined
  if (exit?._tag === "Success") return exit.value === undefined ? Stream.empty : Stream.succeed({ value: exit.value })
  const reason: OperationErrorReason = exit?._tag !== "Failure" || !Array.isArray(exit.cause)
    ? { _tag: "InvalidOutput", issue: "the answer is no exit", path: [] }
    : { _tag: "RemoteUnavailable", why: "the server interrupted it" }
  return reason._tag === "InvalidOutput" || exit!.cause.every(({ _tag }) => _tag === "Interrupt")
    ? Stream.fail(new OperationError({ key, reason }))
    : Stream.failCause((openExit(exit!) as Exit.Failure<never, unknown>).cause)
}
