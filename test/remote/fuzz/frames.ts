import { WebSocket } from "@effect/platform-node/NodeWS"
import * as Effect from "effect/Effect"
import { RpcSerialization } from "effect/rpc"
import { type ChildProcess, spawn } from "node:child_process"
import * as Http from "node:http"
import * as Net from "node:net"
import { fileURLToPath } from "node:url"
import { Random } from "../../history/campaign/random.ts"
import { type Stack, stacks } from "../conformance/servers.ts"
import { answerable, damage, message, mutate, readLines } from "./generator.ts"
import { limits } from "./limits.ts"

/** How a server is attacked. */
export interface Options {
  /** How many frames, over all kinds of sessions. */
  readonly frames: number
  readonly seed: number
  /** Only this server. Default: one after the other, half of the frames each. */
  readonly stack?: Stack | undefined
  /** Only this session, printed as it goes. */
  readonly session?: number | undefined
  readonly progress?: boolean | undefined
}

/** What came of it. */
export interface Report {
  readonly stack: Stack
  readonly frames: number
  readonly sessions: number
  readonly answered: number
  readonly failures: ReadonlyArray<string>
  readonly health: Health
  /** Bytes of the heap, collected: after the first tenth of the sessions and at the end. */
  readonly heap: { readonly early: number; readonly late: number }
  readonly seconds: number
}

interface Health {
  readonly inFlight: number
  readonly connections: number
  readonly heap: number
  readonly rejections: number
}

type Kind = "http" | "http-binary" | "webSocket" | "webSocket-binary" | "plain" | "tcp"

const parserOf = () =>
  Effect.runSync(
    Effect.provide(
      Effect.map(RpcSerialization.RpcSerialization, (serialization) => serialization.makeUnsafe()),
      RpcSerialization.layerSchemaBinary({ maxFrameSize: limits.frameSize })
    )
  )

const sleep = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis))

/** A process that is attacked. */
class Target {
  readonly stack: Stack
  port = 0
  died: string | undefined
  private readonly child: ChildProcess
  private readonly output: Array<string> = []

  constructor(stack: Stack) {
    this.stack = stack
    this.child = spawn(
      process.execPath,
      ["--conditions=opbus-source", "--expose-gc", fileURLToPath(new URL("target.ts", import.meta.url)), stack],
      { stdio: ["ignore", "pipe", "pipe", "ipc"], env: { ...process.env, NODE_OPTIONS: "" } }
    )
    this.child.stderr!.on("data", (text: Buffer) => this.output.push(text.toString()))
    this.child.stdout!.resume()
    this.child.on("exit", (code, signal) => {
      this.died = `the server ended with ${code ?? signal}: ${this.output.join("").slice(-2_000)}`
    })
  }

  private ask<A>(what?: string): Promise<A> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(this.died ?? "the server does not answer")), 30_000)
      this.child.once("message", (answer) => {
        clearTimeout(timer)
        resolve(answer as A)
      })
      if (what !== undefined) this.child.send(what)
    })
  }

  async start(): Promise<void> {
    this.port = (await this.ask<{ readonly port: number }>()).port
  }

  health(): Promise<Health> {
    return this.ask<Health>("health")
  }

  get said(): string {
    return this.output.join("")
  }

  stop(): void {
    this.child.kill("SIGKILL")
  }
}

interface Outcome {
  readonly answered: number
  readonly frames: number
}

/** Counts the answers to ids, against what is expected. */
class Ledger {
  readonly expected = new Map<string, number>()
  readonly got = new Map<string, number>()

  expect(ids: ReadonlyArray<string>): void {
    for (const id of ids) this.expected.set(id, (this.expected.get(id) ?? 0) + 1)
  }

  take(message: any): void {
    if (message?._tag !== "Exit") return
    const id = JSON.stringify(message.requestId)
    this.got.set(id, (this.got.get(id) ?? 0) + 1)
  }

  get open(): boolean {
    for (const [id, count] of this.expected) if ((this.got.get(id) ?? 0) < count) return true
    return false
  }

