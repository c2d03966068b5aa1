/**
 * Operations as the procedures of `effect/rpc`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { Rpc, RpcGroup, type RpcSchema } from "../internal/effect/rpc.ts"
import type * as Operation from "../operation/Operation.ts"
import { OperationError as OperationErrorClass } from "../operation/OperationError.ts"
import type * as OperationGroup from "../operation/OperationGroup.ts"
import { OperationErrorMessage, toMessage } from "../protocol/OperationErrorMessage.ts"

/**
 * The schema of `OperationError`, which every remote call may fail with.
 *
 * @category schemas
 * @since 0.1.0
 */
export const OperationError: Schema.Codec<OperationErrorClass, OperationErrorMessage> = OperationErrorMessage.pipe(
  Schema.decodeTo(Schema.instanceOf(OperationErrorClass), {
    decode: SchemaGetter.transform(({ key, reason }: OperationErrorMessage) =>
      new OperationErrorClass({ key, reason })
    ),
    encode: SchemaGetter.transform((error: OperationErrorClass) => toMessage(error))
  })
) as any

/**
 * The procedure of one operation: the key is its tag, and the bus's own error is one of its errors.
 *
 * **Details**
 *
 * A plain `Rpc.Rpc<…>` by indexed access, never by inference over the class: groups of many operations stay cheap to check.
 *
 * @category models
 * @since 0.1.0
 */
export type ToRpc<Op extends Operation.Any> = Op extends Operation.Any ? Rpc.Rpc<
    Op["key"],
    Top<Op["input"]>,
    Op["stream"] extends true ? RpcSchema.Stream<Top<Op["output"]>, Failure<Op>> : Top<Op["output"]>,
    Op["stream"] extends true ? Schema.Never : Failure<Op>
  >
  : never

type Top<S> = S extends Schema.Top ? S : never

type Failure<Op extends Operation.Any> = Schema.Union<[Top<Op["error"]>, typeof OperationError]>

/**
 * Describes one operation as a procedure.
 *
 * @category converting
 * @since 0.1.0
 */
export const toRpc = <Op extends Operation.Any>(operation: Op): ToRpc<Op> => {
  const made = cache.get(operation)
  if (made !== undefined) return made as unknown as ToRpc<Op>
  const rpc = Rpc.make(operation.key, {
    payload: operation.input as Schema.Constraint as Schema.Top,
    success: operation.output as Schema.Constraint as Schema.Top,
    error: Schema.Union([operation.error as Schema.Constraint as Schema.Top, OperationError]),
    stream: operation.stream
  })
  cache.set(operation, rpc as Rpc.Any)
  return rpc as any
}

/** One procedure per definition: codecs are remembered by it. */
const cache = new WeakMap<Operation.Any, Rpc.Any>()

/**
 * Describes a group of operations as a group of procedures.
 *
 * **When to use**
 *
 * Use when a plain `effect/rpc` client should call an opbus server: `RpcClient.make(OperationRpc.toRpcGroup(group))` speaks
 * to the same address as `RemoteInvoker` does.
 *
 * @category converting
 * @since 0.1.0
 */
export const toRpcGroup = <Ops extends Operation.Any>(
  group: OperationGroup.OperationGroup<Ops>
): RpcGroup.RpcGroup<ToRpc<Ops>> =>
  RpcGroup.make(...Array.from(group.operations.values(), (operation) => toRpc(operation) as any)) as any
