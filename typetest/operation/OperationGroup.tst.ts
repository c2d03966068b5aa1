import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Operation, OperationGroup, type OperationRegistry } from "opbus"
import { expectType } from "../expectType.ts"

class Store extends Context.Service<Store, { readonly size: number }>()("Store") {}
class Clock extends Context.Service<Clock, { readonly now: number }>()("Clock") {}

const Create = Operation.make({ meta: { key: "note.create" }, input: Schema.String, output: Schema.Number })
const Rename = Operation.make({ meta: { key: "note.rename" }, input: Schema.String, output: Schema.Void })
const CreateAgain = Operation.make({ meta: { key: "note.create" }, input: Schema.Number, output: Schema.Number })
const SetMode = Operation.make({
  meta: { key: "layout.setMode" },
  input: Schema.String,
  output: Schema.Void,
  executionMode: "sync"
})

const group = OperationGroup.make(Create, Rename)

// The handlers' services, together, are what the layer needs.
expectType<Layer.Layer<Operation.Handler<"note.create" | "note.rename">, never, Store | Clock | OperationRegistry>>()(
  group.toLayer({
    "note.create": (title) => Store.use(({ size }) => Effect.succeed(size + title.length)),
    "note.rename": () => Clock.use(() => Effect.void)
  })
)
// An effect may build the record.
expectType<Layer.Layer<Operation.Handler<"note.create" | "note.rename">, never, Store | OperationRegistry>>()(
  group.toLayer(Effect.map(Store, ({ size }) => ({
    "note.create": () => Effect.succeed(size),
    "note.rename": () => Effect.void
  })))
)
// @ts-expect-error a handler is missing
group.toLayer({ "note.create": () => Effect.succeed(1) })
group.toLayer({
  "note.create": () => Effect.succeed(1),
  "note.rename": () => Effect.void,
  // @ts-expect-error a handler is too many
  "note.delete": () => Effect.void
})
group.toLayer({
  // @ts-expect-error not the output of this operation
  "note.create": () => Effect.succeed("1"),
  "note.rename": () => Effect.void
})

// @ts-expect-error one key, two operations
OperationGroup.make(Create, Rename, CreateAgain)
// @ts-expect-error also when it is added later
group.add(SetMode, SetMode, CreateAgain, Create)
expectType<typeof Create | typeof Rename | typeof SetMode>()(
  undefined as never as OperationGroup.Operations<ReturnType<typeof withMode>>
)
const withMode = () => group.add(SetMode)

group.toLayerLazy(async () => ({ "note.create": () => Effect.succeed(1), "note.rename": () => Effect.void }))
// @ts-expect-error a group with a synchronous operation is not lazy
withMode().toLayerLazy(async () => ({}))

// The same operation twice is the same key twice, wherever it is added.
// @ts-expect-error twice in one group
OperationGroup.make(Create, Rename, Create)
// @ts-expect-error it is there already
group.add(Rename)
// @ts-expect-error both groups have it
group.merge(OperationGroup.make(SetMode, Rename))
expectType<OperationGroup.OperationGroup<typeof Create | typeof Rename | typeof SetMode>>()(
  group.merge(OperationGroup.make(SetMode))
)

// Branches of one handler, and several handlers, may need different services.
expectType<Layer.Layer<Operation.Handler<"note.create" | "note.rename">, never, Store | Clock | OperationRegistry>>()(
  group.toLayer({
    "note.create": (title) =>
      title === "" ? Effect.map(Store, ({ size }) => size) : Effect.map(Clock, ({ now }) => now),
    "note.rename": () => Effect.void
  })
)
group.toLayer({
  // @ts-expect-error a failure that the operation does not declare
  "note.create": () => Effect.fail("no" as const),
  "note.rename": () => Effect.void
})

// Classes are members like values.
class Delete extends Operation.make({ meta: { key: "note.delete" }, input: Schema.String }) {}
class Notes extends OperationGroup.make(Create, Delete) {}
expectType<Layer.Layer<Operation.Handler<"note.create" | "note.delete">, never, OperationRegistry>>()(
  Notes.toLayer({ "note.create": () => Effect.succeed(1), "note.delete": () => Effect.void })
)
