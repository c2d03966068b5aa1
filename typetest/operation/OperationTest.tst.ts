import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import {
  Operation,
  OperationError,
  type OperationInvoker,
  type OperationRegistry,
  OperationTest
} from "opbus/operation"
import { expectType } from "../expectType.ts"

class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { id: Schema.String }) {}
const Find = Operation.make({
  meta: { key: "note.find" },
  input: Schema.Struct({ id: Schema.String }),
  output: Schema.Struct({ title: Schema.String }),
  error: NotFound
})
const Watch = Operation.make({ meta: { key: "note.watch" }, output: Schema.Number, stream: true })
const Ping = Operation.make({ meta: { key: "ping" } })

declare const test: Context.Service.Shape<typeof OperationTest>

// A stub is a handler or an output.
expectType<Effect.Effect<void, never, Scope.Scope>>()(test.stub(Find, { title: "a" }))
test.stub(Find, ({ id }) => id === "" ? Effect.fail(new NotFound({ id })) : Effect.succeed({ title: id }))
test.stub(Watch, [1, 2])
test.stub(Watch, () => Stream.make(1))
test.stub(Ping, undefined)
// @ts-expect-error not the output
test.stub(Find, { title: 1 })
// @ts-expect-error a failure that the operation does not declare
test.stub(Find, () => Effect.fail("no"))
// @ts-expect-error a stream operation is stubbed with elements or a stream
test.stub(Watch, 1)

// It fails with what the operation declares, or with an error of the bus.
test.failWith(Find, new NotFound({ id: "1" }))
test.failWith(Ping, new OperationError({ key: "ping", reason: { _tag: "Superseded" } }))
// @ts-expect-error it declares no failure
test.failWith(Ping, new NotFound({ id: "1" }))

// Inputs are matched by value or by a test; what was recorded has the operation's types.
test.assertInvoked(Find, { id: "1" })
test.assertInvoked(Find, ({ id }) => id.startsWith("1"))
// @ts-expect-error not the input
test.assertInvoked(Find, { name: "1" })
Effect.map(test.awaitInvocation(Find), ({ input, outcome }) => {
  expectType<string>()(input.id)
  if (outcome._tag === "Succeeded") expectType<string>()(outcome.output.title)
})
Effect.map(test.assertInvoked(Watch), ({ outcome }) => {
  if (outcome._tag === "Succeeded") expectType<number>()(outcome.output.count)
})

// The kit brings a bus along, and passes on what handlers need.
declare const handlers: Layer.Layer<Operation.Handler<"note.find">, Error, Scope.Scope | OperationRegistry>
type Kit = OperationTest | OperationInvoker | OperationRegistry
const whole: Layer.Layer<Operation.Handler<"note.find"> | Kit, Error, Scope.Scope> = OperationTest.layerBus(handlers)
const empty: Layer.Layer<Kit> = OperationTest.layerBus()
// @ts-expect-error what handlers need beyond the bus is needed still
const closed: Layer.Layer<Kit, Error> = OperationTest.layerBus(handlers)
void [whole, empty, closed]
