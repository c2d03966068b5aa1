import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { SqlClient } from "effect/sql"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { CurrentActor, Operation, OperationContext, OperationInvoker, OperationRegistry } from "opbus/operation"
import { bus } from "./support.ts"

class Store extends Context.Service<Store, { readonly name: string }>()("test/Store") {}
class Theme extends Context.Service<Theme, { readonly name: string }>()("test/Theme") {}
const Locale = Context.Reference<string>("test/Locale", { defaultValue: () => "none" })

/** What a handler finds in its context, as text. */
const Look = Operation.make({ meta: { key: "look" }, input: Schema.String, output: Schema.Unknown })
const LookSync = Operation.make({
  meta: { key: "look.sync" },
  input: Schema.String,
  output: Schema.Unknown,
  executionMode: "sync"
})
const LookStream = Operation.make({
  meta: { key: "look.stream" },
  input: Schema.String,
  output: Schema.Unknown,
  stream: true
})

const look = (what: string): Effect.Effect<unknown, never, Store | OperationContext> => {
  switch (what) {
    case "store":
      return Effect.map(Store, ({ name }) => name)
    case "theme":
      return Effect.map(Effect.serviceOption(Theme), (theme) => theme._tag === "Some" ? theme.value.name : "none")
    case "locale":
      return Effect.map(Locale, (locale) => locale)
    case "log level":
      return Effect.map(References.MinimumLogLevel, (level) => level)
    case "clock":
      return Clock.currentTimeMillis
    case "scope":
      return Effect.map(Effect.serviceOption(Scope.Scope), (scope) => scope._tag === "Some" ? scope.value : undefined)
    case "actor":
      return Effect.map(CurrentActor, (actor) => actor)
    case "context":
      return Effect.map(OperationContext, ({ actor, attempt, deadline, id, key, origin, parentId, rootId }) => ({
        actor,
        attempt,
        deadline,
        id,
        key,
        origin,
        parentId,
        rootId
      }))
    default:
      return Effect.succeed(undefined)
  }
}

const Handlers = Layer.mergeAll(
  Look.toLayer(look),
  LookSync.toLayer(look),
  LookStream.toLayer((what) => Stream.fromEffect(look(what)))
).pipe(Layer.provide(Layer.succeed(Store, { name: "the plugin's" })))

const doors = (what: string) =>
  Effect.gen(function*() {
    const { invoke, invokeStream } = yield* OperationInvoker
    return [
      yield* invoke(Look, what),
      yield* invoke(LookSync, what),
      (yield* Stream.runCollect(invokeStream(LookStream, what)))[0]
    ]
  })
const thrice = (value: unknown) => [value, value, value]

