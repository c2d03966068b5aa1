import type * as Effect from "effect/Effect"
import type { RpcClient, RpcClientError } from "effect/rpc"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { Operation, type OperationError, OperationGroup } from "opbus/operation"
import { OperationRpc } from "opbus/remote"
import { expectType } from "../expectType.ts"

class Taken extends Schema.TaggedError<Taken>()("Taken", {}) {}

class Add extends Operation.make({
  meta: { key: "t.add" },
  input: Schema.Struct({ a: Schema.NumberFromString, b: Schema.optionalKey(Schema.Date) }),
  output: Schema.DateFromString,
  error: Taken
}) {}

const Watch = Operation.make({ meta: { key: "t.watch" }, output: Schema.BigInt, error: Taken, stream: true })
const Ping = Operation.make({ meta: { key: "t.ping" } })

const rpcs = OperationRpc.toRpcGroup(OperationGroup.make(Add, Watch, Ping))

type Rpcs = typeof rpcs extends { readonly requests: ReadonlyMap<string, infer R> } ? R : never
declare const client: RpcClient.RpcClient<Extract<Rpcs, { readonly _tag: string }>, RpcClientError.RpcClientError>

// The client's methods are called by the operations' keys, with their types.
const added = client["t.add"]({ a: 1, b: new Date(0) })
expectType<Effect.Effect<Date, Taken | OperationError | RpcClientError.RpcClientError>>()(added)
const watched = client["t.watch"](undefined)
expectType<Stream.Stream<bigint, Taken | OperationError | RpcClientError.RpcClientError>>()(watched)
const pinged = client["t.ping"](undefined)
expectType<Effect.Effect<void, OperationError | RpcClientError.RpcClientError>>()(pinged)

// @ts-expect-error the encoded side is not what a caller gives
client["t.add"]({ a: "1" })
// @ts-expect-error no operation has this key
void client["t.other"]

// Its handlers are those of the operations.
rpcs.toLayer({
  "t.add": ({ a }) => Effect_succeed(new Date(a)),
  "t.watch": () => Stream_never,
  "t.ping": () => Effect_succeed(undefined)
})
// @ts-expect-error a handler is missing
rpcs.toLayer({ "t.ping": () => Effect_succeed(undefined) })

declare const Effect_succeed: <A>(value: A) => Effect.Effect<A>
declare const Stream_never: Stream.Stream<never>
