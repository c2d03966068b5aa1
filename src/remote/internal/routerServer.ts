import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Format } from "./exchange.ts"
import { isStream, toReadable } from "./fetchServer.ts"
import { admit, type GateOptions } from "./gate.ts"
import type { HttpEndpoint } from "./http.ts"
import type { Server } from "./server.ts"
import { serveSocket } from "./socketServer.ts"

const headersOf = (request: HttpServerRequest.HttpServerRequest): Map<string, string> =>
  new Map(Object.entries(request.headers))

const peerAddressOf = (request: HttpServerRequest.HttpServerRequest): string | undefined =>
  Option.getOrUndefined(request.peerAddress)

/**
 * An endpoint as the handler of a route.
 *
 * @internal
 */
export const handleHttp = (
  endpoint: HttpEndpoint,
  path: string
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.withFiber((fiber) => {
      let abort: (() => void) | undefined
      const context = fiber.context
      const answer = Effect.promise(() =>
        endpoint.handle({
          method: request.method,
          rest: request.url.split("?")[0]!.slice(path.length),
          headers: headersOf(request),
          peerAddress: peerAddressOf(request),
          body: (limit) =>
            Effect.runPromiseWith(context)(
              Effect.map(request.arrayBuffer, (buffer) => new Uint8Array(buffer)).pipe(
                Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.fromInputUnsafe(limit)),
                Effect.orElseSucceed(() => undefined)
              )
            )
        }, (onAbort) => abort = onAbort)
      )
      return Effect.onInterrupt(
        Effect.map(answer, ({ body, contentType, status }) =>
          isStream(body)
            ? HttpServerResponse.stream(
              Stream.fromReadableStream({ evaluate: () => toReadable(body), onError: (error) => error }),
              { status, contentType }
            )
            : typeof body === "string"
            ? HttpServerResponse.text(body, { status, contentType })
            : HttpServerResponse.uint8Array(body, { status, contentType })),
        () => Effect.sync(() => abort?.())
      )
    }))

/**
 * A route that upgrades to a socket and serves it.
 *
 * @internal
 */
export const handleSocket = (
  server: Server,
  format: Format,
  gate: GateOptions
): Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  HttpServerRequest.HttpServerRequest | Scope.Scope
> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const headers = headersOf(request)
    const admission = admit(gate, headers, peerAddressOf(request), "upgrade")
    if (admission.status !== 200) {
      return Effect.succeed(
        HttpServerResponse.text(`This connection is not accepted: ${admission.why}.\n`, { status: admission.status })
      )
    }
    return Effect.matchEffect(request.upgrade, {
      onFailure: () => Effect.succeed(HttpServerResponse.text("Use a WebSocket here.\n", { status: 426 })),
      onSuccess: (socket) =>
        Effect.as(serveSocket(server, format, socket, { headers, local: admission.local }), HttpServerResponse.empty())
    })
  })