  /** `lost`: the connection ended, so answers may be missing, but none may be too many. */
  check(lost: boolean): number {
    let answered = 0
    for (const [id, count] of this.got) {
      const expected = this.expected.get(id) ?? 0
      if (count > expected) throw new Error(`${id} was answered ${count} times instead of ${expected}`)
      answered += count
    }
    if (lost) return answered
    for (const [id, count] of this.expected) {
      const got = this.got.get(id) ?? 0
      if (got !== count) throw new Error(`${id} was answered ${got} times instead of ${count}`)
    }
    return answered
  }
}

const encodeBinary = (frame: unknown): Uint8Array => {
  try {
    return parserOf().encode(frame) as Uint8Array | undefined ?? new Uint8Array()
  } catch {
    // What the binary form has no words for is sent as something else.
    return new TextEncoder().encode(JSON.stringify(frame) ?? "")
  }
}

const encodeLine = (frame: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(frame)}\n`)

const framesOf = (random: Random, binary: boolean, count: number): ReadonlyArray<Uint8Array> => {
  const ids: Array<unknown> = []
  return Array.from({ length: count }, () => {
    const frame = mutate(random, message(random, ids))
    return damage(random, binary ? encodeBinary(frame) : encodeLine(frame))
  })
}

const join = (parts: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat(parts))

const httpRequest = (
  port: number,
  path: string,
  headers: Record<string, string>,
  write: (request: Http.ClientRequest) => void
): Promise<{ readonly status: number; readonly body: Uint8Array } | undefined> =>
  new Promise((resolve, reject) => {
    const request = Http.request(
      { port, host: "127.0.0.1", path, method: "POST", headers, agent: false, timeout: 15_000 },
      (response) => {
        const parts: Array<Buffer> = []
        response.on("data", (part: Buffer) => parts.push(part))
        response.on("end", () => resolve({ status: response.statusCode!, body: join(parts) }))
        response.on("error", () => resolve(undefined))
      }
    )
    request.on("timeout", () => {
      reject(new Error("no response within 15 seconds"))
      request.destroy()
    })
    request.on("error", () => resolve(undefined))
    write(request)
  })

/** The messages that bytes in the binary form have, as far as they can be read. */
const readBinary = (
  pieces: ReadonlyArray<Uint8Array>
): { readonly messages: Array<unknown>; readonly fatal: boolean } => {
  const parser = parserOf()
  const messages: Array<unknown> = []
  for (const piece of pieces) {
    try {
      messages.push(...parser.decode(piece))
    } catch {
      return { messages, fatal: true }
    }
  }
  return { messages, fatal: false }
}

const http = async (port: number, random: Random, binary: boolean): Promise<Outcome> => {
  const frames = framesOf(random, binary, random.int(1, 14))
  const body = join(frames)
  const ledger = new Ledger()
  ledger.expect(answerable(binary ? readBinary([body]).messages : readLines(body, true)))
  const manner = random.weighted({ whole: 70, pieces: 15, chunked: 8, short: 4, abandoned: 3 })
  const headers: Record<string, string> = {
    "content-type": binary ? "application/vnd.effect.rpc+schema-binary" : "application/x-ndjson",
    ...(random.chance(0.3) ? { "opbus-client": `s${random.int(0, 5)}` } : {}),
    ...(random.chance(0.05) ? { "x-large": "x".repeat(random.int(1, 20_000)) } : {})
  }
  const tooLarge = body.length > limits.frameSize
  const response = await httpRequest(
    port,
    "/rpc",
    manner === "chunked" ? headers : { ...headers, "content-length": String(body.length) },
    (request) => {
      switch (manner) {
        case "whole":
        case "chunked":
          return request.end(body)
        case "pieces": {
          const send = async () => {
            for (let at = 0; at < body.length;) {
              const size = random.chance(0.5) ? 1 : random.int(1, 2_000)
              request.write(body.slice(at, at + size))
              at += size
              if (at < 50) await sleep(1)
            }
            request.end()
          }
          return void send()
        }
        case "short":
          request.write(body.slice(0, Math.floor(body.length / 2)))
          return void setTimeout(() => request.destroy(), random.int(0, 20))
        case "abandoned":
          request.end(body)
          return void setTimeout(() => request.destroy(), random.int(0, 5))
      }
    }
  )
  if (response === undefined) {
    if (manner === "short" || manner === "abandoned" || tooLarge || "x-large" in headers) {
      return { answered: 0, frames: frames.length }
    }
    throw new Error("the connection broke without a response")
  }
  if (response.status !== 200) {
    const expected = [...(tooLarge ? [413] : []), ...("x-large" in headers ? [431] : [])]
    if (!expected.includes(response.status)) throw new Error(`status ${response.status} instead of ${expected.join()}`)
    return { answered: 0, frames: frames.length }
  }
  const { fatal, messages } = binary
    ? readAnswers(response.body)
    : { messages: readLines(response.body, true), fatal: false }
  if (fatal) throw new Error("the response is not in the serialisation of the request")
  for (const one of messages) ledger.take(one)
  return { answered: ledger.check(false), frames: frames.length }
}

const readAnswers = (body: Uint8Array) => {
  const parser = Effect.runSync(
    Effect.provide(
      Effect.map(RpcSerialization.RpcSerialization, (serialization) => serialization.makeUnsafe()),
      RpcSerialization.layerSchemaBinary({ maxFrameSize: "unbounded" })
    )
  )
  return { messages: [...parser.decode(body)] as Array<unknown>, fatal: false }
}

const plain = async (port: number, random: Random): Promise<Outcome> => {
  const key = random.pick([
    "f.echo",
    "f.struct",
    "f.stream",
    "f.wait",
    "f.die",
    "%zz",
    "..",
    "__proto__",
    "%2e%2e",
    "a/b",
    ""
  ])
  const [frame] = framesOf(random, false, 1)
  const response = await httpRequest(
    port,
    `/rpc/${key}`,
    {
      "content-type": random.pick(["application/json", "text/plain", "application/x-ndjson", "", "x".repeat(1_000)]),
      ...(random.chance(0.2) ? { [random.pick(["opbus-timeout", "opbus-progress", "opbus-version"])]: "1" } : {})
    },
    (request) => request.end(frame)
  )
  if (response === undefined) throw new Error("a plain call had no response")
  if (response.status < 200 || response.status >= 600) throw new Error(`status ${response.status}`)
  // The router itself has no route for these.
  const elsewhere = key.includes("/") || key.includes("%") || key === ".." || key === ""
  if (response.body.length === 0 && response.status !== 200 && !(elsewhere && response.status === 404)) {
    throw new Error(`status ${response.status} for ${key} without a word`)
  }
  return { answered: 1, frames: 1 }
}

const webSocket = async (port: number, random: Random, binary: boolean): Promise<Outcome> => {
  const frames = framesOf(random, binary, random.int(1, 30))
  const ledger = new Ledger()
  const whole = join(frames)
  // One message has one frame, several, or a piece of one.
  const pieces: Array<Uint8Array> = []
  const manner = random.weighted({ frames: 50, pieces: 30, bytes: 5, whole: 15 })
  if (manner === "frames") pieces.push(...frames)
  else if (manner === "whole") pieces.push(whole)
  else {
    for (let at = 0; at < whole.length;) {
      const size = manner === "bytes" && at < 300 ? 1 : random.int(1, 1_500)
      pieces.push(whole.slice(at, at + size))
      at += size
    }
  }
  const read = binary ? readBinary(pieces) : { messages: readLines(whole, false), fatal: false }
  ledger.expect(answerable(read.messages))
  const parser = binary
    ? Effect.runSync(
      Effect.provide(
        Effect.map(RpcSerialization.RpcSerialization, (serialization) => serialization.makeUnsafe()),
        RpcSerialization.layerSchemaBinary({ maxFrameSize: "unbounded" })
      )
    )
    : undefined
  const acks = random.chance(0.8)
  const rude = random.chance(0.1)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws${binary ? "/binary" : ""}`, { perMessageDeflate: false })
  let closed = false
  let broken: Error | undefined
  let wake = () => {}
  let rest = ""
  let sent = false
  const waiting: Array<string> = []
  socket.on("message", (data: Buffer, isBinary) => {
    try {
      const messages: Array<any> = []
      if (isBinary) messages.push(...parser!.decode(new Uint8Array(data)))
      else {
        const lines = (rest + data.toString()).split("\n")
        rest = lines.pop()!
        for (const line of lines) messages.push(JSON.parse(line))
      }
      for (const one of messages) {
        ledger.take(one)
        if (acks && one._tag === "Chunk" && !binary && whole.at(-1) === 10) {
          const ack = `${JSON.stringify({ _tag: "Ack", requestId: one.requestId })}\n`
          // In the middle of a frame it would be garbage.
          if (sent && socket.readyState === WebSocket.OPEN) socket.send(ack)
          else waiting.push(ack)
        }
      }
    } catch (error) {
      broken = error as Error
    }
    wake()
  })
  socket.on("close", () => {
    closed = true
    wake()
  })
  socket.on("error", () => {
    closed = true
    wake()
  })
  await new Promise<void>((resolve) => {
    socket.once("open", () => resolve())
    socket.once("close", () => resolve())
  })
  if (closed) throw new Error("the socket was refused")
  for (const piece of pieces) {
    if (closed) break
    socket.send(piece)
    if (random.chance(0.05)) await sleep(0)
  }
  sent = true
  if (!closed && waiting.length > 0) socket.send(waiting.join(""))
  if (rude) {
    await sleep(random.int(0, 10))
    socket.terminate()
    return { answered: ledger.check(true), frames: frames.length }
  }
  const until = Date.now() + 15_000
  while (!closed && broken === undefined && ledger.open && Date.now() < until) {
    await Promise.race([new Promise<void>((resolve) => wake = resolve), sleep(200)])
  }
  // One that is answered twice would be so soon.
  if (random.chance(0.2)) await sleep(20)
  const lost = closed
  socket.terminate()
  if (broken !== undefined) throw broken
  if (lost && !read.fatal && !expectsEnd(binary, whole)) throw new Error("the server closed a socket without a reason")
  return { answered: ledger.check(lost || read.fatal), frames: frames.length }
}

