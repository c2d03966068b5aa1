import * as fs from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Worker } from "../../../remote/EdgeWorker.ts"

/**
 * Runs a worker as a server of Node, on the loopback interface unless `HOST` says otherwise. It is bundled with the worker.
 *
 * It tells the file descriptor that `OPBUS_CONTROL_FD` names where it listens, as workerd does, and ends on `SIGTERM` when
 * the calls in flight are answered.
 *
 * @internal
 */
export const serve = (worker: Worker): void => {
  const server = createServer((request, response) => {
    answer(worker, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  server.requestTimeout = 60_000
  server.listen(Number(process.env["PORT"] ?? 0), process.env["HOST"] ?? "127.0.0.1", () => {
    const { address, port } = server.address() as AddressInfo
    const control = process.env["OPBUS_CONTROL_FD"]
    const line = JSON.stringify({ event: "listen", socket: "http", port })
    if (control === undefined) console.log(`Listening on http://${address}:${port}`)
    else fs.writeSync(Number(control), `${line}\n`)
  })
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      server.close(() => process.exit(0))
      server.closeIdleConnections()
      setTimeout(() => process.exit(0), 10_000).unref()
    })
  }
}

const answer = async (worker: Worker, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const aborted = new AbortController()
  response.on("close", () => aborted.abort())
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value)
  }
  const body = request.method === "GET" || request.method === "HEAD" ? null : toWeb(request)
  const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`)
  const answered = await worker.fetch(
    new Request(url, {
      method: request.method ?? "GET",
      headers,
      body,
      signal: aborted.signal,
      duplex: "half"
    } as RequestInit),
    process.env,
    { waitUntil: () => {} }
  )
  response.writeHead(answered.status, Object.fromEntries(answered.headers))
  if (answered.body !== null) {
    for await (const chunk of answered.body) {
      if (!response.write(chunk)) await new Promise((resolve) => response.once("drain", resolve))
    }
  }
  response.end()
}

const toWeb = (request: IncomingMessage): ReadableStream<Uint8Array> => {
  const chunks = request[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await chunks.return?.()
    }
  })
}
