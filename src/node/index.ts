/**
 * opbus on Node: what runs a command, and compiled schemas.
 *
 * @since 0.1.0
 */
import "../jit.ts"

export * as Deployer from "./Deployer.ts"
export * as NativeBuild from "./NativeBuild.ts"
export * as NodeAdapterLoader from "./NodeAdapterLoader.ts"
export * as NodeHttpTransport from "./NodeHttpTransport.ts"
export * as NodeMain from "./NodeMain.ts"
export * as NodeModule from "./NodeModule.ts"
export * as NodeNativeModule from "./NodeNativeModule.ts"
export * as NodeSidecar from "./NodeSidecar.ts"
export * as NodeSourceParser from "./NodeSourceParser.ts"
export * as NodeStdin from "./NodeStdin.ts"
export * as OperationHttpServer from "./OperationHttpServer.ts"
export * as PageBundle from "./PageBundle.ts"
export * as StaticSite from "./StaticSite.ts"
