import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { performance } from "node:perf_hooks"
import { workerdConfiguration } from "./configuration.ts"
import { DeployError, firstLine } from "./failure.ts"
import { type Listening, workerd } from "./process.ts"

/**
 * How long a worker takes from nothing, in milliseconds: the best of some starts, to which the rest of the machine adds
 * the least.
 *
 * @internal
 */
export interface ColdStart {
  readonly listening: number
  /** Until the first answer, for which the layers of the handlers are built. */
  readonly answer: number
}

/** @internal */
export interface Measured {
  readonly worker: ColdStart
  /** The same of a worker that only answers, started in turn with it. */
  readonly bare: ColdStart
}

const bareWorker =
  `export default { fetch: async (request) => { await request.text(); return new Response("ok\\n") } }\n`

/**
 * Asks for an answer that runs no handler.
 *
 * @internal
 */
export const firstAnswer = (endpoint: string): Effect.Effect<number, DeployError> =>
  Effect.tryPromise({
    try: async () => {
      const started = performance.now()
      const response = await fetch(endpoint, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body: `{"_tag":"Ping"}\n`
      })
      const text = await response.text()
      if (response.status === 503) throw new Error("the worker could not start; what it needs is said above")
      if (!response.ok) throw new Error(`it answered ${response.status}: ${text.trim().slice(0, 200)}`)
      return performance.now() - started
    },
    catch: (cause) =>
      new DeployError({ reason: "Start", message: `the worker does not answer: ${firstLine(cause)}`, cause })
  })

/**
 * Starts the worker of a folder and a bare one in turn, and measures both.
 *
 * @internal
 */
export const measure = (folder: string, path_: string, rounds: number): Effect.Effect<Measured, DeployError> =>
  Effect.scoped(Effect.gen(function*() {
    const bareFolder = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const made = fs.mkdtempSync(path.join(os.tmpdir(), "opbus-bare-"))
        fs.writeFileSync(path.join(made, "worker.js"), bareWorker)
        fs.writeFileSync(path.join(made, "workerd.capnp"), workerdConfiguration(new Map()))
        return made
      }),
      (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
    )
    const one = (where: string) =>
      Effect.scoped(Effect.gen(function*() {
        const { listeningMillis, port }: Listening = yield* workerd(where, 0)
        const answer = yield* firstAnswer(`http://127.0.0.1:${port}${path_}`)
        return { listening: listeningMillis, answer: listeningMillis + answer }
      }))
    const workers: Array<ColdStart> = []
    const bares: Array<ColdStart> = []
    // The first round warms the disk's cache for both.
    for (let round = 0; round <= rounds; round++) {
      const bare = yield* one(bareFolder)
      const worker = yield* one(folder)
      if (round === 0) continue
      bares.push(bare)
      workers.push(worker)
    }
    return { worker: best(workers), bare: best(bares) }
  }))

const best = (all: ReadonlyArray<ColdStart>): ColdStart => ({
  listening: Math.min(...all.map(({ listening }) => listening)),
  answer: Math.min(...all.map(({ answer }) => answer))
})
