import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Operation, OperationContext, type OperationError, OperationInvoker, type OperationRegistry } from "opbus"
import { expectType } from "../expectType.ts"

class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { id: Schema.String }) {}
class Undeclared extends Schema.TaggedError<Undeclared>()("Undeclared", {}) {}
class Store
  extends Context.Service<Store, { readonly find: (id: string) => Effect.Effect<Date, NotFound> }>()("Store")
{}

const Find = Operation.make({
  meta: { key: "note.find" },
  input: Schema.Struct({ id: Schema.String, since: Schema.optionalKey(Schema.DateFromString) }),
  output: Schema.Struct({ at: Schema.DateFromString }),
  error: NotFound
})
class FindClass extends Operation.make({
  meta: { key: "note.findClass" },
  input: Schema.Struct({ id: Schema.String }),
  output: Schema.String
}) {}
const Watch = Operation.make({
  meta: { key: "note.watch" },
  input: Schema.Void,
  output: Schema.Number,
  error: NotFound,
  stream: true
})
const SetMode = Operation.make({
  meta: { key: "layout.setMode" },
  input: Schema.String,
  output: Schema.Void,
  executionMode: "sync"
})

// invoke infers output, error and requirements exactly.
declare const invoker: (typeof OperationInvoker)["Service"]
expectType<Effect.Effect<{ readonly at: Date }, NotFound | OperationError, never>>()(
  invoker.invoke(Find, { id: "1", since: new Date() })
)
expectType<Effect.Effect<{ readonly at: Date }, NotFound | OperationError, OperationInvoker>>()(
  OperationInvoker.invoke(Find, { id: "1" })
)
expectType<Effect.Effect<string, OperationError, never>>()(invoker.invoke(FindClass, { id: "1" }))
expectType<Stream.Stream<number, NotFound | OperationError, never>>()(invoker.invokeStream(Watch, undefined))
expectType<Effect.Effect<{ readonly at: Date }, NotFound | OperationError, never>>()(
  invoker.invokeRemote(Find, { id: "1" }, { timeout: 5 })
)
// @ts-expect-error the input is the decoded side
invoker.invoke(Find, { id: "1", since: "2026-01-01" })
// @ts-expect-error a field is missing
invoker.invoke(Find, {})
// @ts-expect-error a field is too many
invoker.invoke(Find, { id: "1", name: "x" })
// @ts-expect-error a stream operation is invoked with invokeStream
invoker.invoke(Watch, undefined)
// @ts-expect-error and only a stream operation
invoker.invokeStream(Find, { id: "1" })

// A handler's services become requirements of its layer; OperationContext never does.
expectType<Layer.Layer<Operation.Handler<"note.find">, never, Store | OperationRegistry>>()(
  Find.toLayer((input) =>
    Effect.gen(function*() {
      yield* OperationContext
      const store = yield* Store
      return { at: yield* store.find(input.id) }
    })
  )
)
expectType<Layer.Layer<Operation.Handler<"note.find">, never, Store | OperationRegistry>>()(
  Find.toLayer(Effect.map(Store, (store) => (input) => Effect.map(store.find(input.id), (at) => ({ at }))))
)
// @ts-expect-error a failure that the operation does not declare
Find.toLayer(() => Effect.fail(new Undeclared()))
// @ts-expect-error not the output
Find.toLayer(() => Effect.succeed({ at: "today" }))
// @ts-expect-error a stream operation needs a stream
Watch.toLayer(() => Effect.succeed(1))
Watch.toLayer(() => Stream.make(1, 2))

// HandlerOf is the same type, to write a handler elsewhere.
const handler: Operation.HandlerOf<typeof Find, Store> = (input) =>
  Effect.flatMap(Store, (store) => Effect.map(store.find(input.id), (at) => ({ at })))
expectType<Layer.Layer<Operation.Handler<"note.find">, never, Store | OperationRegistry>>()(Find.toLayer(handler))
// @ts-expect-error an undeclared failure does not fit here either
void ((() => Effect.fail(new Undeclared())) satisfies Operation.HandlerOf<typeof Find>)

// Lazy handlers are for asynchronous operations.
Find.toLayerLazy(async () => ({ default: handler }))
// @ts-expect-error a synchronous operation cannot wait for a module
SetMode.toLayerLazy(async () => ({ default: () => Effect.void }))

// The definition's parts keep their types.
expectType<"note.find">()(Find.key)
expectType<"async">()(Find.executionMode)
expectType<"sync">()(SetMode.executionMode)
expectType<typeof Find.input>()(Find.schema.input)
expectType<{ readonly at: Date }>()(undefined as never as Operation.Output<typeof Find>)
expectType<NotFound>()(undefined as never as Operation.Failure<typeof Find>)

// A schema that needs services does not make an operation.
declare const effectful: Schema.Codec<string, string, Store, never>
// @ts-expect-error schemas of operations need nothing
Operation.make({ meta: { key: "a" }, input: effectful, output: Schema.Void })
// @ts-expect-error a sync operation is no stream
Operation.make({ meta: { key: "a" }, input: Schema.Void, output: Schema.Void, executionMode: "sync", stream: true })

