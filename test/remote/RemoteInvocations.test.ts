import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { Socket } from "effect/socket"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { OperationHttpServer } from "opbus/node"
import { Operation, OperationContext, OperationInvoker, OperationRegistry } from "opbus/operation"
import type { InvocationMessage } from "opbus/protocol/InvocationMessage"
import { OperationServer, RemoteInvoker } from "opbus/remote"
import * as RemoteInvocations from "opbus/remote/RemoteInvocations"
import { type Address, listen } from "./conformance/servers.ts"

class Refused extends Schema.TaggedError<Refused>()("Refused", { at: Schema.Date }) {}

const Note = Operation.make({
  meta: { key: "obs.note" },
  input: Schema.Struct({ at: Schema.Date, text: Schema.String, pin: Operation.sensitive(Schema.String) }),
  output: Schema.Date,
  error: Refused,
  progress: Schema.Int
})
const Other = Operation.make({ meta: { key: "obs.other" }, input: Schema.String })
const Outer = Operation.make({ meta: { key: "obs.outer" } })

const Handlers = Layer.mergeAll(
  Note.toLayer(({ at, text }) =>
    Effect.gen(function*() {
      yield* (yield* OperationContext).progress(1)
      if (text === "no") return yield* new Refused({ at })
      if (text === "die") throw new Error("hunter2")
      return at
    })
  ),
  Other.toLayer(() => Effect.void),
  Outer.toLayer(Effect.fnUntraced(function*() {
    yield* invoker.invoke(Other, "inner")
  }))
)

let invoker: (typeof OperationInvoker)["Service"]

const bus = Handlers.pipe(
  Layer.provideMerge(
    Layer.tap(OperationInvoker.layer, (context) =>
      Effect.sync(() => {
        invoker = context.mapUnsafe.get(OperationInvoker.key)
      }))
  ),
  Layer.provideMerge(OperationRegistry.layer)
)

const served = (options: Partial<Parameters<typeof OperationServer.layer<never>>[0]> = {}) =>
  OperationServer.layer<never>({ expose: [Note, Other], observe: true, ...options }).pipe(Layer.provideMerge(bus))

const note = (text: string) => Effect.exit(invoker.invoke(Note, { at: new Date(5), text, pin: "1234" }))
const other = (text: string) => Effect.exit(invoker.invoke(Other, text))

/** What comes, in a list that grows. */
const collect = <E, R>(stream: Stream.Stream<InvocationMessage, E, R>) =>
  Effect.gen(function*() {
    const messages: Array<InvocationMessage> = []
    const fiber = yield* Effect.forkScoped(
      Stream.runForEach(stream, (message) => Effect.sync(() => void messages.push(message)))
    )
    return { messages, fiber }
  })

const until = (done: () => boolean) =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 500 && !done(); tries++) yield* Effect.sleep(10)
    assert.isTrue(done(), "waited in vain")
  })

const outline = (messages: ReadonlyArray<InvocationMessage>) => messages.map(({ _tag, key }) => `${_tag} ${key}`)

/** The subscription stands when an event that was made on purpose arrives. */
const standing = (messages: ReadonlyArray<InvocationMessage>) =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 200 && messages.length === 0; tries++) {
      yield* note("probe")
      yield* Effect.sleep(10)
    }
    assert.isAbove(messages.length, 0)
    yield* Effect.sleep(50)
  })

const transports: Record<string, (address: Address) => Layer.Layer<RemoteInvoker.RemoteInvoker>> = {
  HTTP: ({ http: url }) => RemoteInvoker.layerHttp({ url }),
  "HTTP, binary": ({ http: url }) => RemoteInvoker.layerHttp({ url, serialization: "binary" }),
  WebSocket: ({ webSocket }) =>
    RemoteInvoker.layerWebSocket({ url: webSocket("ndjson") }).pipe(
      Layer.provide(Socket.layerWebSocketConstructorGlobal)
    ),
  "WebSocket, binary": ({ webSocket }) =>
    RemoteInvoker.layerWebSocket({ url: webSocket("binary"), serialization: "binary" }).pipe(
      Layer.provide(Socket.layerWebSocketConstructorGlobal)
    )
}

