/**
 * The `effect/rpc` modules opbus uses, so that an upstream rename costs one
 * file. Types and values, nothing added.
 *
 * @since 0.1.0
 */
export * as Rpc from "effect/rpc/Rpc"
export * as RpcClient from "effect/rpc/RpcClient"
export * as RpcClientError from "effect/rpc/RpcClientError"
export * as RpcGroup from "effect/rpc/RpcGroup"
export * as RpcMessage from "effect/rpc/RpcMessage"
export * as RpcSchema from "effect/rpc/RpcSchema"
export * as RpcSerialization from "effect/rpc/RpcSerialization"
export * as RpcServer from "effect/rpc/RpcServer"
