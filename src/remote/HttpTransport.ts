/**
 * What carries the requests of an HTTP client.
 *
 * @since 0.1.0
 */

/**
 * Sends a request, always a `POST`.
 *
 * **When to use**
 *
 * Use the platform's `fetch`, which is the default, or `NodeHttpTransport` of `opbus/node`. Write one where requests have
 * to go through something else.
 *
 * @category models
 * @since 0.1.0
 */
export type HttpTransport = (request: Request) => Exchange

/**
 * A request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly url: string
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/**
 * A request that is on its way.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exchange {
  /** Rejects when there is no response. */
  readonly reply: Promise<Reply>
  /** Nobody waits any more: ends the request, and the response if it has begun. */
  readonly abort: () => void
}

/**
 * The response, as soon as its headers are there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reply {
  readonly status: number
  /**
   * Gives the pieces of the body in turn, and resolves after the last. When `each` gives a promise, the next piece waits
   * for it. Rejects when the body ends early or `each` throws.
   */
  readonly read: (each: (piece: string | Uint8Array) => Promise<void> | undefined) => Promise<void>
}

/**
 * A transport over a function like `fetch`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromFetch = (fetch: typeof globalThis.fetch): HttpTransport => ({ body, headers, url }) => {
  const controller = new AbortController()
  const response = fetch(url, { method: "POST", headers, body: body as BodyInit, signal: controller.signal })
  return { reply: response.then(replyOf), abort: () => controller.abort() }
}

const replyOf = (response: Response): Reply => ({
  status: response.status,
  read: async (each) => {
    if (response.headers.has("content-length")) {
      const isText = response.headers.get("content-type")?.includes("json") === true
      await each(isText ? await response.text() : new Uint8Array(await response.arrayBuffer()))
      return
    }
    const reader = response.body?.getReader()
    if (reader === undefined) return
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      await each(value)
    }
  }
})
