import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Layer from "effect/Layer"
import * as ManagedServices from "../../native/ManagedServices.ts"
import { GpuService } from "../../native/modules/gpu/GpuService.ts"
import { ModelPoolService } from "../../native/modules/modelPool/ModelPoolService.ts"
import { OrmService } from "../../native/modules/orm/OrmService.ts"
import { SearchService } from "../../native/modules/search/SearchService.ts"
import { SystemService } from "../../native/modules/system/SystemService.ts"
import { PressureSource } from "../../native/PressureSource.ts"
import * as NodeNativeModule from "../../node/NodeNativeModule.ts"

/**
 * The services that come with opbus, each with its defaults: in Rust where the native module is there.
 *
 * @internal
 */
export const builtinServices = Layer.mergeAll(
  GpuService.layer(),
  ModelPoolService.layer(),
  OrmService.layer(),
  SearchService.layer(),
  SystemService.layer()
).pipe(
  Layer.provideMerge(ManagedServices.layer()),
  Layer.provide([PressureSource.layerLinux(), NodeNativeModule.layer()]),
  Layer.provide(NodeServices.layer)
)