/** A hundred lines that are no JSON end a connection, and so does a message of many frames' size. */
const expectsEnd = (binary: boolean, whole: Uint8Array): boolean => {
  if (whole.length > 4 * limits.frameSize) return true
  if (binary) return false
  let bad = 0
  for (const line of new TextDecoder().decode(whole).split("\n")) {
    try {
      JSON.parse(line)
    } catch {
      bad++
    }
  }
  return bad >= 100
}

/** What is no HTTP, or never becomes a whole request. */
const tcp = (port: number, random: Random): Promise<Outcome> =>
  new Promise((resolve) => {
    const socket = Net.connect(port, "127.0.0.1")
    const end = () => {
      socket.destroy()
      resolve({ answered: 0, frames: 1 })
    }
    socket.on("error", end)
    socket.on("data", () => {})
    socket.on("close", end)
    socket.on("connect", () => {
      const upgrade = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
      const noise = Buffer.from(Uint8Array.from({ length: random.int(1, 500) }, () => random.int(0, 255)))
      switch (random.int(0, 6)) {
        case 0:
          socket.write(noise)
          break
        case 1:
          socket.write(`POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(random.int(1, 50_000))}\r\n\r\n`)
          break
        case 2:
          socket.write(
            "POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n{"
          )
          break
        case 3:
          socket.write(
            "POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
          )
          break
        case 4:
          // Half open: upgraded, and then frames of a WebSocket that are none.
          socket.write(upgrade)
          socket.write(noise)
          break
        case 5:
          socket.write(upgrade.slice(0, random.int(1, upgrade.length - 1)))
          break
        default:
          socket.write(upgrade.replace("Key: ", "Key: \0").replace("13", random.pick(["0", "99", "x"])))
      }
      setTimeout(end, random.int(0, 30))
    })
  })

