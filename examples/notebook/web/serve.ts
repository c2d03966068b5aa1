/**
 * The notebook in a browser: its page, its operations and its devtools, on one port of this machine.
 */
import { Console, Context, Data, Effect, Exit, Fiber, Layer, Option, Scope } from "effect"
import { styleText } from "node:util"
import { FollowupScheduler, HistoryTracker } from "opbus"
import { Devtools } from "opbus/devtools"
import { NodeMain, OperationHttpServer, type StaticSite } from "opbus/node"
import { OperationServer } from "opbus/remote"
import { Folder } from "../app.ts"
import { AnalysisWorker } from "./AnalysisWorker.ts"
import App, { expose } from "./app.ts"
import { Closing } from "./Closing.ts"
import { importOnce, toImport } from "./folder.ts"
import { type Options, usualPort } from "./options.ts"
import { page } from "./page.ts"

type WebOptions = Extract<Options, { readonly _tag: "Web" }>

// -----------------------------------------------------------------------------
// listening
// -----------------------------------------------------------------------------

class NotListening extends Data.TaggedError("NotListening")<{ readonly message: string }> {}

const codeOf = ({ cause }: OperationHttpServer.ListenError) => (cause as { readonly code?: string } | null)?.code

const whyNot = (error: OperationHttpServer.ListenError) =>
  new NotListening({
    message: codeOf(error) === "EADDRINUSE"
      ? `port ${error.port} is taken. Choose another one with --port, or leave it out to get one that is free.`
      : codeOf(error) === "EACCES"
      ? `you may not listen on port ${error.port}. Choose one above 1023 with --port.`
      : error.message
  })

/** Listens until the scope closes. Where nobody asked for a port, and the usual one is taken, it is another one. */
const listen = ({ host, port }: WebOptions, sites: ReadonlyArray<StaticSite.StaticSite>) => {
  const on = (port: number) =>
    Effect.gen(function*() {
      const scope = yield* Scope.fork(yield* Effect.scope)
      const context = yield* Effect.onError(
        Scope.provide(Layer.build(OperationHttpServer.layer({ host, port, sites })), scope),
        (cause) => Scope.close(scope, Exit.failCause(cause))
      )
      return Context.get(context, OperationHttpServer.OperationHttpServer)
    })
  return Effect.mapError(
    port !== undefined
      ? on(port)
      : Effect.catchIf(on(usualPort), (error) => codeOf(error) === "EADDRINUSE", () =>
        Effect.andThen(
          Console.log(`Port ${usualPort} is taken, perhaps by another notebook: this one is on a port that is free.\n`),
          on(0)
        )),
    whyNot
  )
}

// -----------------------------------------------------------------------------
// ending
// -----------------------------------------------------------------------------

/** What may still run when it is asked to end has this long. */
const patience = "1500 millis"

/** Waits for the calls that run, for what they have set off, and until the history is on disk. */
const end = Effect.gen(function*() {
  const closing = yield* Closing
  const server = yield* OperationServer
  yield* Console.log("\nEnding.")
  yield* closing.begin
  const drained = yield* Effect.timeoutOption(server.drain, patience)
  if (Option.isNone(drained)) yield* Console.log("What still ran is interrupted, and taken back.")
  yield* (yield* FollowupScheduler).awaitIdle
  yield* Effect.catch((yield* HistoryTracker).flush, ({ message }) => Console.error(`notebook: ${message}`))
})

// -----------------------------------------------------------------------------
// the server
// -----------------------------------------------------------------------------

const greet = (url: string) =>
  Effect.gen(function*() {
    const pathOf = yield* Folder
    const { origin } = new URL(url)
    yield* Console.log(
      [
        `Notebook  ${styleText("bold", origin)}`,
        `Devtools  ${origin}/_opbus`,
        "",
        "Open the first address in a browser; the second one shows what happens behind it.",
        styleText("dim", `Ctrl-C ends it. The notes and their history are in ${pathOf("notebook.db")}.`)
      ].join("\n")
    )
  })

const Server = Layer.mergeAll(
  OperationServer.layer({ expose, observe: true }),
  Devtools.layer({ expose, title: "Notebook" })
).pipe(Layer.provideMerge(App))

const run = (options: WebOptions, bundling: typeof page) =>
  Effect.gen(function*() {
    const folder = options.folder === undefined ? undefined : yield* toImport(options.folder)
    const server = yield* listen(options, [yield* bundling])
    yield* greet(server.url)
    const worker = yield* AnalysisWorker
    // Where there is none, its state says why.
    yield* Effect.forkScoped(Effect.ignore(worker.start))
    const importing = yield* Effect.forkScoped(folder === undefined ? Effect.void : importOnce(folder))
    yield* NodeMain.stopSignal
    yield* Fiber.interrupt(importing)
    yield* end
  })

/** Serves until the process is asked to end. */
export const serve = (options: WebOptions) =>
  Effect.scoped(Effect.gen(function*() {
    const bundling = yield* Effect.forkScoped(page, { startImmediately: true })
    yield* Effect.provide(run(options, Fiber.join(bundling)), Server)
  }))
