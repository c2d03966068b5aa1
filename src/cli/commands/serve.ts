import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as path from "node:path"
import { Command, Flag } from "../../internal/effect/cli.ts"
import * as NodeMain from "../../node/NodeMain.ts"
import { OperationServer } from "../../remote/OperationServer.ts"
import * as App from "../internal/app.ts"
import { exposure } from "../internal/exposure.ts"
import { usage } from "../internal/failure.ts"
import * as flags from "../internal/flags.ts"
import { App as AppFlag } from "../internal/globals.ts"
import { present, remark } from "../internal/output.ts"
import { settle } from "../internal/settle.ts"

const config = {
  host: Flag.String("host").pipe(
    Flag.withMetavar("<name>"),
    Flag.withDescription("The address to listen on; others than this machine's own need an authorizer"),
    Flag.withDefault("127.0.0.1")
  ),
  port: Flag.Int("port").pipe(
    Flag.withAlias("p"),
    Flag.withMetavar("<number>"),
    Flag.withDescription("The port to listen on; 0 takes a free one"),
    Flag.withDefault(4400)
  ),
  expose: Flag.String("expose").pipe(
    Flag.withMetavar("<keys>"),
    Flag.withDescription(
      "What can be called, with commas between the keys; without it what the module exports as `expose`"
    ),
    Flag.atLeast(0)
  ),
  origin: Flag.String("origin").pipe(
    Flag.withMetavar("<origin>"),
    Flag.withDescription("Web pages of this origin may connect, such as http://localhost:5173"),
    Flag.atLeast(0)
  ),
  observe: Flag.Boolean("observe").pipe(
    Flag.withDescription("Let callers watch the invocations"),
    Flag.withDefault(false)
  ),
  devtools: Flag.Boolean("devtools").pipe(
    Flag.withDescription(
      "Show what happens at /_opbus, to this machine only; --no-devtools does not. Default: unless --host is another one"
    ),
    Flag.optional
  ),
  drain: Flag.String("drain").pipe(
    Flag.withMetavar("<duration>"),
    Flag.withDescription("How long calls that run may take when it is asked to end"),
    Flag.withDefault("10s")
  )
}

/**
 * `opbus serve`
 *
 * @internal
 */
export const serve = Command.make(
  "serve",
  config,
  ({ devtools, drain, expose, host, observe, origin, port }) =>
    Effect.gen(function*() {
      const limit = yield* flags.parseDuration(drain)
      if (port < 0 || port > 65_535) {
        return yield* usage("InvalidValue", `a port is between 0 and 65535, not ${port}`)
      }
      // Takes modules that only this command needs.
      const serving = yield* Effect.promise(() => import("../internal/serving.ts"))
      yield* App.provideWith((exports) =>
        Effect.gen(function*() {
          const module = Option.getOrElse(yield* AppFlag, () => "the module")
          const { authorize, keys } = yield* exposure(module, exports, expose)
          if (authorize === undefined && !serving.isLoopback(host)) {
            return yield* usage(
              "NoAuthorizer",
              `on ${host} others could call, and nothing decides who may; export \`authorize\` from ${module}, or leave out --host`
            )
          }
          const operations = OperationServer.layer({
            expose: keys,
            authorize,
            observe,
            origins: origin.length === 0 ? undefined : origin
          })
          const looksInside = Option.getOrElse(devtools, () => serving.isLoopback(host))
          if (looksInside && !serving.isReachedLocally(host)) {
            return yield* usage(
              "NoDevtools",
              `the devtools answer only 127.0.0.1, and nothing listens there on --host ${host}; leave out --devtools, or use --host 0.0.0.0`
            )
          }
          const server = looksInside
            ? Layer.merge(operations, serving.Devtools.layer({ expose: keys, title: path.basename(module) }))
            : operations
          const scope = yield* Scope.make()
          yield* Effect.addFinalizer((exit) => Scope.close(scope, exit))
          const listening = yield* Scope.provide(
            Effect.flatMap(
              Layer.build(server),
              (context) => Effect.provideContext(serving.listen({ host, port }), context)
            ),
            scope
          )
          yield* present(
            serving.urlsOf(host, listening.port, looksInside).map((address) => ({ _tag: "Serving", ...address })),
            (records) =>
              records.map(({ transport, url }) => transport === "devtools" ? `devtools  ${url}` : url).join("\n")
          )
          const count = keys.length === 1 ? "1 operation" : `${keys.length} operations`
          yield* remark("Ready", `serving ${count}; Ctrl-C ends it`, { pid: process.pid, expose: keys })

          yield* NodeMain.stopSignal
          yield* remark("Ending", "ending when the calls that run are answered; Ctrl-C again ends at once")
          const drained = yield* Effect.timeoutOption(listening.drain, limit)
          if (Option.isNone(drained)) {
            yield* remark(
              "Warning",
              `calls that ran longer than ${Duration.format(limit)} are interrupted; --drain allows more time`,
              { reason: "Interrupted" }
            )
          }
          yield* listening.interrupt
          // A client that does not close its connection is not waited for.
          const closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void), { startImmediately: true })
          yield* Effect.timeoutOption(Fiber.await(closing), "2 seconds")
          yield* settle
        })
      )
    })
).pipe(
  Command.withDescription(`Serve operations over HTTP and WebSocket

  Nothing is served but what --expose names, or what the module exports as \`expose\`: operations, groups or keys.
  Without an exported \`authorize\` only this machine can call. See docs/remote.md and docs/security.md.

  On this machine the devtools are at /_opbus: they show everything, and invoke what is served. See docs/devtools.md.`),
  Command.withExamples([
    { command: "opbus -a ./app.ts serve --expose note.create,note.find", description: "Serve two operations" },
    { command: "opbus -a ./app.ts serve --port 0 --json", description: "On any port, for a script" }
  ])
)