const session = (port: number, kind: Kind, random: Random): Promise<Outcome> => {
  switch (kind) {
    case "http":
      return http(port, random, false)
    case "http-binary":
      return http(port, random, true)
    case "webSocket":
      return webSocket(port, random, false)
    case "webSocket-binary":
      return webSocket(port, random, true)
    case "plain":
      return plain(port, random)
    case "tcp":
      return tcp(port, random)
  }
}

const kindOf = (random: Random): Kind =>
  random.weighted({ http: 25, "http-binary": 20, webSocket: 25, "webSocket-binary": 20, plain: 5, tcp: 5 })

/** A well-formed call: the server is alive, whatever came before. */
const isAlive = async (port: number): Promise<boolean> => {
  const response = await httpRequest(
    port,
    "/rpc/f.echo",
    { "content-type": "application/json" },
    (request) => request.end("\"alive\"")
  )
  return response?.status === 200 && new TextDecoder().decode(response.body) === "\"alive\"\n"
}

const attack = async (stack: Stack, options: Options): Promise<Report> => {
  const target = new Target(stack)
  const began = Date.now()
  try {
    await target.start()
    const failures: Array<string> = []
    let frames = 0
    let sessions = 0
    let answered = 0
    let early: number | undefined
    let next = options.session ?? 0
    const worker = async () => {
      while (frames < options.frames && failures.length < 20 && target.died === undefined) {
        const number = next++
        const random = new Random(options.seed * 1_000_003 + number)
        const kind = kindOf(random)
        try {
          const outcome = await session(target.port, kind, random)
          frames += outcome.frames
          answered += outcome.answered
        } catch (error) {
          failures.push(`session ${number} (${kind}, seed ${options.seed}): ${(error as Error).message}`)
          if (options.session !== undefined) console.log(error)
        }
        sessions++
        if (options.session !== undefined) return
        if (early === undefined && frames >= options.frames / 10) {
          early = 0
          early = (await target.health()).heap
        }
        if (sessions % 500 === 0) {
          if (!await isAlive(target.port)) failures.push(`after session ${number} the server answers no more`)
          if (options.progress) {
            console.log(`${stack}: ${frames} frames, ${answered} answers, ${failures.length} failures`)
          }
        }
      }
    }
    await Promise.all(Array.from({ length: options.session === undefined ? 8 : 1 }, worker))
    if (target.died === undefined && !await isAlive(target.port)) failures.push("the server answers no more")
    let health: Health = { inFlight: -1, connections: -1, heap: 0, rejections: -1 }
    if (target.died === undefined) {
      for (let tries = 0; tries < 50; tries++) {
        health = await target.health()
        if (health.inFlight === 0 && health.connections === 0) break
        await sleep(100)
      }
    } else failures.push(target.died)
    if (health.rejections > 0) failures.push(target.said.slice(0, 4_000))
    return {
      stack,
      frames,
      sessions,
      answered,
      failures,
      health,
      heap: { early: early ?? 0, late: health.heap },
      seconds: (Date.now() - began) / 1_000
    }
  } finally {
    target.stop()
  }
}

