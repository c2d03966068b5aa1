import type { IncomingMessage, ServerResponse } from "node:http"
import { isStream } from "../../../remote/internal/fetchServer.ts"
import type { HttpEndpoint, HttpResponse, HttpStream } from "../../../remote/internal/http.ts"

/**
 * Answers requests of `node:http` at an endpoint and below it. `otherwise` answers others, and says whether it does; the
 * rest is not found.
 *
 * @internal
 */
export const answerRequests = (
  endpoint: HttpEndpoint,
  path: string,
  otherwise?: (request: IncomingMessage, response: ServerResponse) => boolean
) =>
(request: IncomingMessage, response: ServerResponse): void => {
  const rest = restOf(request.url ?? "/", path)
  if (rest === undefined) {
    if (otherwise?.(request, response) !== true) plain(response, 404, "Not found.")
    return
  }
  let ended = false
  let abort: (() => void) | undefined
  response.once("close", () => {
    ended = true
    if (!response.writableFinished) abort?.()
  })
  endpoint.handle({
    method: request.method ?? "GET",
    rest,
    headers: headersOf(request),
    peerAddress: request.socket.remoteAddress,
    body: (limit) => readBody(request, limit)
  }, (onAbort) => {
    abort = onAbort
    if (ended) onAbort()
  }).then(
    (answer) => write(response, answer),
    () => {
      if (response.headersSent) response.destroy()
      else plain(response, 400, "The request ended too early.")
    }
  )
}

/** What follows the path; `undefined`: the address is another one. */
const restOf = (url: string, path: string): string | undefined => {
  if (url === path) return ""
  if (!url.startsWith(path)) return undefined
  const query = url.indexOf("?", path.length)
  const rest = query === -1 ? url.slice(path.length) : url.slice(path.length, query)
  return rest === "" || rest.startsWith("/") ? rest : undefined
}

/** @internal */
export const headersOf = ({ headers }: IncomingMessage): Map<string, string> => {
  const all = new Map<string, string>()
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) all.set(name, typeof value === "string" ? value : value.join(", "))
  }
  return all
}

/** Reads at most so many bytes; `undefined`: there are more. Rejects when the client goes away before the end. */
const readBody = (request: IncomingMessage, limit: number): Promise<Uint8Array | undefined> =>
  new Promise((resolve, reject) => {
    let first: Buffer | undefined
    let more: Array<Buffer> | undefined
    let size = 0
    request.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) return resolve(undefined)
      if (first === undefined) first = chunk
      else (more ??= [first]).push(chunk)
    })
    request.once("end", () => resolve(more === undefined ? first ?? empty : Buffer.concat(more)))
    request.once("error", reject)
    request.once("close", () => reject(new Error("The request ended too early.")))
  })

const empty = new Uint8Array()

const write = (response: ServerResponse, { body, contentType, status }: HttpResponse): void => {
  if (isStream(body)) {
    response.writeHead(status, { "content-type": contentType })
    return void pump(response, body)
  }
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength
  response.writeHead(status, { "content-type": contentType, "content-length": length })
  response.end(body)
}

/** Sends what comes, as fast as the client takes it. */
const pump = async (response: ServerResponse, stream: HttpStream): Promise<void> => {
  const closed = new Promise<void>((resolve) => response.once("close", resolve))
  for (;;) {
    await Promise.race([stream.changed(), closed])
    if (response.closed) return
    const last = stream.isDone
    const frames = stream.take()
    if (last) return void response.end(frames)
    if (frames !== undefined && !response.write(frames)) {
      await Promise.race([new Promise<void>((resolve) => response.once("drain", resolve)), closed])
    }
  }
}

/** @internal */
export const plain = (response: ServerResponse, status: number, message: string): void => {
  const body = JSON.stringify({ _tag: "Refused", message }) + "\n"
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
  response.end(body)
}