describe("the context of a handler", () => {
  it.effect("its own services come from its layer, whatever the caller has", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* doors("store"), thrice("the plugin's"))
      const other = Effect.provideService(doors("store"), Store, { name: "the caller's" })
      assert.deepStrictEqual(yield* other, thrice("the plugin's"))
    }).pipe(Effect.provide(bus(Handlers))))

  it.effect("two plugins may have different services of one name, also when one calls the other", () =>
    Effect.gen(function*() {
      const Ask = Operation.make({ meta: { key: "ask" }, output: Schema.Array(Schema.Unknown) })
      const asking = Ask.toLayer(Effect.map(OperationInvoker, ({ invoke }) => () =>
        Effect.gen(function*() {
          const before = (yield* Store).name
          const asked = yield* Effect.orDie(invoke(Look, "store"))
          return [before, asked, (yield* Store).name]
        }))).pipe(Layer.provide(Layer.succeed(Store, { name: "mine" })))
      const answer = Effect.flatMap(OperationInvoker, ({ invoke }) => invoke(Ask, undefined))
      assert.deepStrictEqual(
        yield* Effect.provide(answer, bus(Layer.mergeAll(Handlers, asking))),
        ["mine", "the plugin's", "mine"]
      )
    }))

  it.effect("References, the scope, the actor and the clock come from the caller", () =>
    Effect.gen(function*() {
      const scope = yield* Effect.scope
      const called = Effect.all([doors("locale"), doors("log level"), doors("actor"), doors("scope")]).pipe(
        Effect.provideService(Locale, "de"),
        Effect.provideService(References.MinimumLogLevel, "Error"),
        Effect.provideService(CurrentActor, "window-1")
      )
      const [locale, level, actor, scopes] = yield* called
      assert.deepStrictEqual(locale, thrice("de"))
      assert.deepStrictEqual(level, thrice("Error"))
      assert.deepStrictEqual(actor, thrice("window-1"))
      assert.isTrue(scopes[0] === scope && scopes[1] === scope)
      yield* TestClock.adjust(1_234)
      assert.deepStrictEqual(yield* doors("clock"), thrice(1_234))
    }).pipe(Effect.provide(bus(Handlers))))

  it.effect("a Reference that was set around the whole application is still the caller's", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* doors("locale"), thrice("none"))
      assert.deepStrictEqual(yield* Effect.provideService(doors("locale"), Locale, "de"), thrice("de"))
    }).pipe(Effect.provide(bus(Handlers).pipe(Layer.provide(Layer.succeed(Locale, "built"))))))

  it.effect("an open SQL transaction is the caller's", () =>
    Effect.gen(function*() {
      const connection = { open: true } as never
      const Transaction = SqlClient.TransactionConnection(1)
      const Write = Operation.make({ meta: { key: "write" }, output: Schema.Unknown })
      const registry = yield* OperationRegistry
      const { invoke } = yield* OperationInvoker
      // Registered inside another transaction, as a plugin that is added while one is open would be.
      yield* Effect.provideService(
        registry.register(Write, () =>
          Effect.map(Effect.serviceOption(Transaction), (open) => open._tag === "Some" ? open.value : "none")),
        Transaction,
        [{ open: false } as never, 0]
      )
      const found = yield* Effect.provideService(invoke(Write, undefined), Transaction, [connection, 1])
      assert.deepStrictEqual(found, [connection, 1])
      assert.strictEqual(yield* invoke(Write, undefined), "none")
    }).pipe(Effect.provide(bus(Handlers))))

  it.effect("a service that only the caller has does not become a requirement, but is there", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* doors("theme"), thrice("none"))
      assert.deepStrictEqual(yield* Effect.provideService(doors("theme"), Theme, { name: "dark" }), thrice("dark"))
    }).pipe(Effect.provide(bus(Handlers))))

  it.effect("finalizers that a handler adds run when the caller's scope closes", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const Open = Operation.make({ meta: { key: "open" } })
      const registry = yield* OperationRegistry
      const { invoke } = yield* OperationInvoker
      yield* registry.register(Open, () =>
        Effect.flatMap(Effect.context<never>(), (context) =>
          Scope.addFinalizer(
            Context.get(context as Context.Context<Scope.Scope>, Scope.Scope),
            Effect.sync(() => log.push("closed"))
          )))
      const scope = yield* Scope.make()
      yield* Scope.provide(Effect.asVoid(invoke(Open, undefined)), scope)
      assert.deepStrictEqual(log, [])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(log, ["closed"])
    }).pipe(Effect.provide(bus(Handlers))))

  it.effect("OperationContext says which invocation it is", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const context = (yield* invoke(Look, "context", { timeout: "1 second", actor: "me", origin: "agent" })) as Record<
        string,
        unknown
      >
      assert.deepStrictEqual(context, {
        actor: "me",
        attempt: 1,
        deadline: 1_000,
        id: context["rootId"],
        key: "look",
        origin: "agent",
        parentId: undefined,
        rootId: context["id"]
      })
      // Outside of a handler there is none.
      assert.strictEqual((yield* Effect.serviceOption(OperationContext))._tag, "None")
    }).pipe(Effect.provide(bus(Handlers))))

  it.effect("the caller's context is as before when an invocation has ended, in whatever way", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const registry = yield* OperationRegistry
      const Fails = Operation.make({ meta: { key: "fails" }, input: Schema.Boolean, error: Schema.String })
      yield* registry.register(Fails, (defect) => defect ? Effect.die("a bug") : Effect.fail("no"))
      const before = yield* Effect.context<never>()
      yield* invoke(Look, "store")
      yield* Effect.exit(invoke(Fails, true))
      yield* Effect.exit(invoke(Fails, false))
      yield* Effect.exit(invoke(Look, 1 as never))
      const after = yield* Effect.context<never>()
      assert.deepStrictEqual([...after.mapUnsafe.keys()], [...before.mapUnsafe.keys()])
      assert.strictEqual(after.mapUnsafe.get(OperationContext.key), undefined)
    }).pipe(Effect.provide(bus(Handlers))))
})