/** Attacks the servers, one after the other. */
export const fuzz = async (options: Options): Promise<ReadonlyArray<Report>> => {
  const chosen = options.stack === undefined ? stacks : [options.stack]
  const reports: Array<Report> = []
  for (const stack of chosen) {
    reports.push(await attack(stack, { ...options, frames: Math.ceil(options.frames / chosen.length) }))
  }
  return reports
}

/** What must hold afterwards. */
export const isSound = ({ failures, health }: Report): boolean =>
  failures.length === 0 && health.inFlight === 0 && health.connections === 0 && health.rejections === 0

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`

/** For `npm run campaign -- frames`: runs, prints, and says whether all was well. */
export const run = async (options: Options): Promise<number> => {
  const reports = await fuzz(options)
  for (const report of reports) {
    const { answered, failures, frames, heap, health, seconds, sessions, stack } = report
    console.log(
      `${stack}: ${frames} frames in ${sessions} sessions, ${answered} answers, ${failures.length} failures, ` +
        `${health.inFlight} calls and ${health.connections} connections left, ${health.rejections} unhandled, ` +
        `heap ${megabytes(heap.early)} -> ${megabytes(heap.late)}, ${seconds.toFixed(0)} s`
    )
    for (const failure of failures) console.log(`  ${failure}`)
    if (failures.length > 0) console.log(`  one again: --seed ${options.seed} --session <number> --stack ${stack}`)
  }
  return reports.every(isSound) ? 0 : 1
}
