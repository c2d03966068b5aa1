/**
 * Services that own memory, handles or connections: how they are defined, made and looked after.
 *
 * @since 0.1.0
 */
export * as Admission from "./Admission.ts"
export * as HealthMonitor from "./HealthMonitor.ts"
export * as HealthStatus from "./HealthStatus.ts"
export * as ManagedService from "./ManagedService.ts"
export * as ManagedServices from "./ManagedServices.ts"
export type * as NativeCodec from "./NativeCodec.ts"
export * as NativeModule from "./NativeModule.ts"
export * as NativeService from "./NativeService.ts"
export * as PressureDispatcher from "./PressureDispatcher.ts"
export * as PressureLevel from "./PressureLevel.ts"
export * as PressureSource from "./PressureSource.ts"
export * as SelfHeal from "./SelfHeal.ts"
export * as ServiceDefinition from "./ServiceDefinition.ts"
export * as ServiceRegistry from "./ServiceRegistry.ts"
export * as ServiceUnavailable from "./ServiceUnavailable.ts"
export * as Sidecar from "./Sidecar.ts"
export * as SidecarProcess from "./SidecarProcess.ts"
export * as SystemEvents from "./SystemEvents.ts"
export * as TypeScriptService from "./TypeScriptService.ts"