// The branches of a handler may need different services; the layer needs all of them.
class Other extends Context.Service<Other, { readonly n: number }>()("Other") {}
expectType<Layer.Layer<Operation.Handler<"note.watch">, never, Store | Other | OperationRegistry>>()(
  Watch.toLayer(() =>
    Math.random() > 0.5
      ? Stream.fromEffect(Effect.as(Store, 1))
      : Stream.fromEffect(Effect.map(Other, ({ n }) => n))
  )
)
expectType<Layer.Layer<Operation.Handler<"note.find">, never, Store | Other | OperationRegistry>>()(
  Find.toLayer(({ id }) =>
    id === "" ? Effect.map(Other, ({ n }) => ({ at: new Date(n) })) : Effect.map(
      Store.use((store) => store.find(id)),
      (at) => ({ at })
    )
  )
)

// Without an input the handler's is void, and so is the caller's.
const Ping = Operation.make({ meta: { key: "ping" } })
expectType<Effect.Effect<void, OperationError, never>>()(invoker.invoke(Ping, undefined))
Ping.toLayer(() => Effect.void)
Ping.toLayer((input) => {
  expectType<void>()(input)
  return Effect.void
})
// @ts-expect-error there is no input
invoker.invoke(Ping, { id: "1" })

// A concurrency policy sees the input.
Operation.make({
  meta: { key: "note.create" },
  input: Schema.Struct({ title: Schema.String, at: Schema.DateFromString }),
  concurrency: {
    serialBy: (input) => {
      expectType<{ readonly title: string; readonly at: Date }>()(input)
      return input.title
    },
    lane: "notes"
  }
})
Operation.make({
  meta: { key: "note.create" },
  input: Schema.Struct({ title: Schema.String }),
  // @ts-expect-error a policy function gives a string
  concurrency: { serialBy: (input) => input.title.length }
})
Operation.make({
  meta: { key: "note.create" },
  // @ts-expect-error there is no such policy
  concurrency: "queue"
})
Operation.make({
  meta: { key: "layout.setMode" },
  executionMode: "sync",
  // @ts-expect-error a synchronous operation takes no concurrency policy
  concurrency: "serial"
})

// A class is the operation that it extends, with annotations or without.
class Annotated extends Find.annotate(Operation.Permission, "notes:read").annotate(Operation.Idempotent, true) {}
expectType<Effect.Effect<{ readonly at: Date }, NotFound | OperationError, never>>()(
  invoker.invoke(Annotated, { id: "1" })
)
expectType<"note.find">()(Annotated.key)
expectType<Layer.Layer<Operation.Handler<"note.findClass">, never, OperationRegistry>>()(
  FindClass.toLayer(({ id }) => Effect.succeed(id))
)
expectType<typeof Find>()(Find.pipe((operation) => operation))
// @ts-expect-error a permission is a string
Find.annotate(Operation.Permission, true)
expectType<string | undefined>()(Operation.annotation(Find, Operation.Permission))

// What the seed calls them.
const definition: Operation.OperationDefinition<{ readonly id: string }, string> = FindClass
// @ts-expect-error the output is a string
const wrong: Operation.OperationDefinition<{ readonly id: string }, number> = FindClass
void [definition, wrong]

// Sensitive schemas are what they were.
const Login = Operation.make({
  meta: { key: "session.login" },
  input: Schema.Struct({ user: Schema.String, password: Schema.optionalKey(Operation.sensitive(Schema.String)) })
})
expectType<{ readonly user: string; readonly password?: string }>()(undefined as never as Operation.Input<typeof Login>)

// An operation from JSON works on JSON data; `stream` tells which of the two invokes takes it.
const described = Operation.fromJson(JSON.parse("{}"))
if (described.stream) {
  expectType<Stream.Stream<Schema.Json, Schema.Json | OperationError, never>>()(invoker.invokeStream(described, null))
} else {
  expectType<Effect.Effect<Schema.Json, Schema.Json | OperationError, never>>()(invoker.invoke(described, { a: [1] }))
}
// @ts-expect-error it is not known which
invoker.invoke(described, null)

// A function brings its handler along, with its requirements.
const Analyze = Operation.fromFunction({
  key: "ai.analyze",
  name: "Analyze",
  inputSchema: Schema.Struct({ text: Schema.String }),
  outputSchema: Schema.Number,
  errorSchema: NotFound,
  handler: ({ context, data }) =>
    Effect.gen(function*() {
      expectType<string>()(context.key)
      expectType<{ readonly text: string }>()(data)
      yield* OperationContext
      yield* Store.use((store) => store.find(data.text))
      return data.text.length
    })
})
expectType<Layer.Layer<Operation.Handler<"ai.analyze">, never, Store | OperationRegistry>>()(Analyze.layer)
expectType<Effect.Effect<number, NotFound | OperationError, never>>()(invoker.invoke(Analyze, { text: "" }))
const Shout = Operation.fromFunction({
  name: "shout",
  inputSchema: Schema.String,
  outputSchema: Schema.String,
  handler: async ({ data }) => data.toUpperCase()
})
expectType<Layer.Layer<Operation.Handler<string>, never, OperationRegistry>>()(Shout.layer)
expectType<Effect.Effect<string, OperationError, never>>()(invoker.invoke(Shout, ""))
Operation.fromFunction({
  name: "wrong",
  inputSchema: Schema.String,
  outputSchema: Schema.Number,
  // @ts-expect-error not the output
  handler: async ({ data }) => data.toUpperCase()
})
Operation.fromFunction({
  name: "wrong",
  outputSchema: Schema.Number,
  // @ts-expect-error a failure that is not declared
  handler: () => Effect.fail(new Undeclared())
})
