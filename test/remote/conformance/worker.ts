import { NodeRuntime, NodeWorkerRunner } from "@effect/platform-node"
import * as Layer from "effect/Layer"
import { RpcServer } from "effect/rpc"
import { OperationServer } from "opbus/remote"
import { server } from "./servers.ts"

/** The other side of the suite in a worker thread. */
OperationServer.layerProtocol.pipe(
  Layer.provide(server()),
  Layer.provide(RpcServer.layerProtocolWorkerRunner),
  Layer.provide(NodeWorkerRunner.layer),
  Layer.launch,
  NodeRuntime.runMain
)
