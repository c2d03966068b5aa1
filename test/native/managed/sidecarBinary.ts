import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
import * as NativeBuild from "opbus/node/NativeBuild"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** The native module and the sidecar with the module for tests; without cargo there are none. */
const built = await Effect.runPromise(NativeBuild.build({ project: root, feature: "testing" }))

export const sidecar: string | undefined = "file" in built ? built.sidecar : undefined