describe("RemoteInvocations", () => {
  for (const [name, client] of Object.entries(transports)) {
    it.live(`sends what happens on the server, encoded, without sensitive values or internals, over ${name}`, () =>
      Effect.gen(function*() {
        const address = yield* listen("OperationHttpServer")
        yield* Effect.gen(function*() {
          const { messages } = yield* collect(RemoteInvocations.subscribe())
          yield* standing(messages)
          messages.length = 0
          yield* note("yes")
          yield* note("no")
          yield* note("die")
          yield* until(() => messages.length === 9)
          assert.deepStrictEqual(outline(messages), [
            "Started obs.note",
            "Progress obs.note",
            "Succeeded obs.note",
            "Started obs.note",
            "Progress obs.note",
            "Failed obs.note",
            "Started obs.note",
            "Progress obs.note",
            "Failed obs.note"
          ])
          const [started, progress, succeeded, , , failed, , , died] = messages as any
          assert.deepStrictEqual(started.input, { at: "1970-01-01T00:00:00.005Z", text: "yes", pin: "<redacted>" })
          assert.deepStrictEqual([progress.progress, succeeded.output], [1, "1970-01-01T00:00:00.005Z"])
          assert.deepStrictEqual(failed.cause, [
            { _tag: "Failure", error: { _tag: "Refused", at: "1970-01-01T00:00:00.005Z" } }
          ])
          assert.deepStrictEqual(died.cause[0]._tag, "Defect")
          const text = JSON.stringify(messages)
          assert.notInclude(text, "hunter2")
          assert.notInclude(text, "1234")
        }).pipe(Effect.provide(client(address)), Effect.scoped)
      }).pipe(Effect.provide(Layer.fresh(served())), Effect.scoped))
  }

  const inProcess = Layer.fresh(RemoteInvoker.layerInProcess().pipe(Layer.provideMerge(served())))

  it.live("keys and a root filter what comes", () =>
    Effect.gen(function*() {
      const one = yield* collect(RemoteInvocations.subscribe({ keys: ["obs.other"] }))
      const all = yield* collect(RemoteInvocations.subscribe())
      yield* standing(all.messages)
      yield* invoker.invoke(Outer, undefined)
      yield* until(() => one.messages.length === 2)
      assert.deepStrictEqual(outline(one.messages), ["Started obs.other", "Succeeded obs.other"])
      const { rootId, sequence } = all.messages.find(({ key }) => key === "obs.outer")!
      const { epoch } = all.messages[0]!
      const rooted = yield* collect(
        RemoteInvocations.subscribe({ rootId, after: { epoch, sequence: sequence - 1 } })
      )
      yield* other("of somebody else")
      yield* until(() => rooted.messages.length === 4)
      yield* Effect.sleep(50)
      assert.deepStrictEqual(outline(rooted.messages), [
        "Started obs.outer",
        "Started obs.other",
        "Succeeded obs.other",
        "Succeeded obs.outer"
      ])
    }).pipe(Effect.provide(inProcess), Effect.scoped))

  it.live("from a position on, what was missed comes first, and then what happens, without a gap", () =>
    Effect.gen(function*() {
      const first = yield* collect(RemoteInvocations.subscribe())
      yield* standing(first.messages)
      const last = first.messages.at(-1)!
      yield* Fiber.interrupt(first.fiber)
      // More than is sent at a time.
      for (let i = 0; i < 400; i++) yield* other(`missed ${i}`)
      const second = yield* collect(RemoteInvocations.subscribe({ after: RemoteInvocations.positionOf(last) }))
      yield* until(() => second.messages.length === 800)
      yield* other("live")
      yield* until(() => second.messages.length === 802)
      assert.deepStrictEqual(
        second.messages.map(({ sequence }) => sequence),
        Array.from({ length: 802 }, (_, i) => last.sequence + 1 + i)
      )
    }).pipe(Effect.provide(inProcess), Effect.scoped))

  it.live("what the server no longer keeps is a gap: by count, and by bytes", () =>
    Effect.gen(function*() {
      for (
        const [texts, replay] of [[Array(20).fill("x"), 10], [Array(20).fill("x".repeat(1_000_000)), 1_000]] as const
      ) {
        yield* Effect.gen(function*() {
          const first = yield* collect(RemoteInvocations.subscribe())
          yield* standing(first.messages)
          const position = RemoteInvocations.positionOf(first.messages.at(-1)!)
          yield* Fiber.interrupt(first.fiber)
          for (const text of texts) yield* other(text as string)
          const gap = yield* Effect.flip(Stream.runDrain(RemoteInvocations.subscribe({ after: position })))
          assert.isTrue(gap instanceof RemoteInvocations.InvocationGap)
          const { epoch, message, oldest, why } = gap as RemoteInvocations.InvocationGap
          assert.deepStrictEqual([why, epoch], ["forgotten", position.epoch])
          assert.isAbove(oldest, position.sequence + 1)
          assert.notInclude(message, "\n")
          // From the oldest on there is none.
          const rest = yield* collect(RemoteInvocations.subscribe({ after: { epoch, sequence: oldest - 1 } }))
          yield* until(() => rest.messages.length > 0)
          assert.strictEqual(rest.messages[0]!.sequence, oldest)
        }).pipe(
          Effect.provide(
            Layer.fresh(RemoteInvoker.layerInProcess().pipe(Layer.provideMerge(served({ observe: { replay } }))))
          ),
          Effect.scoped
        )
      }
    }))

  it.live("a slow reader is told so, and what waits for it is bounded by what is kept", () =>
    Effect.gen(function*() {
      let seen = 0
      const stuck = yield* Effect.forkScoped(Effect.flip(
        Stream.runForEach(RemoteInvocations.subscribe(), () =>
          Effect.suspend(() => ++seen === 1 ? Effect.sleep(500) : Effect.void))
      ))
      for (let tries = 0; tries < 200 && seen === 0; tries++) {
        yield* other("probe")
        yield* Effect.sleep(10)
      }
      for (let i = 0; i < 500; i++) {
        yield* other("too fast")
      }
      const gap = yield* Effect.timeout(Fiber.join(stuck), 5_000)
      assert.strictEqual((gap as RemoteInvocations.InvocationGap).why, "slow")
    }).pipe(
      Effect.provide(
        Layer.fresh(RemoteInvoker.layerInProcess().pipe(Layer.provideMerge(served({ observe: { replay: 32 } }))))
      ),
      Effect.scoped
    ))

  it.live("one that follows goes on where it was when the connection is back, and learns of a restart", () =>
    Effect.gen(function*() {
      const node = createServer()
      yield* Effect.callback<void>((resume) => void node.listen(0, "127.0.0.1", () => resume(Effect.void)))
      yield* Effect.addFinalizer(() => Effect.sync(() => (node.closeAllConnections(), node.close())))
      const { port } = node.address() as AddressInfo
      /** The operations of a process, at the address of the server. */
      const start = Effect.gen(function*() {
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(Layer.fresh(served()), scope)
        const attach = Effect.gen(function*() {
          const attached = yield* Scope.make()
          yield* OperationHttpServer.attach(node).pipe(Effect.provideContext(context), Scope.provide(attached))
          return Effect.andThen(
            Scope.close(attached, Exit.void),
            Effect.sync(() => node.closeAllConnections())
          )
        })
        return { attach, close: Scope.close(scope, Exit.void) }
      })
      const client = RemoteInvoker.layerWebSocket({ url: `ws://127.0.0.1:${port}/ws` }).pipe(
        Layer.provide(Socket.layerWebSocketConstructorGlobal)
      )
      yield* Effect.gen(function*() {
        const first = yield* start
        const detach = yield* first.attach
        const { fiber, messages } = yield* collect(RemoteInvocations.follow())
        yield* standing(messages)
        const before = messages.length
        yield* detach
        for (let i = 0; i < 10; i++) yield* other("while it was away")
        const again = yield* first.attach
        yield* until(() => messages.length >= before + 20)
        yield* other("after")
        yield* until(() => messages.length === before + 22)
        const sequences = messages.map(({ sequence }) => sequence)
        assert.deepStrictEqual(sequences, Array.from({ length: sequences.length }, (_, i) => sequences[0]! + i))

        // Another process at the same address.
        yield* again
        yield* first.close
        const second = yield* start
        yield* second.attach
        const gap = yield* Effect.timeout(Effect.flip(Fiber.join(fiber)), 10_000)
        assert.isTrue(gap instanceof RemoteInvocations.InvocationGap, String(gap))
        assert.strictEqual((gap as RemoteInvocations.InvocationGap).why, "restarted")
        yield* second.close
      }).pipe(Effect.provide(client))
    }).pipe(Effect.scoped))

  it.live("R1: it is off unless the server says otherwise, and the authorizer decides", () =>
    Effect.gen(function*() {
      const refusal = (options: Partial<Parameters<typeof OperationServer.layer<never>>[0]>) =>
        Effect.flip(Stream.runDrain(RemoteInvocations.subscribe())).pipe(
          Effect.provide(Layer.fresh(RemoteInvoker.layerInProcess().pipe(Layer.provide(served(options)))))
        )
      assert.strictEqual(((yield* refusal({ observe: false })) as any).reason._tag, "RemoteFunctionNotFound")
      const kinds: Array<string> = []
      const denied = yield* refusal({
        authorize: ({ headers, kind }) =>
          Effect.sync(() => {
            kinds.push(kind)
            return headers.get("authorization") === "yes"
          })
      })
      assert.deepStrictEqual([(denied as any).reason._tag, kinds], ["Denied", ["observe"]])
    }))

  it.live("a server that closes ends subscriptions and calls with RemoteUnavailable", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        Layer.fresh(RemoteInvoker.layerInProcess().pipe(Layer.provideMerge(served()))),
        scope
      )
      const fiber = yield* Effect.forkChild(
        Effect.provideContext(Effect.flip(Stream.runDrain(RemoteInvocations.subscribe())), context)
      )
      yield* Effect.sleep(50)
      yield* Scope.close(scope, Exit.void)
      const error = yield* Effect.timeout(Fiber.join(fiber), 5_000)
      assert.strictEqual((error as any).reason._tag, "RemoteUnavailable")
      assert.notInclude(error.message, "\n")
    }))
})
