/**
 * Builds the native module of opbus where cargo is present: `node scripts/build-native.ts [--testing] [--force]`. Without
 * cargo it says so in one line, and everything runs on the TypeScript implementations.
 */
import * as Effect from "effect/Effect"
import { build, type NativeBuildError } from "../src/node/NativeBuild.ts"
import { root } from "./shared/command.ts"

const flags = new Set(process.argv.slice(2))
const started = performance.now()
const outcome = await Effect.runPromise(Effect.result(build({
  project: root,
  feature: flags.has("--testing") ? "testing" : undefined,
  force: flags.has("--force")
})))

if (outcome._tag === "Failure") {
  const { message, output }: NativeBuildError = outcome.failure
  console.error(`${output}\n${message}.`)
  process.exit(1)
}
switch (outcome.success._tag) {
  case "Built":
    console.log(`native: built ${outcome.success.file} in ${((performance.now() - started) / 1000).toFixed(1)} s.`)
    break
  case "NoCargo":
    // The module for tests is built after the module proper, which has said so.
    if (!flags.has("--testing")) {
      console.log("native: there is no cargo, so the TypeScript implementations run instead of Rust.")
    }
    break
  case "NoCrates":
    console.log(`native: there is no ${outcome.success.manifest}.`)
    break
}
