import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { fileURLToPath } from "node:url"
import { definition } from "../../../src/native/modules/search/SearchService.ts"
import { NativeModule } from "../../../src/native/NativeModule.ts"
import * as NodeNativeModule from "../../../src/node/NodeNativeModule.ts"

const project = fileURLToPath(new URL("../../../", import.meta.url))

/** Whether the service `search` is there in Rust, built for the specs as they are. */
export const isBuilt: boolean = Exit.isSuccess(
  await Effect.runPromiseExit(
    NativeModule.use((native) => native.find(definition.name, definition.specHash)).pipe(
      Effect.provide(NodeNativeModule.layer({ project }))
    )
  )
)
