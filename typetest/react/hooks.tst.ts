import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import { Operation, type OperationError } from "opbus"
import { OpbusProvider, useOperation, useOptimisticOperation, useQuery } from "opbus/react"
import { Bus, type BusClient } from "opbus/reactivity"
import { createElement } from "react"
import { from } from "rxjs"
import { expectType } from "../expectType.ts"

class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { id: Schema.String }) {}

const Find = Operation.make({
  meta: { key: "note.find" },
  input: Schema.Struct({ id: Schema.String }),
  output: Schema.Struct({ at: Schema.DateFromString }),
  error: NotFound,
  progress: Schema.Number
})
const Watch = Operation.make({ meta: { key: "note.watch" }, output: Schema.Number, stream: true })

// The type side of the schemas, everywhere.
const find = useOperation(Find, {
  onSuccess: (output, input) => [expectType<Date>()(output.at), expectType<string>()(input.id)],
  onError: (error) => expectType<NotFound | OperationError | Error>()(error)
})
expectType<Promise<Exit.Exit<{ readonly at: Date }, NotFound | OperationError>>>()(find.invoke({ id: "a" }))
expectType<{ readonly at: Date } | undefined>()(find.output)
expectType<number | undefined>()(find.progress)
// @ts-expect-error: the input is that of the operation.
void find.invoke({ id: 1 })
// @ts-expect-error: a stream operation has no one output.
useOperation(Watch)

expectType<{ readonly at: Date } | undefined>()(useQuery(Find, { id: "a" }, { refreshOn: [Watch, "note."] }).data)
// @ts-expect-error: the input is that of the operation.
useQuery(Find, {})

const [dates] = useOptimisticOperation(Find, {
  value: [] as ReadonlyArray<string>,
  apply: (ids, { id }) => [...ids, id]
})
expectType<ReadonlyArray<string>>()(dates)

// A bus runs what its layer provides, and its layer has to provide the client.
interface Database {
  readonly database: unique symbol
}
declare const both: Layer.Layer<BusClient | Database>
declare const database: Layer.Layer<Database>
declare const runtime: ManagedRuntime.ManagedRuntime<BusClient, never>
declare const context: Context.Context<BusClient>
declare const query: Effect.Effect<number, NotFound, Database>
expectType<Promise<Exit.Exit<number, NotFound>>>()(Bus.make(both).run(query))
Bus.make(runtime)
Bus.make(context)
// @ts-expect-error: no BusClient.
Bus.make(database)
// @ts-expect-error: no Database.
void Bus.make(runtime).run(query)

// One source, and only one.
createElement(OpbusProvider, { layer: both })
// @ts-expect-error: none.
createElement(OpbusProvider, {})
// @ts-expect-error: two.
createElement(OpbusProvider, { layer: both, bus: Bus.make(runtime) })

from(Bus.make(runtime).operation(Find)).subscribe((state) => expectType<boolean>()(state.pending))
