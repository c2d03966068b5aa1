import { WebSocket } from "@effect/platform-node/NodeWS"
import { Effect } from "effect"
import * as Http from "node:http"
import { connect } from "node:net"

export interface Answer {
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  readonly body: Buffer
}

/** A request with exactly these headers; `host` is that of the connection unless they say otherwise. */
export const request = (
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
  host = "127.0.0.1"
): Effect.Effect<Answer> =>
  Effect.callback<Answer>((resume) => {
    const sent = Http.request({ host, port, path, method, headers, agent: false }, (response) => {
      const parts: Array<Buffer> = []
      response.on("data", (part: Buffer) => parts.push(part))
      response.on("end", () =>
        resume(Effect.succeed({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts)
        })))
    })
    sent.on("error", (error) => resume(Effect.die(error)))
    sent.end()
    return Effect.sync(() => sent.destroy())
  })

/** What a server answers to these very bytes: the first line, and everything. */
export const bytes = (port: number, text: string): Effect.Effect<{ readonly line: string; readonly all: string }> =>
  Effect.callback((resume) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(text, "latin1"))
    let all = ""
    socket.setEncoding("latin1")
    socket.on("data", (part: string) => {
      all += part
    })
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.succeed({ line: all.split("\r\n", 1)[0]!, all })))
    return Effect.sync(() => socket.destroy())
  })

/** How a connection ends: the status it is refused with, or the code it is closed with; 0: it is open, and was closed here. */
export const upgrade = (
  url: string,
  headers: Readonly<Record<string, string>> = {},
  then: (socket: WebSocket) => void = (socket) => socket.terminate()
): Effect.Effect<number> =>
  Effect.callback<number>((resume) => {
    const socket = new WebSocket(url, { headers })
    let opened = false
    socket.on("unexpected-response", (_request, response) => {
      resume(Effect.succeed(response.statusCode ?? 0))
      response.destroy()
    })
    socket.on("open", () => {
      opened = true
      then(socket)
    })
    socket.on("close", (code) => resume(Effect.succeed(opened && code === 1006 ? 0 : code)))
    socket.on("error", () => {})
    return Effect.sync(() => socket.terminate())
  })
