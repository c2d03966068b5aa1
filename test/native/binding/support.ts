import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { fileURLToPath } from "node:url"
import type { NativeModule } from "opbus/native/NativeModule"
import * as NativeService from "opbus/native/NativeService"
import * as NativeBuild from "opbus/node/NativeBuild"
import * as NodeNativeModule from "opbus/node/NodeNativeModule"
import { definition } from "./echo.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** The addon with the test module; built when it is not up to date. Without cargo there is none. */
const built = await Effect.runPromise(NativeBuild.build({ project: root, feature: "testing" }))

export const addon: string | undefined = "file" in built ? built.file : undefined

/** Why tests of the binding do not run here. */
export const skip = addon === undefined

export const modules: Layer.Layer<NativeModule> = Layer.suspend(() => NodeNativeModule.layer({ files: [addon!] }))

/** An instance of the test module, until the scope closes. */
export const echo = (options?: NativeService.Options) =>
  Effect.provide(NativeService.make(definition, options), modules)
