import type { HttpEndpoint, HttpResponse, HttpStream } from "./http.ts"

/**
 * An endpoint as a web-standard fetch handler, for workers and for frameworks that speak it.
 *
 * @internal
 */
export const toFetchHandler = (endpoint: HttpEndpoint, path: string) => async (request: Request): Promise<Response> => {
  const { pathname } = new URL(request.url)
  if (pathname !== path && !pathname.startsWith(`${path}/`)) return new Response("Not found\n", { status: 404 })
  const headers = new Map<string, string>()
  request.headers.forEach((value, name) => headers.set(name, value))
  if (!headers.has("host")) headers.set("host", new URL(request.url).host)
  const response = await endpoint.handle({
    method: request.method,
    rest: pathname.slice(path.length),
    headers,
    peerAddress: undefined,
    body: (limit) => readBody(request, limit)
  }, (abort) => request.signal?.addEventListener("abort", abort))
  return toResponse(response)
}

const toResponse = ({ body, contentType, status }: HttpResponse): Response =>
  new Response(isStream(body) ? toReadable(body) : body as BodyInit, {
    status,
    headers: { "content-type": contentType }
  })

/** @internal */
export const isStream = (body: HttpResponse["body"]): body is HttpStream =>
  typeof body === "object" && "changed" in body

/** Reads at most so many bytes; `undefined`: there are more. */
const readBody = async (request: Request, limit: number): Promise<Uint8Array | string | undefined> => {
  if (request.headers.has("content-length")) {
    const bytes = new Uint8Array(await request.arrayBuffer())
    return bytes.length > limit ? undefined : bytes
  }
  const reader = request.body?.getReader()
  if (reader === undefined) return ""
  const parts: Array<Uint8Array> = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > limit) {
      await reader.cancel()
      return undefined
    }
    parts.push(value)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const encoder = new TextEncoder()

/** @internal */
export const toReadable = (stream: HttpStream): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      await stream.changed()
      const last = stream.isDone
      const frames = stream.take()
      if (frames !== undefined) controller.enqueue(typeof frames === "string" ? encoder.encode(frames) : frames)
      if (last) controller.close()
    },
    cancel() {
      stream.abort()
    }
  }, { highWaterMark: 0 })
