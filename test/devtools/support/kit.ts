/** An application with everything that the devtools can show, and ways to its server. */
import { Cause, Context, Effect, Exit, Layer, Schema, type Scope, Stream } from "effect"
import { Socket } from "effect/socket"
import { Opbus, UndoMapping } from "opbus"
import { Devtools } from "opbus/devtools"
import type { Options } from "opbus/devtools/Devtools"
import { OperationHttpServer } from "opbus/node"
import { Operation } from "opbus/operation"
import { OperationServer, RemoteInvoker } from "opbus/remote"

export class WriteFailed extends Schema.TaggedError<WriteFailed>("test/WriteFailed")("WriteFailed", {
  secret: Operation.sensitive(Schema.String)
}) {
  override get message(): string {
    return `cannot write with ${this.secret}`
  }
}

export class Cells extends Context.Service<Cells, {
  readonly values: Map<string, string>
  /** What the next write fails with. */
  failNext: WriteFailed | undefined
  ran: number
}>()("test/Cells") {
  static readonly layer = Layer.sync(Cells, () => ({ values: new Map(), failNext: undefined, ran: 0 }))
}

/** Sets a cell; `""` removes it. */
export class Write extends Operation.make({
  meta: { key: "cell.write", label: "Write a cell" },
  input: Schema.Struct({
    name: Schema.String,
    value: Schema.String,
    token: Schema.optionalKey(Operation.sensitive(Schema.String))
  }),
  output: Schema.Struct({ before: Schema.String }),
  error: WriteFailed
}) {}

export class Hidden extends Operation.make({
  meta: { key: "cell.hidden" },
  input: Schema.Struct({ token: Operation.sensitive(Schema.String) }),
  output: Schema.Struct({ token: Operation.sensitive(Schema.String) })
}) {}

const handlers = Layer.mergeAll(
  Write.toLayer(({ name, value }) =>
    Effect.flatMap(Cells, (cells) => {
      const { failNext } = cells
      cells.failNext = undefined
      cells.ran++
      if (failNext !== undefined) return Effect.fail(failNext)
      const before = cells.values.get(name) ?? ""
      if (value === "") cells.values.delete(name)
      else cells.values.set(name, value)
      return Effect.succeed({ before })
    })
  ),
  Hidden.toLayer(({ token }) =>
    Effect.map(Cells, (cells) => {
      cells.ran++
      return { token }
    })
  ),
  UndoMapping.make({
    operation: Write,
    inverse: Write,
    deriveContext: ({ name }, { before }) => ({ name, value: before }),
    scope: ({ name }) => name.split("/")[0]!,
    touches: ({ name }) => [name],
    message: ({ name, value }) => `${name}=${value}`
  }).toLayer
)

export const app = handlers.pipe(Layer.provideMerge([Opbus.layer, Cells.layer]))

export interface Server {
  readonly port: number
  readonly run: <A, E>(effect: Effect.Effect<A, E, any>) => Effect.Effect<A, E>
}

/** A server with the devtools of an application. */
export const serve = (
  options: {
    readonly app?: Layer.Layer<any, any>
    readonly host?: string
    readonly devtools?: Partial<Options>
    readonly server?: Partial<OperationHttpServer.Options>
    readonly authorize?: Parameters<typeof OperationServer.layer>[0]["authorize"]
  } = {}
): Effect.Effect<Server, unknown, Scope.Scope> =>
  Effect.gen(function*() {
    const layer = OperationHttpServer.layer({ port: 0, host: options.host, ...options.server }).pipe(
      Layer.provideMerge(Layer.mergeAll(
        OperationServer.layer({ expose: [Write], authorize: options.authorize as never }),
        Devtools.layer({ expose: [Write], title: "Cells", ...options.devtools })
      )),
      Layer.provideMerge(options.app ?? app)
    ) as Layer.Layer<any, unknown>
    const context: Context.Context<any> = yield* Layer.build(layer)
    return {
      port: Context.get(context, OperationHttpServer.OperationHttpServer as never as Context.Key<any, any>).port,
      run: (effect) => Effect.provideContext(effect, context) as never
    }
  })

/** The way of the page to one of the two buses. */
export const connect = (port: number, name: "app" | "tools", actor = "devtools") =>
  Effect.map(
    Layer.build(
      RemoteInvoker.layerWebSocket({ url: `ws://127.0.0.1:${port}/_opbus/${name}`, actor }).pipe(
        Layer.provide(Socket.layerWebSocketConstructorGlobal)
      )
    ),
    (context) => Context.get(context, RemoteInvoker.RemoteInvoker)
  )

type Invoker = Effect.Success<ReturnType<typeof connect>>

/** The newest element of a stream operation, and how many there were. */
export const follow = <Op extends Operation.Any>(invoker: Invoker, operation: Op, input?: Op["input"]["Type"]) =>
  Effect.gen(function*() {
    const seen: Array<Op["output"]["Type"]> = []
    yield* Effect.forkScoped(
      Stream.runForEach(
        invoker.invokeStream(operation, input as never, {}) as Stream.Stream<any, unknown>,
        (element) => Effect.sync(() => void seen.push(element))
      ),
      { startImmediately: true }
    )
    const until = (fits: (element: Op["output"]["Type"]) => boolean, what: string) =>
      Effect.gen(function*() {
        for (let i = 0; i < 500; i++) {
          const last = seen.at(-1)
          if (last !== undefined && fits(last)) return last as Op["output"]["Type"]
          yield* Effect.sleep("20 millis")
        }
        throw new Error(`it never came: ${what}; the last was ${JSON.stringify(seen.at(-1))}`)
      })
    return { seen, until, first: until(() => true, "the first element") }
  })

/** What an effect fails with. */
export const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<any, never, R> =>
  Effect.map(Effect.exit(effect), (exit) => {
    if (Exit.isSuccess(exit)) throw new Error(`it succeeded with ${JSON.stringify(exit.value)}`)
    return Cause.squash(exit.cause)
  })
