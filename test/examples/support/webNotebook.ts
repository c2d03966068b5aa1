import { Effect, Layer, type Scope } from "effect"
import { Socket } from "effect/socket"
import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { RemoteInvoker as Invoker } from "opbus/operation/RemoteInvoker"
import { RemoteHistory, RemoteInvoker } from "opbus/remote"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const main = fileURLToPath(new URL("../../../examples/notebook/main.ts", import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly millis: number
}

export interface Notebook {
  /** Where the page is. */
  readonly url: string
  readonly output: () => string
  readonly errors: () => string
  /** Ends it, and says how it ended and how long that took. */
  readonly end: (signal: NodeJS.Signals) => Promise<Ended>
}

const running = new Set<ChildProcess>()

/** Ends what a failed test has left. */
export const endAll = (): void => {
  for (const child of running) child.kill("SIGTERM")
}

const spawned = (directory: string, args: ReadonlyArray<string>, cwd = root) => {
  const child = spawn(process.execPath, ["--conditions=opbus-source", main, ...args], {
    cwd,
    env: { ...process.env, OPBUS_NOTEBOOK_DIR: directory, NO_COLOR: "1", FORCE_COLOR: undefined },
    stdio: ["ignore", "pipe", "pipe"]
  })
  running.add(child)
  let output = ""
  let errors = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text
  })
  const closed = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => {
      running.delete(child)
      // What it printed last is read by then; a worker that it has left behind holds the pipe open.
      const timer = setTimeout(() => resolve(code), 500)
      child.once("close", () => {
        clearTimeout(timer)
        resolve(code)
      })
    })
  })
  return { child, closed, output: () => output, errors: () => errors }
}

/** Starts the notebook as a user does, on any port unless it is named, and waits for its addresses. */
export const start = async (
  directory: string,
  args: ReadonlyArray<string> = ["--port", "0"],
  cwd?: string
): Promise<Notebook> => {
  const { child, closed, errors, output } = spawned(directory, args, cwd)
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", () => {
      const address = /^Notebook +(http:\S+)$/m.exec(output())?.[1]
      if (address !== undefined && output().includes("Ctrl-C")) resolve(address)
    })
    void closed.then((code) => reject(new Error(`it ended with ${code}\n${output()}\n${errors()}`)))
  })
  return {
    url,
    output,
    errors,
    end: async (signal) => {
      const asked = performance.now()
      child.kill(signal)
      return { code: await closed, millis: performance.now() - asked }
    }
  }
}

/** Starts what does not come to listen. */
export const refusedStart = async (directory: string, args: ReadonlyArray<string>) => {
  const { closed, errors, output } = spawned(directory, args)
  return { code: await closed, output: output(), errors: errors() }
}

/** What a window does: it connects, calls, and leaves. */
export const window = <A, E>(
  { url }: Notebook,
  actor: string,
  effect: Effect.Effect<A, E, Invoker | RemoteHistory | Scope.Scope>
): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(effect).pipe(
      Effect.provide(RemoteHistory.layer.pipe(
        Layer.provideMerge(RemoteInvoker.layerWebSocket({ url: `${url.replace(/^http/, "ws")}/ws`, actor })),
        Layer.provide(Socket.layerWebSocketConstructorGlobal)
      ))
    )
  )
